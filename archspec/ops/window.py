"""The arithmetic of sliding windows, exact for symbolic sizes too: how many fit, and where they see.

An axis of size x, padded by `low` before and `high` after, holds
`floor((x + low + high - (dilation (kernel - 1) + 1)) / stride) + 1` windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from archspec.dims import Dim
from archspec.ops.base import Fact, Op, OpError, Window, layout, of_rank
from archspec.ops.conditions import can_reach
from archspec.types import TensorType


class Axis(NamedTuple):
    """A window along one axis."""

    kernel: int
    stride: int
    dilation: int
    low: int
    high: int

    @property
    def extent(self) -> int:
        """How many positions it covers, its gaps included."""
        return self.dilation * (self.kernel - 1) + 1

    def windows(self, size: Dim) -> Dim:
        """How many windows fit; 0 or less where none does."""
        return (size + (self.low + self.high - self.extent)) // self.stride + 1

    def formula(self, size: Dim) -> str:
        """The same with its numbers, as they are written in torch's documentation."""
        padding = f"2*{self.low}" if self.low == self.high else f"{self.low} + {self.high}"
        span = f"{size} + {padding} - {self.dilation}*({self.kernel} - 1) - 1"
        return f"floor(({span}) / {self.stride}) + 1"

    def covering(self) -> Axis:
        """The same with more padding after, so that the windows of torch's `ceil_mode` fit: the last one
        may start anywhere inside the input or its near padding, and never in the far padding.

        Gives `floor((x + min(low + high - extent + stride - 1, low - 1)) / stride) + 1`.
        """
        return self._replace(high=min(self.high + self.stride - 1, self.extent - 1))


def fitting(axes: Sequence[Axis], type_: TensorType) -> list[Dim]:
    """How many windows fit along the axes behind the channels. Raises OpError where none does."""
    found = []
    for k, (axis, size) in enumerate(zip(axes, type_.shape[2:], strict=True), 2):
        if not can_reach(size + (axis.low + axis.high), axis.extent):
            padded = f", {size + axis.low + axis.high} with padding" if axis.low + axis.high else ""
            covers = f" with dilation {axis.dilation} covers {axis.extent}, and" if axis.dilation > 1 else ""
            message = f"a kernel of {axis.kernel}{covers} does not fit into {type_.measure(k)}{padded}"
            notes = [f"{axis.formula(size)} = {axis.windows(size)}"]
            helps = ["take a smaller kernel, more padding, less downsampling before it, or a larger input"]
            raise OpError(message, input=0, notes=notes, facts=[Fact(0, k)], helps=helps, asking="kernel_size")
        found.append(axis.windows(size))
    return found


def sliding(axes: Sequence[Axis], type_: TensorType) -> dict[int, str]:
    """The arithmetic of `fitting`, by axis."""
    return {k: axis.formula(size) for k, (axis, size) in enumerate(zip(axes, type_.shape[2:], strict=True), 2)}


def window(axes: tuple[Axis, ...]) -> Window:
    """What these windows see."""
    return Window(
        tuple(axis.extent for axis in axes), tuple(axis.stride for axis in axes), tuple(-axis.low for axis in axes)
    )


def onnx_pads(axes: tuple[Axis, ...]) -> list[int]:
    """ONNX's order of paddings: before each axis, then after each axis."""
    return [*(axis.low for axis in axes), *(axis.high for axis in axes)]


def spatial_sizes(op: Op, type_: TensorType, count: int) -> tuple[Dim, ...]:
    """The sizes of the axes behind the channels, of which there have to be `count`."""
    of_rank(op, type_, count + 2, axes=layout(count + 2))
    return type_.shape[2:]


def occupied(op: Op, type_: TensorType, start: int = 1, input: int = 0) -> None:
    """Refuse axes of no positions, from axis `start` on; torch mostly takes an empty batch, and nothing else empty."""
    for axis in range(start, type_.rank):
        if not can_reach(type_.shape[axis], 1):
            text = f"{type(op).__name__} needs 1 position or more along axis {axis}, and gets {type_}"
            raise OpError(text, input=input, facts=[Fact(input, axis)])
