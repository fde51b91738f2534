"""Activations made of the sigmoid and its kin."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sqrt
from typing import ClassVar, Literal

from archspec.ops.base import Emitter, Handle, OpError, Receptive, axis_of
from archspec.ops.conditions import can_divide
from archspec.ops.elementwise import Activation, InPlace, Spelled
from archspec.ops.emission import split
from archspec.ops.formula import Term
from archspec.types import DType, TensorType


class GELU(Activation):
    """torch.nn.GELU: x times the normal distribution's integral up to x, exact or by tanh.
    Source: Hendrycks and Gimpel, 2016 (arXiv:1606.08415)."""

    approximate: Literal["none", "tanh"] = "none"

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        if inputs[0].dtype is DType.float64 and self.approximate == "none":
            raise OpError("onnxruntime has no integral of the normal distribution in float64", input=0)
        if emit.opset >= 20:
            return emit.node("Gelu", values[0], approximate=self.approximate)
        x = Term(emit, values[0], inputs[0].dtype)
        if self.approximate == "tanh":
            integral = ((x + x * x * x * 0.044715) * sqrt(2 / pi)).apply("Tanh")
        else:
            integral = (x / sqrt(2)).apply("Erf")
        return (x * (integral + 1.0) * 0.5).handle


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


class Hardswish(Spelled):
    """torch.nn.Hardswish: x min(max(x + 3, 0), 6) / 6. Source: Howard et al., 2019 (arXiv:1905.02244)."""

    operator: ClassVar[str] = "HardSwish"
    since: ClassVar[int] = 14

    inplace: bool = False

    def formula(self, x: Term) -> Term:
        return x * (x + 3).apply("Clip", 0.0, 6.0) / 6


class Hardsigmoid(Spelled):
    """torch.nn.Hardsigmoid: min(max(x / 6 + 1/2, 0), 1); ONNX's own slope is 0.2."""

    operator: ClassVar[str] = "HardSigmoid"

    inplace: bool = False

    def attributes(self) -> dict[str, float]:
        return {"alpha": 1 / 6, "beta": 0.5}

    def formula(self, x: Term) -> Term:
        return (x / 6 + 0.5).apply("Clip", 0.0, 1.0)


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
        return (-_softplus(-Term(emit, values[0], inputs[0].dtype))).handle


class Softplus(Activation):
    """torch.nn.Softplus: log(1 + exp(beta x)) / beta, or x where beta x > threshold."""

    beta: float = 1.0
    threshold: float = 20.0

    def infer(self, *inputs: TensorType) -> TensorType:
        if not self.beta:
            raise OpError(f"beta is {self.beta}, and nothing is divided by 0", field="beta")
        return super().infer(*inputs)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        x = Term(emit, values[0], inputs[0].dtype)
        scaled = x * self.beta
        return scaled.above(self.threshold, x, _softplus(scaled) / self.beta).handle


def _softplus(x: Term) -> Term:
    """log(1 + exp(x)), of which runtimes know no float64."""
    if x.dtype is not DType.float64:
        return x.apply("Softplus")
    return x.apply("Max", 0.0) + ((-x.apply("Abs")).apply("Exp") + 1).apply("Log")


class Softsign(Spelled):
    """torch.nn.Softsign: x / (1 + |x|)."""

    operator: ClassVar[str] = "Softsign"

    def formula(self, x: Term) -> Term:
        return x / (x.apply("Abs") + 1)


class Mish(Spelled):
    """torch.nn.Mish: x tanh(log(1 + exp(x))). Source: Misra, 2019 (arXiv:1908.08681)."""

    operator: ClassVar[str] = "Mish"
    since: ClassVar[int] = 18

    inplace: bool = False

    def formula(self, x: Term) -> Term:
        return x * _softplus(x).apply("Tanh")
