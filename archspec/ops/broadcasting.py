"""How several values become one: torch's broadcasting, right-aligned, for symbolic sizes too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from math import inf

from archspec.dims import Dim, step
from archspec.ops.base import Fact, Op, OpError
from archspec.ops.conditions import can_equal
from archspec.types import SPATIAL, Axes, DType, TensorType


def _columns(shapes: Iterable[tuple[Dim, ...]]) -> list[tuple[Dim, ...]]:
    """The sizes that meet in each axis of the result."""
    return list(zip_longest(*(shape[::-1] for shape in shapes), fillvalue=1))[::-1]


def agreed(sizes: Sequence[Dim]) -> Dim:
    """The one of sizes that have to be the same that says most: a number, else the formula of the largest step.
    Where 16*floor(H/16) meets H and is kept, what it meets later asks for nothing new."""
    if sizes.count(sizes[0]) == len(sizes):
        return sizes[0]
    return max(sizes, key=lambda size: inf if isinstance(size, int) else step(size))


def _disagreement(op: Op, inputs: Sequence[TensorType], number: int, wanted: Dim, axis: int) -> OpError:
    """Input `number` has another size in an axis, counted from the end, than the first input that has one."""
    type_ = inputs[number]
    other = next(k for k, each in enumerate(inputs) if -axis <= each.rank and each.shape[axis] == wanted)
    sizes = f"{wanted} and {type_.measure(axis)}"
    message = f"{type(op).__name__} meets {sizes}: {' and '.join(map(str, inputs))}"
    facts = [Fact(other, axis), Fact(number, axis)]
    return OpError(message, input=number, code="A503", facts=facts, helps=equalising(type_, axis))


def equalising(type_: TensorType, axis: int) -> list[str]:
    """How sizes that have to agree come to do so."""
    label = type_.axes[axis]
    if label == "C":
        return ["give both paths the same number of channels, say by a Conv2d with kernel_size 1 on one of them"]
    if label in SPATIAL:
        return ["give both paths the same strides and paddings, or bring one to the other's size"]
    return []


def broadcast(op: Op, *inputs: TensorType, but: int = 0) -> tuple[Dim, ...]:
    """The common shape of all axes `but` the last few; each agrees or is 1, and a symbol agrees only. Refuses the
    first input that certainly disagrees."""
    shapes = [type_.shape[: type_.rank - but] for type_ in inputs]
    if shapes.count(shapes[0]) == len(shapes):
        return shapes[0]
    columns = _columns(shapes)
    joined = [agreed([size for size in sizes if size != 1] or [1]) for sizes in columns]
    for k, (wanted, sizes) in enumerate(zip(joined, columns, strict=True)):
        for number, size in enumerate(sizes):
            if size != 1 and not can_equal(size, wanted):
                raise _disagreement(op, inputs, number, wanted, k - len(columns) - but)
    return tuple(joined)


def common_axes(*axes: Axes) -> Axes:
    """The labels that all inputs agree on, axis by axis from the right. One without labels, as an owned
    tensor is, agrees with any."""
    if axes.count(axes[0]) == len(axes):
        return axes[0]
    columns = list(zip_longest(*(labels[::-1] for labels in axes)))[::-1]
    return tuple(_only({label for label in labels if label}) for labels in columns)


def _only(labels: set[str]) -> str | None:
    return labels.pop() if len(labels) == 1 else None


def of_one_dtype(op: Op, inputs: Sequence[TensorType]) -> DType:
    """The element type that all inputs have. Nothing is converted silently."""
    for number, type_ in enumerate(inputs):
        if type_.dtype is not inputs[0].dtype:
            raise OpError(
                f"{type(op).__name__} reads one element type, and meets {inputs[0].dtype} and {type_.dtype}",
                input=number,
                code="A503",
            )
    return inputs[0].dtype
