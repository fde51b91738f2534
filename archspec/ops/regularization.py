"""Dropout in its forms: noise in training, nothing in evaluation, and so nothing in ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from archspec.ops.base import (
    FLOATS,
    Elementwise,
    Emitter,
    Handle,
    TorchModule,
    TorchRecipe,
    layout,
    of_dtype,
    of_rank,
    torch_nn,
)
from archspec.types import TensorType


class _Dropout(Elementwise):
    """Gives its input in evaluation."""

    view: ClassVar[bool] = True

    def infer(self, *inputs: TensorType) -> TensorType:
        of_dtype(self, inputs[0], *FLOATS)
        return inputs[0]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return values[0]


class Dropout(_Dropout):
    """torch.nn.Dropout: in training, each element is zero with probability p. Source: Srivastava et al., 2014."""

    p: float = Field(0.5, ge=0, le=1)
    inplace: bool = False


class Dropout2d(_Dropout):
    """torch.nn.Dropout2d: in training, each whole channel of N, C, H, W is zero with probability p."""

    p: float = Field(0.5, ge=0, le=1)
    inplace: bool = False

    def infer(self, *inputs: TensorType) -> TensorType:
        of_rank(self, inputs[0], 4, axes=layout(4))
        return super().infer(*inputs)


class StochasticDepth(_Dropout):
    """torchvision.ops.StochasticDepth: in training, with probability p the whole batch, or each of its
    rows, is zero. Source: Huang et al., 2016 (arXiv:1603.09382)."""

    p: float = Field(ge=0, le=1)
    mode: Literal["batch", "row"]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchModule("archspec.backends.torch.layers.StochasticDepth", self.written())
