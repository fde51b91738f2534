"""torch.nn.Bilinear: a product of two values and a weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.dims import Dim, product_of
from archspec.ops.base import (
    SINGLE,
    Emitter,
    Handle,
    Init,
    Op,
    OpError,
    OwnedTensor,
    Receptive,
    TorchRecipe,
    counted,
    known,
    of_dtype,
    of_least_rank,
    torch_nn,
)
from archspec.ops.conditions import can_equal
from archspec.types import TensorType


class Bilinear(Op):
    """torch.nn.Bilinear: x of ..., in1_features and y of ..., in2_features -> ..., out_features: x^T W_k y + b_k over
    the last axes, for each of the output's features k. The axes before are the same in both."""

    inputs: ClassVar[tuple[int, int | None]] = (2, 2)

    in1_features: int | None = Field(None, ge=1)
    in2_features: int | None = Field(None, ge=1)
    out_features: int = Field(ge=0)
    bias: bool = True

    def infer(self, *inputs: TensorType) -> TensorType:
        for k, type_ in enumerate(inputs):
            of_least_rank(self, type_, 2, input=k)
            of_dtype(self, type_, SINGLE, input=k)
            if counted(self, f"in{k + 1}_features", type_, -1, "features", input=k) == 0:
                raise OpError(f"Bilinear reads 1 feature or more, and gets {type_}", input=k)
        one, other = inputs
        same = one.rank == other.rank and all(map(can_equal, one.shape[:-1], other.shape[:-1]))
        if not same:
            message = f"the axes before the last have to be the same, and are those of {one} and {other}"
            raise OpError(message, input=1, code="A503")
        return one._replace(shape=(*one.shape[:-1], self.out_features))

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        first, second = (known(type_.shape[-1], "the last axis") for type_ in inputs)
        bound = first**-0.5
        weight = OwnedTensor((self.out_features, first, second), Init.uniform(-bound, bound))
        bias = OwnedTensor((self.out_features,), Init.uniform(-bound, bound))
        return {"weight": weight, "bias": bias} if self.bias else {"weight": weight}

    def macs(self, *inputs: TensorType) -> Dim:
        """Of the two matrix products, (x^T W) y. FlopCounterMode counts them where they are written so, and does not
        look into torch's function."""
        *samples, features = inputs[0].shape
        return product_of(samples) * (features + 1) * self.out_features * inputs[1].shape[-1]

    def receptive(self, *inputs: TensorType) -> Receptive:
        """As of Linear."""
        return "point" if inputs[0].rank > 2 and inputs[0].axes[-1] == "C" else "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self, in1_features=inputs[0].shape[-1], in2_features=inputs[1].shape[-1])

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        x = emit.node("Einsum", values[0], emit.parameter("weight"), values[1], equation="...i,oij,...j->...o")
        return emit.node("Add", x, emit.parameter("bias")) if self.bias else x
