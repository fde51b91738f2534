"""Whether a run that goes on is still what it was: its recipe, its network and its data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from archspec.architecture import Architecture, load
from archspec.diagnostics import SpecError
from archspec.recipes import Recipe, meant
from archspec.training import TrainingError

_MOST = 5  # differences that are told
FREE = ("epochs", "data.workers")  # of a recipe; what they may be is another question


def require_same_recipe(now: Recipe, then: Recipe, fact: str) -> None:
    """Raise TrainingError, with the `fact` and the keys that differ, for a recipe that is not the one that was trained
    by."""
    _require_none(fact, _differences(meant(now), meant(then), FREE))


def require_same_data(now: Mapping[str, Any], then: Mapping[str, Any]) -> None:
    """Raise TrainingError for a data set that has changed since the training began."""
    way = "`archspec train --weights RUN` begins a new run with the weights of this one"
    _require_none("the data has changed since the training began", _differences(now, then), way)


def require_same_network(now: str, then: str, whose: str) -> None:
    """Raise TrainingError, with the layers that differ, for a flat spec that is not the one that was trained."""
    if now == then:
        return
    try:
        different = _differences(_layers(load(now)), _layers(load(then)))
    except SpecError as error:
        raise TrainingError(f"{whose} is another network than the one that was trained: {error}") from error
    _require_none(f"{whose} is another network than the one that was trained", different)


def require_extendable(recipe: Recipe, epochs: int, done: int) -> None:
    """Raise TrainingError where a run of another number of epochs would have trained those that are done otherwise."""
    if recipe.stages:
        raise TrainingError("each stage has its number of epochs: a run with stages goes on to the end of the last")
    if recipe.schedule.name in ("cosine", "one_cycle"):
        raise TrainingError(
            f"the schedule `{recipe.schedule.name}` depends on the number of epochs: of {epochs}, those that are done"
            " would have had other learning rates; a new run with `--weights RUN` begins with the weights of this one"
        )
    if epochs < done:
        raise TrainingError(f"{done} epochs are done already, and {epochs} are asked for")


def _require_none(fact: str, different: Iterator[str], way: str = "") -> None:
    found = [*different]
    if found:
        more = [f"{len(found) - _MOST} more"] if len(found) > _MOST else []
        told = "\n  ".join([f"{fact}, and a run goes on as what it was:", *found[:_MOST], *more])
        raise TrainingError(f"{told}\n{way}" if way else told)


def _layers(architecture: Architecture) -> dict[str, Any]:
    """What a network is made of, by path, as far as it decides what is computed."""
    inputs = {value.name: str(value.type) for value in architecture.inputs}
    outputs = {output.name: output.value.name for output in architecture.outputs}
    layers = {
        node.path: {
            "op": type(node.op).__name__,
            **node.op.model_dump(mode="json"),
            "from": [value.name for value in node.inputs],
        }
        for node in architecture.graph.nodes
    }
    return {**inputs, **layers, "outputs": outputs}


def _differences(
    now: Mapping[str, Any], then: Mapping[str, Any], free: Sequence[str] = (), around: str = ""
) -> Iterator[str]:
    """Which values of two nested mappings differ, by their dotted paths."""
    for key in dict.fromkeys([*then, *now]):
        path, one, other = f"{around}{key}", now.get(key), then.get(key)
        if path in free or one == other:
            continue
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _differences(one, other, free, f"{path}.")
        else:
            yield f"`{path}` is {_shown(one)}, and was {_shown(other)}"


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return str(value.get("op", "there"))
    return "not there" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
