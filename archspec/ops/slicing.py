"""Ops that leave out positions of an axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.dims import Dim
from archspec.ops.base import (
    Emitter,
    Handle,
    OpError,
    Receptive,
    TorchExpression,
    TorchRecipe,
    Weightless,
    Window,
    axis_of,
    of_dtype,
    of_rank,
)
from archspec.ops.conditions import can_reach
from archspec.ops.emission import slice_axis
from archspec.ops.moving import Moved
from archspec.types import SPATIAL, DType, TensorType, in_spec


class Select(Moved):
    """torch.select: one position of one axis, which disappears."""

    dim: int
    index: int

    def infer(self, *inputs: TensorType) -> TensorType:
        shape, axes, dtype = inputs[0]
        axis = axis_of("dim", self.dim, len(shape))
        least = self.index + 1 if self.index >= 0 else -self.index
        if not can_reach(shape[axis], least):
            raise OpError(f"index is {self.index}, but axis {axis} has {shape[axis]} positions", field="index")
        return TensorType((*shape[:axis], *shape[axis + 1 :]), (*axes[:axis], *axes[axis + 1 :]), dtype)

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression(f"{{0}}.select({self.dim}, {self.index})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        axis = axis_of("dim", self.dim, inputs[0].rank)
        return emit.node("Gather", values[0], emit.constant(self.index, DType.int64), axis=axis)


class IndexSelect(Weightless):
    """torch.index_select: the positions of one axis that a second value names, one integer each, in its order: an
    embedding whose table is a value like any."""

    inputs: ClassVar[tuple[int, int | None]] = (2, 2)
    mixes_channels: ClassVar[bool] = False

    dim: int

    def infer(self, *inputs: TensorType) -> TensorType:
        type_, index = inputs
        axis = axis_of("dim", self.dim, type_.rank)
        of_rank(self, index, 1, axes="one position each", input=1)
        of_dtype(self, index, DType.int64, DType.int32, input=1)
        if index.shape[0] != 0 and not can_reach(type_.shape[axis], 1):
            raise OpError(f"dim is {self.dim}, and axis {axis} of {type_} has no positions", field="dim")
        shape = (*type_.shape[:axis], index.shape[0], *type_.shape[axis + 1 :])
        return type_._replace(shape=shape)

    def receptive(self, *inputs: TensorType) -> Receptive:
        """Along a spatial axis any position may be named."""
        axis = axis_of("dim", self.dim, inputs[0].rank)
        return "whole" if inputs[0].axes[axis] in SPATIAL else "point"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression(f"{{0}}.index_select({self.dim}, {{1}})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Gather", *values, axis=axis_of("dim", self.dim, inputs[0].rank))


class Slice(Moved):
    """Python's x[start:end:step] along `dim`: every `step`-th position from start up to end; negative ones
    count from the end. Of a symbolic size, from the size on at which its length is as in large ones."""

    dim: int
    start: int | None = None
    end: int | None = None
    step: int = Field(1, ge=1)

    def infer(self, *inputs: TensorType) -> TensorType:
        shape, axes, dtype = inputs[0]
        axis = axis_of("dim", self.dim, len(shape))
        length = self._length(shape[axis])
        return TensorType((*shape[:axis], length, *shape[axis + 1 :]), axes, dtype)

    def _length(self, size: Dim) -> Dim:
        if isinstance(size, int):
            return len(range(size)[self.start : self.end : self.step])
        length, least = self._of_large(size)
        if length is None or not can_reach(size, least):
            start, end = in_spec(self.start), in_spec(self.end)
            text = f"start is {start} and end is {end}: what they leave of {size} positions has no formula"
            raise OpError(text, field="start")
        return length

    def _of_large(self, size: Dim) -> tuple[Dim | None, int]:
        """How many positions are left of large sizes, and from which size on; None where fewer are left of more."""
        start, end = self.start or 0, self.end or 0
        if start >= 0 and (self.end is None or end < 0):
            return (size + end - start + self.step - 1) // self.step, start - end - self.step + 1
        if start < 0 <= end and self.end is not None:
            return None, 0
        length = max(0, (end - start + self.step - 1) // self.step)
        first_or_end = start if start >= 0 else -end
        return length, first_or_end + (length - 1) * self.step + 1 if length else 0

    def receptive(self, *inputs: TensorType) -> Receptive:
        axis = axis_of("dim", self.dim, inputs[0].rank)
        spatial = [k for k, label in enumerate(inputs[0].axes) if label in SPATIAL]
        if axis not in spatial:
            return "point"
        size = inputs[0].shape[axis]
        if not isinstance(size, int) and (self.start or 0) < 0:
            return "whole"  # where it starts is no number
        first = slice(self.start, None).indices(size)[0] if isinstance(size, int) else self.start or 0
        return Window(
            (1,) * len(spatial),
            tuple(self.step if k == axis else 1 for k in spatial),
            tuple(first if k == axis else 0 for k in spatial),
        )

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        start, end = ("" if bound is None else bound for bound in (self.start, self.end))
        part = f"{start}:{end}" + (f":{self.step}" if self.step > 1 else "")
        return TorchExpression(f"{{0}}[{':, ' * axis_of('dim', self.dim, inputs[0].rank)}{part}]")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        axis = axis_of("dim", self.dim, inputs[0].rank)
        return slice_axis(emit, values[0], axis, self.start or 0, self.end, self.step)
