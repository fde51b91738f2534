"""Activations that are linear above 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ops.base import (
    SINGLE,
    Emitter,
    Handle,
    Init,
    OpError,
    OwnedTensor,
    of_dtype,
    of_least_rank,
)
from archspec.ops.conditions import can_equal
from archspec.ops.elementwise import Activation, InPlace, Spelled
from archspec.ops.emission import per_channel
from archspec.ops.formula import Term
from archspec.types import DType, TensorType

# torch's numbers; the source gives them with fewer digits
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


class ReLU(InPlace):
    """torch.nn.ReLU: max(x, 0)."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Relu", values[0])


class ReLU6(InPlace):
    """torch.nn.ReLU6: min(max(x, 0), 6)."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        dtype = inputs[0].dtype
        return emit.node("Clip", values[0], emit.constant(0.0, dtype), emit.constant(6.0, dtype))


class LeakyReLU(Spelled):
    """torch.nn.LeakyReLU: x, or negative_slope x where x < 0."""

    operator: ClassVar[str] = "LeakyRelu"

    negative_slope: float = 0.01
    inplace: bool = False

    def attributes(self) -> dict[str, float]:
        return {"alpha": self.negative_slope}

    def formula(self, x: Term) -> Term:
        return x.above(0, x, x * self.negative_slope)


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


class RReLU(Spelled):
    """torch.nn.RReLU: x, or a slope times x where x < 0: in training one drawn from lower to upper for each element,
    in evaluation (lower + upper) / 2. Source: Xu et al., 2015 (arXiv:1505.00853)."""

    operator: ClassVar[str] = "LeakyRelu"

    lower: float = 1 / 8
    upper: float = 1 / 3
    inplace: bool = False

    def infer(self, *inputs: TensorType) -> TensorType:
        if self.lower > self.upper:
            raise OpError(f"lower is {self.lower}, above upper, which is {self.upper}", field="lower")
        return super().infer(*inputs)

    def attributes(self) -> dict[str, float]:
        return {"alpha": (self.lower + self.upper) / 2}

    def formula(self, x: Term) -> Term:
        return x.above(0, x, x * ((self.lower + self.upper) / 2))


class ELU(Spelled):
    """torch.nn.ELU: x, or alpha (exp(x) - 1) where x < 0. Source: Clevert et al., 2015 (arXiv:1511.07289)."""

    operator: ClassVar[str] = "Elu"

    alpha: float = 1.0
    inplace: bool = False

    def attributes(self) -> dict[str, float]:
        return {"alpha": self.alpha}

    def formula(self, x: Term) -> Term:
        return x.above(0, x, (x.apply("Exp") - 1) * self.alpha)


class SELU(Spelled):
    """torch.nn.SELU: 1.0507 (x, or 1.6733 (exp(x) - 1) where x < 0).
    Source: Klambauer et al., 2017 (arXiv:1706.02515)."""

    operator: ClassVar[str] = "Selu"

    inplace: bool = False

    def formula(self, x: Term) -> Term:
        return x.above(0, x, (x.apply("Exp") - 1) * _SELU_ALPHA) * _SELU_SCALE


class CELU(Spelled):
    """torch.nn.CELU: x, or alpha (exp(x / alpha) - 1) where x < 0. Source: Barron, 2017 (arXiv:1704.07483)."""

    operator: ClassVar[str] = "Celu"
    unknown: ClassVar[tuple[DType, ...]] = (DType.float64, DType.float16, DType.bfloat16)  # by ONNX itself

    alpha: float = 1.0
    inplace: bool = False

    def infer(self, *inputs: TensorType) -> TensorType:
        if not self.alpha:
            raise OpError(f"alpha is {self.alpha}, and nothing is divided by 0", field="alpha")
        return super().infer(*inputs)

    def attributes(self) -> dict[str, float]:
        return {"alpha": self.alpha}

    def formula(self, x: Term) -> Term:
        return x.above(0, x, ((x / self.alpha).apply("Exp") - 1) * self.alpha)
