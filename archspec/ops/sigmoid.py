"""Activations made of the sigmoid and its kin."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sqrt
from typing import ClassVar, Literal

from archspec.ops.activation import Activation, InPlace
from archspec.ops.base import Emitter, Handle, OpError, Receptive, axis_of
from archspec.ops.conditions import can_divide
from archspec.ops.emission import split
from archspec.types import TensorType


class GELU(Activation):
    """torch.nn.GELU: x times the normal distribution's integral up to x, exact or by tanh.
    Source: Hendrycks and Gimpel, 2016 (arXiv:1606.08415)."""

    approximate: Literal["none", "tanh"] = "none"

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        x, dtype = values[0], inputs[0].dtype
        if emit.opset >= 20:
            return emit.node("Gelu", x, approximate=self.approximate)
        if self.approximate == "tanh":
            cube = emit.node("Mul", emit.node("Mul", emit.node("Mul", x, x), x), emit.constant(0.044715, dtype))
            inner = emit.node("Mul", emit.node("Add", x, cube), emit.constant(sqrt(2 / pi), dtype))
            integral = emit.node("Tanh", inner)
        else:
            integral = emit.node("Erf", emit.node("Div", x, emit.constant(sqrt(2), dtype)))
        doubled = emit.node("Mul", x, emit.node("Add", integral, emit.constant(1.0, dtype)))
        return emit.node("Mul", doubled, emit.constant(0.5, dtype))


class SiLU(InPlace):
    """torch.nn.SiLU: x sigmoid(x)."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Mul", values[0], emit.node("Sigmoid", values[0]))


class Sigmoid(Activation):
    """torch.nn.Sigmoid: 1 / (1 + exp(-x))."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Sigmoid", values[0])


class Tanh(Activation):
    """torch.nn.Tanh: the hyperbolic tangent."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Tanh", values[0])


class Hardswish(InPlace):
    """torch.nn.Hardswish: x min(max(x + 3, 0), 6) / 6. Source: Howard et al., 2019 (arXiv:1905.02244)."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        emit.require(14)
        return emit.node("HardSwish", values[0])


class Hardsigmoid(InPlace):
    """torch.nn.Hardsigmoid: min(max(x / 6 + 1/2, 0), 1); ONNX's own slope is 0.2."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("HardSigmoid", values[0], alpha=1 / 6, beta=0.5)


class GLU(Activation):
    """torch.nn.GLU: the first half of axis `dim` times the sigmoid of the second; the axis is halved.
    Source: Dauphin et al., 2016 (arXiv:1612.08083)."""

    mixes_channels: ClassVar[bool] = True

    dim: int = -1

    def infer(self, *inputs: TensorType) -> TensorType:
        shape, axes, dtype = super().infer(*inputs)
        axis = axis_of("dim", self.dim, len(shape))
        if not can_divide(2, shape[axis]):
            text = f"dim is {self.dim}, and the {shape[axis]} positions of axis {axis} have no halves"
            raise OpError(text, field="dim")
        return TensorType((*shape[:axis], shape[axis] // 2, *shape[axis + 1 :]), axes, dtype)

    def receptive(self, *inputs: TensorType) -> Receptive:
        """Over the channels each position sees itself; along a spatial axis one that lies half of it away."""
        return "point" if inputs[0].axes[self.dim] == "C" else "whole"

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        axis = axis_of("dim", self.dim, inputs[0].rank)
        value, gate = split(emit, values[0], axis, [inputs[0].shape[axis] // 2] * 2)
        return emit.node("Mul", value, emit.node("Sigmoid", gate))


class LogSigmoid(Activation):
    """torch.nn.LogSigmoid: -log(1 + exp(-x))."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Neg", emit.node("Softplus", emit.node("Neg", values[0])))


class Softplus(Activation):
    """torch.nn.Softplus: log(1 + exp(beta x)) / beta, or x where beta x > threshold."""

    beta: float = 1.0
    threshold: float = 20.0

    def infer(self, *inputs: TensorType) -> TensorType:
        if not self.beta:
            raise OpError(f"beta is {self.beta}, and nothing is divided by 0", field="beta")
        return super().infer(*inputs)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        x, dtype = values[0], inputs[0].dtype
        beta, threshold = emit.constant(self.beta, dtype), emit.constant(self.threshold, dtype)
        scaled = emit.node("Mul", x, beta)
        soft = emit.node("Div", emit.node("Softplus", scaled), beta)
        return emit.node("Where", emit.node("Greater", scaled, threshold), x, soft)


class Softsign(Activation):
    """torch.nn.Softsign: x / (1 + |x|)."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Softsign", values[0])


class Mish(InPlace):
    """torch.nn.Mish: x tanh(log(1 + exp(x))). Source: Misra, 2019 (arXiv:1908.08681)."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        emit.require(18)
        return emit.node("Mish", values[0])
