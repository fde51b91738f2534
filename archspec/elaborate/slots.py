"""What an op's arguments take, read off its pydantic fields: words of their own, text, numbers, bools."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass
from functools import cache
from typing import Any

from archspec.dims import Symbolic
from archspec.ops.base import Op


@dataclass(frozen=True, slots=True)
class Slot:
    """What an argument takes. An unannotated part (`Any`) takes numbers."""

    words: frozenset[str] = frozenset()
    text: bool = False
    numbers: bool = False
    integers: bool = False
    bools: bool = False


@cache
def slots(op: type[Op]) -> dict[str, Slot]:
    """The slots of an op's arguments by name."""
    hints = typing.get_type_hints(op)
    return {name: _slot(hints[name]) for name in op.model_fields}


def _slot(hint: Any) -> Slot:
    leaves = list(_leaves(hint))
    words = frozenset(
        word for leaf in leaves if typing.get_origin(leaf) is typing.Literal for word in typing.get_args(leaf)
    )
    return Slot(
        words=frozenset(word for word in words if isinstance(word, str)),
        text=str in leaves,
        numbers=any(leaf in leaves for leaf in (int, float, Symbolic, Any)),
        integers=int in leaves and float not in leaves,
        bools=bool in leaves,
    )


def _leaves(hint: Any) -> typing.Iterator[Any]:
    """The plain types inside unions, lists, tuples and dicts."""
    origin = typing.get_origin(hint)
    if origin is typing.Literal or origin is None:
        yield hint
    elif origin in (typing.Union, types.UnionType, list, tuple, dict):
        for part in typing.get_args(hint):
            yield from _leaves(part)
