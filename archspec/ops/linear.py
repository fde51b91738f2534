"""Matrix products: torch.nn.Linear and torch.matmul."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import ClassVar

from pydantic import Field

from archspec.dims import Dim, product_of
from archspec.ops.base import (
    FLOATS,
    SINGLE,
    Emitter,
    Fact,
    Handle,
    Init,
    Op,
    OpError,
    OwnedTensor,
    Receptive,
    TorchExpression,
    TorchRecipe,
    Weightless,
    counted,
    divides,
    known,
    of_dtype,
    of_least_rank,
    torch_nn,
)
from archspec.ops.broadcasting import broadcast, common_axes, of_one_dtype
from archspec.ops.conditions import can_equal
from archspec.types import TensorType


class Linear(Op):
    """torch.nn.Linear: x W^T + b over the last axis. ..., in_features -> ..., out_features. Keeps the labels
    of its axes."""

    in_features: int | None = Field(None, ge=0)
    out_features: int = Field(ge=0)
    bias: bool = True

    def infer(self, *inputs: TensorType) -> TensorType:
        of_least_rank(self, inputs[0], 2)
        of_dtype(self, inputs[0], SINGLE)
        self._refuse_unflattened(inputs[0])
        counted(self, "in_features", inputs[0], -1, "features")
        return inputs[0]._replace(shape=(*inputs[0].shape[:-1], self.out_features))

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        features = known(inputs[0].shape[-1], "the last axis")
        bound = 1 / sqrt(features) if features else 0.0
        weight = OwnedTensor((self.out_features, features), Init.uniform(-bound, bound))
        bias = OwnedTensor((self.out_features,), Init.uniform(-bound, bound))
        return {"weight": weight, "bias": bias} if self.bias else {"weight": weight}

    def macs(self, *inputs: TensorType) -> Dim:
        """Every weight once for each row of the input."""
        return inputs[0].elements * self.out_features

    def receptive(self, *inputs: TensorType) -> Receptive:
        """Tokens or positions one by one, where the channels stand last; else everything."""
        return "point" if inputs[0].rank > 2 and inputs[0].axes[-1] == "C" else "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self, in_features=inputs[0].shape[-1])

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        weight = emit.parameter("weight")
        bias = [self._bias(emit)] if self.bias else []
        if inputs[0].rank == 2:
            return emit.node("Gemm", values[0], weight, *bias, transB=1)
        x = emit.node("MatMul", values[0], emit.node("Transpose", weight, perm=[1, 0]))
        return emit.node("Add", x, *bias) if bias else x

    def _bias(self, emit: Emitter) -> Handle:
        return emit.parameter("bias")

    def _refuse_unflattened(self, type_: TensorType) -> None:
        """Say what is missing where the features that are asked for are those of the whole map."""
        flat = product_of(type_.shape[1:])
        if type_.rank > 2 and self.in_features == flat != type_.shape[-1]:
            message = f"in_features is {flat}, but the input, {type_}, is not flattened"
            notes = [f"{' * '.join(map(str, type_.shape[1:]))} = {flat}; a Linear acts on the last axis"]
            raise OpError(message, field="in_features", notes=notes, helps=["put a Flatten in front of it"])


class KeylessLinear(Linear):
    """torch.nn.Linear that gives queries, keys and values side by side, a third of the features each: x W^T + b, but
    keys have no bias, although b has a place for one. Cosine attention needs that; to attention by products, what is
    the same for all keys makes no difference. Source: Liu et al., Swin Transformer V2, 2022 (arXiv:2111.09883), with
    torchvision's rule."""

    def infer(self, *inputs: TensorType) -> TensorType:
        divides("out_features", 3, self.out_features, "features")
        return super().infer(*inputs)

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        recipe = torch_nn(self, in_features=inputs[0].shape[-1])
        return recipe._replace(target="archspec.backends.torch.layers.KeylessLinear")

    def _bias(self, emit: Emitter) -> Handle:
        third = self.out_features // 3
        return emit.node("Mul", emit.parameter("bias"), emit.constant([1.0] * third + [0.0] * third + [1.0] * third))


class MatMul(Weightless):
    """torch.matmul of two values: ..., m, k and ..., k, n -> ..., m, n; the axes before broadcast."""

    inputs: ClassVar[tuple[int, int | None]] = (2, 2)

    def infer(self, *inputs: TensorType) -> TensorType:
        for k, type_ in enumerate(inputs):
            of_least_rank(self, type_, 2, input=k)
            of_dtype(self, type_, *FLOATS, input=k)
        left, right = inputs
        dtype = of_one_dtype(self, inputs)
        if not can_equal(left.shape[-1], right.shape[-2]):
            raise OpError(
                f"the rows of the first input have {left.shape[-1]} values, the columns of the second have "
                f"{right.shape[-2]}: {left} and {right}",
                input=1,
                code="A503",
                facts=[Fact(0, -1), Fact(1, -2)],
            )
        batch = broadcast(self, left, right, but=2)
        axes = common_axes(left.axes[:-2], right.axes[:-2])
        shape = (*batch, left.shape[-2], right.shape[-1])
        return TensorType(shape, (*axes, left.axes[-2], right.axes[-1]), dtype)

    def macs(self, *inputs: TensorType) -> Dim:
        """The length of the axis that is summed, for each element of the output."""
        return product_of(self.infer(*inputs).shape) * inputs[0].shape[-1]

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression("torch.matmul({0}, {1})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("MatMul", *values)
