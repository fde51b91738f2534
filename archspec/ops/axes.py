"""Ops that repeat, drop and add axes."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.dims import Dim
from archspec.ops.arguments import DimOrDims, Shape
from archspec.ops.base import (
    Emitter,
    Handle,
    OpError,
    TorchExpression,
    TorchRecipe,
    axes_of,
    axis_of,
    size_source,
)
from archspec.ops.broadcasting import agreed
from archspec.ops.conditions import can_equal, can_reach
from archspec.ops.emission import integers
from archspec.ops.moving import Moved
from archspec.ops.shape import listed
from archspec.types import TensorType


class Expand(Moved):
    """torch.Tensor.expand: axes of size 1 are repeated up to `sizes`; -1 keeps a size. New axes may stand
    in front, without labels."""

    sizes: Shape

    def _aligned(self, type_: TensorType) -> list[tuple[Dim, Dim | None]]:
        """Each size written, with the input's size in that axis, or None for a new axis."""
        new = len(self.sizes) - type_.rank
        if new < 0:
            raise OpError(f"sizes is {listed(self.sizes)}, but the input has {type_.rank} axes: {type_}", field="sizes")
        return list(zip(self.sizes, (*[None] * new, *type_.shape), strict=True))

    def infer(self, *inputs: TensorType) -> TensorType:
        shape = tuple(self._size(wanted, size, inputs[0]) for wanted, size in self._aligned(inputs[0]))
        new = len(shape) - inputs[0].rank
        return TensorType(shape, (*[None] * new, *inputs[0].axes), inputs[0].dtype)

    def _size(self, wanted: Dim, size: Dim | None, type_: TensorType) -> Dim:
        if wanted == -1:
            if size is None:
                raise OpError(f"sizes is {listed(self.sizes)}, and -1 keeps an axis that does not exist", field="sizes")
            return size
        if size is None or size == 1:
            fits, found = can_reach(wanted, 0), wanted
        else:
            fits, found = can_equal(size, wanted), agreed([size, wanted])
        if not fits:
            raise OpError(
                f"sizes is {listed(self.sizes)}, and a size of {size} cannot become {wanted}: {type_}", field="sizes"
            )
        return found

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        sizes: list[Dim] = []
        sources = [size_source(size, inputs[0].shape, sizes) for size in self.sizes]
        return TorchExpression(f"{{0}}.expand({', '.join(sources)})", tuple(sizes))

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        """A size of 1 keeps what is there, in ONNX."""
        pairs = self._aligned(inputs[0])
        sizes: list[Dim] = [1 if wanted in (-1, size) else wanted for wanted, size in pairs]
        return emit.node("Expand", values[0], emit.shape(sizes))


class Squeeze(Moved):
    """torch.squeeze: the axes `dim` disappear where their size is 1. Whether one does has to be certain: its
    size is a number."""

    dim: DimOrDims

    def _gone(self, type_: TensorType) -> list[int]:
        axes = axes_of("dim", self.dim, type_.rank)
        for axis in axes:
            if not isinstance(type_.shape[axis], int):
                size = type_.shape[axis]
                raise OpError(f"dim is {self.dim}: axis {axis} would go only where {size} is 1", field="dim")
        return [axis for axis in axes if type_.shape[axis] == 1]

    def infer(self, *inputs: TensorType) -> TensorType:
        gone = self._gone(inputs[0])
        shape, axes, dtype = inputs[0]
        kept = [k for k in range(len(shape)) if k not in gone]
        return TensorType(tuple(shape[k] for k in kept), tuple(axes[k] for k in kept), dtype)

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression(f"{{0}}.squeeze({self.dim})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        gone = self._gone(inputs[0])
        return emit.node("Squeeze", values[0], integers(emit, gone)) if gone else values[0]


class Unsqueeze(Moved):
    """torch.unsqueeze: a new axis of size 1 at `dim`, without a label."""

    dim: int

    def infer(self, *inputs: TensorType) -> TensorType:
        shape, axes, dtype = inputs[0]
        axis = axis_of("dim", self.dim, len(shape) + 1)
        return TensorType((*shape[:axis], 1, *shape[axis:]), (*axes[:axis], None, *axes[axis:]), dtype)

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression(f"{{0}}.unsqueeze({self.dim})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        axis = axis_of("dim", self.dim, inputs[0].rank + 1)
        return emit.node("Unsqueeze", values[0], integers(emit, [axis]))
