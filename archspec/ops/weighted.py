"""What convolutions and transposed convolutions share: their channels, and a weight with a bias."""

from __future__ import annotations

from math import prod, sqrt
from typing import ClassVar

from pydantic import Field

from archspec.dims import Dim
from archspec.ops.arguments import PaddingWord
from archspec.ops.base import (
    SINGLE,
    Emitter,
    Fact,
    Handle,
    Init,
    Op,
    OpError,
    OwnedTensor,
    TorchRecipe,
    counted,
    divides,
    of_dtype,
    torch_nn,
)
from archspec.ops.window import occupied, spatial_sizes
from archspec.types import TensorType


class Weighted(Op):
    """An op that slides a weight over the axes behind the channels."""

    spatial: ClassVar[int]

    in_channels: int | None = Field(None, ge=1)
    out_channels: int = Field(ge=1)
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...] | PaddingWord
    dilation: tuple[int, ...]
    groups: int = Field(1, ge=1)
    bias: bool = True

    def _sizes(self, type_: TensorType) -> tuple[Dim, ...]:
        """The sizes of the axes behind the channels. Raises OpError for what no weight fits."""
        sizes = spatial_sizes(self, type_, self.spatial)
        of_dtype(self, type_, SINGLE)
        channels = counted(self, "in_channels", type_, 1, "channels")
        if channels == 0:
            raise OpError(f"{type(self).__name__} reads 1 channel or more, and gets {type_}", input=0)
        divides("groups", self.groups, channels, "input channels", Fact(0, 1))
        divides("groups", self.groups, self.out_channels, "output channels")
        if type_.shape[0] != 0:
            occupied(self, type_, start=2)
        return sizes

    def _tensors(self, outer: int, inner: int) -> dict[str, OwnedTensor]:
        """The weight of shape (outer, inner, *kernel) and the bias, both uniform in +-1/sqrt(fan in)."""
        bound = 1 / sqrt(inner * prod(self.kernel_size))
        weight = OwnedTensor((outer, inner, *self.kernel_size), Init.uniform(-bound, bound))
        bias = OwnedTensor((self.out_channels,), Init.uniform(-bound, bound))
        return {"weight": weight, "bias": bias} if self.bias else {"weight": weight}

    def _weights(self, emit: Emitter) -> list[Handle]:
        return [emit.parameter(name) for name in (("weight", "bias") if self.bias else ("weight",))]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self, in_channels=inputs[0].shape[1])
