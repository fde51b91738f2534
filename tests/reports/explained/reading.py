"""What a derivation says, worked out again by other means: the text at its place is read by Python and by a YAML
library, with the values of its parts for the names and sizes in it."""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from ruamel.yaml import YAML
from torchvision.models._utils import _make_divisible

from archspec.derivation import Derivation

_FUNCTIONS: dict[str, Any] = {
    "min": min,
    "max": max,
    "abs": abs,
    "round": round,
    "floor": math.floor,
    "ceil": math.ceil,
    "int": int,
    "log": math.log,
    "len": len,
    "range": range,
    "sum": sum,
    "make_divisible": lambda value, divisor=8: _make_divisible(value, divisor),
}
_WORDS = {"true": True, "false": False, "null": None}


class _Path:
    """A name that is followed by a size: `x.C`, `features[5].shape[2]`."""

    def __init__(self, name: str, sizes: Mapping[str, Any]) -> None:
        self._name, self._sizes = name, sizes

    def __getattr__(self, name: str) -> Any:
        return self._inner(name)

    def __getitem__(self, index: int) -> Any:
        return self._inner(str(index))

    def _inner(self, part: str) -> Any:
        name = f"{self._name}.{part}"
        return self._sizes[name] if name in self._sizes else _Path(name, self._sizes)


class _Names(dict[str, Any]):
    """What stands for itself: ops, words, and the beginnings of sizes."""

    def __init__(self, parts: tuple[Derivation, ...]) -> None:
        super().__init__({part.name: part.value for part in parts})
        self._sizes = {re.sub(r"\[(\d+)\]", r".\1", part.name): part.value for part in parts if part.source == "size"}

    def __missing__(self, name: str) -> Any:
        known = {**_FUNCTIONS, **_WORDS}
        return known[name] if name in known else _Path(name, self._sizes)


def walked(*derivations: Derivation) -> Iterator[Derivation]:
    """Derivations and all their parts."""
    for each in derivations:
        yield each
        yield from walked(*each.parts)


def says(derivation: Derivation) -> bool:
    """Whether the text at the place of a derivation has its value."""
    assert derivation.place is not None
    text = derivation.place.text
    if derivation.source == "index":  # of which the place is the name, and `text` the loop
        name, _, items = derivation.text.partition(" in ")
        return text == name and derivation.value in _evaluated(items, derivation)
    loaded = YAML(typ="safe", pure=True).load(" " * (derivation.place.column - 1) + text)
    if _same(derivation.value, loaded):
        return True
    quoted = isinstance(loaded, dict) or (isinstance(loaded, list) and '"' in text)
    return _same(derivation.value, _worked_out(loaded if quoted else text, derivation))


def _worked_out(loaded: Any, derivation: Derivation) -> Any:
    """What YAML makes of a text, with its own texts as expressions."""
    if isinstance(loaded, dict):
        return {key: _worked_out(value, derivation) for key, value in loaded.items()}
    if isinstance(loaded, list):
        return [_worked_out(item, derivation) for item in loaded]
    return _evaluated(loaded, derivation) if isinstance(loaded, str) else loaded


def _evaluated(text: str, derivation: Derivation) -> Any:
    if (declared := re.fullmatch(r"\s*(int|float|bool|str|list|op|size)\??\s*=\s*(.+)", text)) is not None:
        text = declared[2]
    everywhere = {"__builtins__": {}, **_FUNCTIONS, **_WORDS, **{part.name: part.value for part in derivation.parts}}
    names = _Names(derivation.parts)  # a comprehension sees only what is everywhere
    everywhere |= {name: names[name] for name in (part.name.partition(".")[0] for part in derivation.parts)}
    found = eval(text.strip(), everywhere, names)
    if isinstance(found, _Path):  # an op, or a word
        return found._name
    listed = isinstance(found, (list, Generator))
    return [item._name if isinstance(item, _Path) else item for item in found] if listed else found


def _same(value: Any, other: Any) -> bool:
    """As an op takes it: one size may stand for those along all axes, and an op is its name."""
    if type(value) in (tuple, list):
        others = list(other) if isinstance(other, (list, tuple, range)) else [other] * len(value)
        return len(value) == len(others) and all(map(_same, value, others))
    if isinstance(value, (int, float)) or value is None or isinstance(value, dict):
        return bool(value == other) and (value is None) == (other is None)
    return str(value) == str(other)
