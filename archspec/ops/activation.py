"""Activations: smooth functions and rectifiers, mostly of each element by itself."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sqrt
from typing import ClassVar, Literal

from pydantic import Field

from archspec.ops.base import (
    FLOATS,
    SINGLE,
    Elementwise,
    Emitter,
    Handle,
    Init,
    OpError,
    OwnedTensor,
    Receptive,
    TorchRecipe,
    axis_of,
    of_dtype,
    of_least_rank,
    torch_nn,
)
from archspec.ops.conditions import can_divide, can_equal
from archspec.ops.emission import per_channel, split
from archspec.types import TensorType


class Activation(Elementwise):
    """A function of floating-point numbers; the module of torch.nn that has its name."""

    def infer(self, *inputs: TensorType) -> TensorType:
        of_dtype(self, inputs[0], *FLOATS)
        return inputs[0]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)


class InPlace(Activation):
    """An activation that torch can write over its input; the numbers are the same."""

    inplace: bool = False


class ReLU(InPlace):
    """torch.nn.ReLU: max(x, 0)."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Relu", values[0])


class ReLU6(InPlace):
    """torch.nn.ReLU6: min(max(x, 0), 6)."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        dtype = inputs[0].dtype
        return emit.node("Clip", values[0], emit.constant(0.0, dtype), emit.constant(6.0, dtype))


class LeakyReLU(Activation):
    """torch.nn.LeakyReLU: x, or negative_slope x where x < 0."""

    negative_slope: float = 0.01
    inplace: bool = False

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("LeakyRelu", values[0], alpha=self.negative_slope)


class PReLU(Activation):
    """torch.nn.PReLU: x, or a learned slope times x where x < 0: one slope for all channels, or `num_parameters` of
    them, one for each. Source: He et al., 2015 (arXiv:1502.01852)."""

    num_parameters: int = Field(1, ge=1)
    init: float = 0.25

    def infer(self, *inputs: TensorType) -> TensorType:
        of_dtype(self, inputs[0], SINGLE)
        if self.num_parameters == 1:
            return inputs[0]
        of_least_rank(self, inputs[0], 2)
        channels = inputs[0].shape[1]
        if not can_equal(channels, self.num_parameters):
            text = f"num_parameters is {self.num_parameters}, but the input has {channels} channels"
            raise OpError(text, field="num_parameters")
        return inputs[0]

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        return {"weight": OwnedTensor((self.num_parameters,), Init.constant(self.init))}

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        slope = emit.parameter("weight")
        if self.num_parameters > 1:
            slope = per_channel(emit, slope, inputs[0].rank)
        return emit.node("PRelu", values[0], slope)


class RReLU(Activation):
    """torch.nn.RReLU: x, or a slope times x where x < 0: in training one drawn from lower to upper for each element,
    in evaluation (lower + upper) / 2. Source: Xu et al., 2015 (arXiv:1505.00853)."""

    lower: float = 1 / 8
    upper: float = 1 / 3
    inplace: bool = False

    def infer(self, *inputs: TensorType) -> TensorType:
        if self.lower > self.upper:
            raise OpError(f"lower is {self.lower}, above upper, which is {self.upper}", field="lower")
        return super().infer(*inputs)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("LeakyRelu", values[0], alpha=(self.lower + self.upper) / 2)


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


class ELU(Activation):
    """torch.nn.ELU: x, or alpha (exp(x) - 1) where x < 0. Source: Clevert et al., 2015 (arXiv:1511.07289)."""

    alpha: float = 1.0
    inplace: bool = False

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Elu", values[0], alpha=self.alpha)


class SELU(InPlace):
    """torch.nn.SELU: 1.0507 (x, or 1.6733 (exp(x) - 1) where x < 0). Source: Klambauer et al., 2017 (arXiv:1706.02515)."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Selu", values[0])


class CELU(Activation):
    """torch.nn.CELU: x, or alpha (exp(x / alpha) - 1) where x < 0. Source: Barron, 2017 (arXiv:1704.07483)."""

    alpha: float = 1.0
    inplace: bool = False

    def infer(self, *inputs: TensorType) -> TensorType:
        if not self.alpha:
            raise OpError(f"alpha is {self.alpha}, and nothing is divided by 0", field="alpha")
        return super().infer(*inputs)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Celu", values[0], alpha=self.alpha)


class GLU(Activation):
    """torch.nn.GLU: the first half of axis `dim` times the sigmoid of the second; the axis is halved.
    Source: Dauphin et al., 2016 (arXiv:1612.08083)."""

    mixes_channels: ClassVar[bool] = True

    dim: int = -1

    def infer(self, *inputs: TensorType) -> TensorType:
        shape, axes, dtype = super().infer(*inputs)
        axis = axis_of("dim", self.dim, len(shape))
        if not can_divide(2, shape[axis]):
            raise OpError(f"dim is {self.dim}, and the {shape[axis]} positions of axis {axis} have no halves", field="dim")
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
