"""Tensors that a network owns by themselves, and the layer that does nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from archspec.ops.arguments import WeightShape
from archspec.ops.base import (
    Elementwise,
    Emitter,
    Handle,
    Op,
    OpError,
    OwnedTensor,
    Receptive,
    TorchRecipe,
    TorchTensor,
    torch_nn,
)
from archspec.ops.initialization import Initializer, Recipe, distribution, misfit
from archspec.types import DType, TensorType


class _Owned(Op):
    """A tensor of this shape, without labels and without inputs. Its own name is empty: the layer's path
    is its key."""

    inputs: ClassVar[tuple[int, int | None]] = (0, 0)

    shape: WeightShape
    init: Initializer = Recipe("zeros", {})

    def _dtype(self) -> DType:
        return DType.float32

    def _recipe(self) -> Recipe:
        assert isinstance(self.init, Recipe)
        return self.init

    def infer(self, *inputs: TensorType) -> TensorType:
        if reason := misfit(self._recipe(), self.shape, self._dtype()):
            raise OpError(f"init is {self._recipe().name}, which {reason}", field="init")
        return TensorType(self.shape, (None,) * len(self.shape), self._dtype())

    def macs(self, *inputs: TensorType) -> int:
        return 0

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "point"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchTensor(*self._recipe())

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.parameter("")


class Parameter(_Owned):
    """torch.nn.Parameter: a trained tensor that is itself the value. `init` is as in torch.nn.init."""

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        return {"": OwnedTensor(self.shape, distribution(self._recipe(), self.shape))}


class Buffer(_Owned):
    """torch.nn.Buffer: a tensor that is saved and not trained."""

    dtype: Literal["float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"] = (
        "float32"
    )

    def _dtype(self) -> DType:
        return DType(self.dtype)

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        start = distribution(self._recipe(), self.shape, self._dtype())
        return {"": OwnedTensor(self.shape, start, trainable=False, buffer=True, dtype=self._dtype())}


class Identity(Elementwise):
    """torch.nn.Identity: gives its input."""

    view: ClassVar[bool] = True

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return values[0]
