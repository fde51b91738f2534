"""A recipe with every default written, as YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from archspec.backends.spec.yaml import flow, name, sentence
from archspec.recipes.recipe import Optimizer, Part, Recipe


def resolved(recipe: Recipe) -> str:
    """The recipe as YAML with every default written. What it has none of (`ema`, say) is left out, and so are keys of
    other optimizers, schedules and data sets: it reads as the same recipe wherever it lies, for its paths are absolute.
    """
    return "\n".join(_lines(meant(recipe), "")) + "\n"


def meant(part: Part) -> dict[str, Any]:
    """The keys that mean something, as plain values."""
    found = {}
    for key in type(part).model_fields:
        value = getattr(part, key)
        if value not in (None, (), {}) and part.counts(key):
            found[key] = _plain(value)
    if isinstance(part, Optimizer) and not part.weight_decay:
        found.pop("no_decay", None)
    if isinstance(part, Recipe) and part.stages:
        for key in ("optimizer", "schedule"):
            if all(getattr(stage, key) is not None for stage in part.stages):
                del found[key]
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Part):
        return meant(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _lines(values: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in values.items():
        start = f"{indent}{name(key)}:"
        if key == "stages":
            yield start
            for stage in value:
                first, *others = _lines(stage, f"{indent}    ")
                yield f"{indent}  - {first.lstrip()}"
                yield from others
        elif isinstance(value, dict) and value:
            yield start
            yield from _lines(value, f"{indent}  ")
        else:
            yield f"{start} {sentence(value) if isinstance(value, str) else flow(value)}"
