"""Draws: an op, arguments as a spec writes them, and input types. About half are meant well, by what the op's
fields allow and a line of hints; the others are those with something broken. Neither is known to be valid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from archspec.types import DType
from tests.proof.source import Source
from tests.proof.values import WILD, fields, fitting, required

Arguments = dict[str, Any]
Shape = tuple[int, ...]
Input = tuple[Shape, DType]
FLOATS = (DType.float32, DType.float64, DType.float16, DType.bfloat16)
SINGLE = (DType.float32,)
NUMBERS = (*FLOATS, DType.int32, DType.int64)
ALL = tuple(DType)


@dataclass(frozen=True)
class Draw:
    op: str
    arguments: Arguments
    inputs: tuple[Input, ...]

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        inputs = ", ".join(" ".join(map(str, shape)) + f":{dtype}" for shape, dtype in self.inputs)
        return f"{self.op}({arguments}) on {inputs or 'nothing'}"


@dataclass(frozen=True)
class Hint:
    """What generator and referee know of an op beyond its fields."""

    ranks: tuple[int, ...] = (2, 3, 4, 5)
    """The ranks of its first input."""
    dtypes: tuple[DType, ...] = FLOATS
    """The element types that archspec takes, of those that torch takes."""
    torch: Callable[..., Any] | None = None
    """The function it is, where it is no class of torch.nn."""
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """The arguments that are read off the inputs where they aren't written: of which input, and which axis."""
    behind: Mapping[int, tuple[DType, ...]] = field(default_factory=dict)
    """The element types that archspec takes of other inputs, by number, which else have the first one's."""
    least: int | Callable[[Arguments], int] = 0
    """The rank of inputs that have a batch axis, where torch also takes them without."""
    most: int | None = None
    """The greatest rank that torch documents, where it takes others."""
    shape: Callable[[Source, Arguments, int], Shape] | None = None
    """Draws the shape of the first input, of this rank; may change the arguments so that they fit it."""
    others: Callable[[Source, Arguments, Input], list[Input]] | None = None
    """Draws the inputs behind the first one."""
    beside: tuple[str, ...] = ()
    """Numbers that stand beside the elements, or among them, and have to be of their type."""
    below: int = 2
    """The integers that it reads are 0 or more, and below this."""
    lax: bool = False
    """Whether torch checks less where there is nothing to compute."""
    on_meta: bool = False
    """Whether torch counts its multiplications on the meta device only: its CPU kernel hides them."""
    written_out: Callable[..., Any] | None = None
    """The layer's function in operators that torch counts, where it never counts the layer's own."""


def plausible(source: Source, op: str, hint: Hint) -> Draw:
    """Arguments that the fields allow, on inputs that may fit them."""
    arguments: Arguments = {}
    for name, schema in fields(op).items():
        if name in required(op) or (name not in hint.sizes and source.chance(3)):
            arguments[name] = fitting(source, schema)
    inputs = _inputs(source, arguments, hint) if hint.ranks else []
    for name in hint.sizes:
        found = read_off(hint, name, inputs)
        if found is not None and source.chance(4):
            arguments[name] = found
    return Draw(op, arguments, tuple(inputs))


def _inputs(source: Source, arguments: Arguments, hint: Hint) -> list[Input]:
    rank = source.choice(hint.ranks)
    shape = (hint.shape or any_shape)(source, arguments, rank)
    first = (shape, source.choice(hint.dtypes))
    return [first, *(hint.others(source, arguments, first) if hint.others else [])]


def read_off(hint: Hint, name: str, inputs: Sequence[Input]) -> int | None:
    """The size that stands for an argument that isn't written; None where the input has no such axis. The last
    input stands for those that are missing."""
    number, axis = hint.sizes[name]
    shape = inputs[min(number, len(inputs) - 1)][0] if inputs else ()
    return shape[axis] if -len(shape) <= axis < len(shape) else None


def any_shape(source: Source, arguments: Arguments, rank: int) -> Shape:
    return tuple(size(source) for _ in range(rank))


@cache
def _sizes(low: int, high: int) -> tuple[int, ...]:
    return (*range(low, high + 1), *range(low, high + 1), 0)


def size(source: Source, low: int = 1, high: int = 7) -> int:
    """A small size, rarely zero."""
    return source.choice(_sizes(low, high))


def broken(source: Source, op: str, hint: Hint) -> Draw:
    """A plausible draw, and one thing or two changed without a thought of the rest."""
    draw = plausible(source, op, hint)
    for _ in range(1 + source.chance(4)):
        draw = source.choice(BREAKS)(source, draw)
    return draw


def _wild(source: Source, draw: Draw) -> Draw:
    known = list(fields(draw.op))
    return _with(draw, source.choice(known), source.choice(WILD)) if known else _unknown(source, draw)


def _redrawn(source: Source, draw: Draw) -> Draw:
    known = list(fields(draw.op))
    if not known:
        return _recounted(source, draw)
    name = source.choice(known)
    return _with(draw, name, fitting(source, fields(draw.op)[name]))


def _left_out(source: Source, draw: Draw) -> Draw:
    if not draw.arguments:
        return _unknown(source, draw)
    name = source.choice(list(draw.arguments))
    return replace(draw, arguments={key: value for key, value in draw.arguments.items() if key != name})


def _unknown(source: Source, draw: Draw) -> Draw:
    return _with(draw, source.choice(("nonsense", "device", "dtype", "dim", "size")), source.choice((None, 1, "cpu")))


def _with(draw: Draw, name: str, value: Any) -> Draw:
    return replace(draw, arguments={**draw.arguments, name: value})


def _recounted(source: Source, draw: Draw) -> Draw:
    if draw.inputs and source.chance(2):
        return replace(draw, inputs=draw.inputs[:-1])
    more = source.choice(draw.inputs) if draw.inputs else ((2, 3), DType.float32)
    return replace(draw, inputs=(*draw.inputs, more))


def _reranked(source: Source, draw: Draw) -> Draw:
    def change(shape: Shape) -> Shape:
        if shape and source.chance(2):
            k = source.integer(0, len(shape) - 1)
            return shape[:k] + shape[k + 1 :]
        k = source.integer(0, len(shape))
        return (*shape[:k], source.integer(1, 4), *shape[k:])

    return _reshaped(source, draw, change)


def _resized(source: Source, draw: Draw) -> Draw:
    def change(shape: Shape) -> Shape:
        if not shape:
            return shape
        k = source.integer(0, len(shape) - 1)
        found = source.choice((0, 1, 2, 3, 12, max(shape[k] - 1, 0), shape[k] + 1))
        return (*shape[:k], found, *shape[k + 1 :])

    return _reshaped(source, draw, change)


def _reshaped(source: Source, draw: Draw, change: Callable[[Shape], Shape]) -> Draw:
    if not draw.inputs:
        return _recounted(source, draw)
    k = source.integer(0, len(draw.inputs) - 1)
    shape, dtype = draw.inputs[k]
    return replace(draw, inputs=(*draw.inputs[:k], (change(shape), dtype), *draw.inputs[k + 1 :]))


def _retyped(source: Source, draw: Draw) -> Draw:
    if not draw.inputs:
        return _recounted(source, draw)
    k = source.integer(0, len(draw.inputs) - 1)
    shape, _ = draw.inputs[k]
    return replace(draw, inputs=(*draw.inputs[:k], (shape, source.choice(ALL)), *draw.inputs[k + 1 :]))


BREAKS = (
    *(_wild, _wild, _wild, _unknown, _recounted, _recounted, _retyped, _retyped),
    *(_redrawn, _resized, _resized, _reranked, _left_out),
)
"""What goes wrong, the likelier the oftener."""
