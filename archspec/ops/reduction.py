"""Reductions over axes."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.ops.arguments import DimOrDims
from archspec.ops.base import (
    FLOATS,
    Emitter,
    Handle,
    OpError,
    Receptive,
    TorchExpression,
    TorchRecipe,
    Weightless,
    axis_of,
    of_dtype,
)
from archspec.ops.emission import mean
from archspec.types import TensorType


class Mean(Weightless):
    """torch.mean over one axis or several, which disappear, or stay with size 1 (`keepdim`)."""

    dim: DimOrDims
    keepdim: bool = False

    def _axes(self, rank: int) -> list[int]:
        written = (self.dim,) if isinstance(self.dim, int) else self.dim
        axes = [axis_of("dim", dim, rank) for dim in written]
        if len(set(axes)) < len(axes):
            raise OpError(f"dim is {list(written)}, which names an axis twice", field="dim")
        return axes

    def infer(self, *inputs: TensorType) -> TensorType:
        of_dtype(self, inputs[0], *FLOATS)
        shape, axes, dtype = inputs[0]
        gone = self._axes(len(shape))
        if self.keepdim:
            return TensorType(tuple(1 if k in gone else size for k, size in enumerate(shape)), axes, dtype)
        kept = [k for k in range(len(shape)) if k not in gone]
        return TensorType(tuple(shape[k] for k in kept), tuple(axes[k] for k in kept), dtype)

    def receptive(self, *inputs: TensorType) -> Receptive:
        """Over the channels each position sees itself; over any other axis, all of it."""
        labels = {inputs[0].axes[k] for k in self._axes(inputs[0].rank)}
        return "point" if labels == {"C"} else "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression(f"{{0}}.mean({self.dim}{', keepdim=True' if self.keepdim else ''})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return mean(emit, values[0], self._axes(inputs[0].rank), keepdims=self.keepdim)
