"""How several values become one: torch's broadcasting, right-aligned, for symbolic sizes too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from archspec.dims import Dim, equal
from archspec.ops.base import Op, OpError
from archspec.types import Axes, DType, TensorType


def _columns(shapes: Iterable[tuple[Dim, ...]]) -> list[tuple[Dim, ...]]:
    """The sizes that meet in each axis of the result."""
    return list(zip_longest(*(shape[::-1] for shape in shapes), fillvalue=1))[::-1]


def _joined(sizes: Iterable[Dim]) -> Dim:
    """The size that others stretch to. A number decides over a symbol: it is the size wherever they fit."""
    wide = [size for size in sizes if size != 1]
    numbers = [size for size in wide if isinstance(size, int)]
    return [*numbers, *wide, 1][0]


def broadcast(op: Op, *shapes: tuple[Dim, ...]) -> tuple[Dim, ...]:
    """The common shape; each axis agrees or is 1. Refuses the first input that certainly disagrees."""
    columns = _columns(shapes)
    for k, sizes in enumerate(columns):
        wanted = _joined(sizes)
        for number, size in enumerate(sizes):
            if size != 1 and equal(size, wanted) is False:
                raise OpError(
                    f"{type(op).__name__} meets {wanted} and {size} in axis {k - len(columns)}: "
                    + " and ".join(" x ".join(map(str, shape)) for shape in shapes),
                    input=number,
                    code="A503",
                )
    return tuple(map(_joined, columns))


def open_pairs(*shapes: tuple[Dim, ...]) -> list[tuple[Dim, Dim]]:
    """The pairs of sizes that have to agree and are not proved to."""
    pairs = ((_joined(sizes), size) for sizes in _columns(shapes) for size in sizes if size != 1)
    return list(dict.fromkeys(pair for pair in pairs if equal(*pair) is None))


def common_axes(*axes: Axes) -> Axes:
    """The labels that all inputs agree on, axis by axis from the right. One without labels, as an owned
    tensor is, agrees with any."""
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
