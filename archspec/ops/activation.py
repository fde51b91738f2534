"""Activations: functions of each element by itself, and Softmax along one axis."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sqrt
from typing import ClassVar, Literal

from archspec.ops.base import (
    FLOATS,
    Elementwise,
    Emitter,
    Handle,
    Receptive,
    TorchRecipe,
    axis_of,
    of_dtype,
    torch_nn,
)
from archspec.types import TensorType


class _Activation(Elementwise):
    """A function of floating-point numbers; the module of torch.nn that has its name."""

    def infer(self, *inputs: TensorType) -> TensorType:
        of_dtype(self, inputs[0], *FLOATS)
        return inputs[0]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)


class _InPlace(_Activation):
    """An activation that torch can write over its input; the numbers are the same."""

    inplace: bool = False


class ReLU(_InPlace):
    """torch.nn.ReLU: max(x, 0)."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Relu", values[0])


class ReLU6(_InPlace):
    """torch.nn.ReLU6: min(max(x, 0), 6)."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        dtype = inputs[0].dtype
        return emit.node("Clip", values[0], emit.constant(0.0, dtype), emit.constant(6.0, dtype))


class LeakyReLU(_Activation):
    """torch.nn.LeakyReLU: x, or negative_slope x where x < 0."""

    negative_slope: float = 0.01
    inplace: bool = False

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("LeakyRelu", values[0], alpha=self.negative_slope)


class GELU(_Activation):
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


class SiLU(_InPlace):
    """torch.nn.SiLU: x sigmoid(x)."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Mul", values[0], emit.node("Sigmoid", values[0]))


class Sigmoid(_Activation):
    """torch.nn.Sigmoid: 1 / (1 + exp(-x))."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Sigmoid", values[0])


class Tanh(_Activation):
    """torch.nn.Tanh: the hyperbolic tangent."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Tanh", values[0])


class Softmax(_Activation):
    """torch.nn.Softmax: exp(x) over its sum along `dim`, which is required here: torch's guess at it is
    deprecated there."""

    mixes_channels: ClassVar[bool] = True

    dim: int

    def infer(self, *inputs: TensorType) -> TensorType:
        axis_of("dim", self.dim, inputs[0].rank)
        return super().infer(*inputs)

    def receptive(self, *inputs: TensorType) -> Receptive:
        """Over the channels each position sees itself; over any other axis, all of it."""
        return "point" if inputs[0].axes[self.dim] == "C" else "whole"

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Softmax", values[0], axis=self.dim)


class Hardswish(_InPlace):
    """torch.nn.Hardswish: x min(max(x + 3, 0), 6) / 6. Source: Howard et al., 2019 (arXiv:1905.02244)."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        emit.require(14)
        return emit.node("HardSwish", values[0])


class Hardsigmoid(_InPlace):
    """torch.nn.Hardsigmoid: min(max(x / 6 + 1/2, 0), 1); ONNX's own slope is 0.2."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("HardSigmoid", values[0], alpha=1 / 6, beta=0.5)


class ELU(_Activation):
    """torch.nn.ELU: x, or alpha (exp(x) - 1) where x < 0. Source: Clevert et al., 2015 (arXiv:1511.07289)."""

    alpha: float = 1.0
    inplace: bool = False

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Elu", values[0], alpha=self.alpha)


class Mish(_InPlace):
    """torch.nn.Mish: x tanh(log(1 + exp(x))). Source: Misra, 2019 (arXiv:1908.08681)."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        emit.require(18)
        return emit.node("Mish", values[0])
