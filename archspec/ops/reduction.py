"""Reductions over axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

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
    axes_of,
    of_dtype,
)
from archspec.ops.conditions import can_reach
from archspec.ops.emission import reduced
from archspec.types import DType, TensorType


class _Reduction(Weightless):
    """One value of all those along one axis or several, which disappear, or stay with size 1 (`keepdim`)."""

    dtypes: ClassVar[tuple[DType, ...]] = (*FLOATS, DType.int32, DType.int64)
    function: ClassVar[str]
    operator: ClassVar[str]

    dim: DimOrDims
    keepdim: bool = False

    def infer(self, *inputs: TensorType) -> TensorType:
        of_dtype(self, inputs[0], *self.dtypes)
        shape, axes, dtype = inputs[0]
        gone = axes_of("dim", self.dim, len(shape))
        if self.keepdim:
            return TensorType(tuple(1 if k in gone else size for k, size in enumerate(shape)), axes, dtype)
        kept = [k for k in range(len(shape)) if k not in gone]
        return TensorType(tuple(shape[k] for k in kept), tuple(axes[k] for k in kept), dtype)

    def receptive(self, *inputs: TensorType) -> Receptive:
        """Over the channels each position sees itself; over any other axis, all of it."""
        labels = {inputs[0].axes[k] for k in axes_of("dim", self.dim, inputs[0].rank)}
        return "point" if labels == {"C"} else "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression(f"{{0}}.{self.function}({self.dim}{', keepdim=True' if self.keepdim else ''})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        axes = axes_of("dim", self.dim, inputs[0].rank)
        return reduced(emit, self.operator, values[0], axes, keepdims=self.keepdim)


class Mean(_Reduction):
    """torch.mean over one axis or several, which disappear, or stay with size 1 (`keepdim`). The mean of
    nothing is nan."""

    dtypes: ClassVar[tuple[DType, ...]] = FLOATS
    function: ClassVar[str] = "mean"
    operator: ClassVar[str] = "ReduceMean"


class Sum(_Reduction):
    """torch.sum over one axis or several, which disappear, or stay with size 1 (`keepdim`). The sum of
    integers is int64, that of nothing 0."""

    function: ClassVar[str] = "sum"
    operator: ClassVar[str] = "ReduceSum"

    def infer(self, *inputs: TensorType) -> TensorType:
        found = super().infer(*inputs)
        return found if found.dtype.is_floating else found._replace(dtype=DType.int64)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        x = emit.node("Cast", values[0], to=DType.int64) if inputs[0].dtype is DType.int32 else values[0]
        return super().to_onnx(emit, [x], *inputs)


class _Extreme(_Reduction):
    """One of the values: there has to be one."""

    def infer(self, *inputs: TensorType) -> TensorType:
        found = super().infer(*inputs)
        for axis in axes_of("dim", self.dim, inputs[0].rank):
            if not can_reach(inputs[0].shape[axis], 1):
                raise OpError(f"dim is {self.dim}, and axis {axis} of {inputs[0]} has no positions", field="dim")
        return found


class Max(_Extreme):
    """torch.amax, the largest values over one axis or several, which disappear, or stay with size 1 (`keepdim`);
    without their indices, which torch.max gives too."""

    function: ClassVar[str] = "amax"
    operator: ClassVar[str] = "ReduceMax"


class Min(_Extreme):
    """torch.amin, the smallest values over one axis or several, which disappear, or stay with size 1 (`keepdim`);
    without their indices, which torch.min gives too."""

    function: ClassVar[str] = "amin"
    operator: ClassVar[str] = "ReduceMin"
