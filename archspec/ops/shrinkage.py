"""Activations that cut values off: outside of bounds, or near 0."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from archspec.ops.base import Emitter, Handle, OpError
from archspec.ops.elementwise import Activation
from archspec.types import TensorType


class Hardtanh(Activation):
    """torch.nn.Hardtanh: min(max(x, min_val), max_val)."""

    min_val: float = -1.0
    max_val: float = 1.0
    inplace: bool = False

    def infer(self, *inputs: TensorType) -> TensorType:
        if self.min_val >= self.max_val:
            raise OpError(f"min_val is {self.min_val}, and max_val, {self.max_val}, is not above it", field="min_val")
        return super().infer(*inputs)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        bounds = (emit.constant(bound, inputs[0].dtype) for bound in (self.min_val, self.max_val))
        return emit.node("Clip", values[0], *bounds)


class Threshold(Activation):
    """torch.nn.Threshold: x, or `value` where x <= threshold."""

    threshold: float
    value: float
    inplace: bool = False

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        threshold, value = (emit.constant(number, inputs[0].dtype) for number in (self.threshold, self.value))
        return emit.node("Where", emit.node("Greater", values[0], threshold), values[0], value)


class Softshrink(Activation):
    """torch.nn.Softshrink: x, nearer to 0 by lambd, or 0 where |x| <= lambd."""

    lambd: float = Field(0.5, ge=0)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Shrink", values[0], lambd=self.lambd, bias=self.lambd)


class Hardshrink(Activation):
    """torch.nn.Hardshrink: x, or 0 where |x| <= lambd."""

    lambd: float = 0.5

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Shrink", values[0], lambd=self.lambd, bias=0.0)


class Tanhshrink(Activation):
    """torch.nn.Tanhshrink: x - tanh(x)."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Sub", values[0], emit.node("Tanh", values[0]))
