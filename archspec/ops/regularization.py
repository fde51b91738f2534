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
    OpError,
    TorchModule,
    TorchRecipe,
    layout,
    of_dtype,
    of_least_rank,
    of_rank,
    torch_nn,
)
from archspec.types import TensorType

_LAYERS = "archspec.backends.torch.layers"


class _Noise(Elementwise):
    """Gives its input in evaluation."""

    view: ClassVar[bool] = True

    def infer(self, *inputs: TensorType) -> TensorType:
        of_dtype(self, inputs[0], *FLOATS)
        return inputs[0]

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return values[0]


class _Dropout(_Noise):
    """A module of torch.nn; of `spatial` axes where it drops whole channels."""

    spatial: ClassVar[int | None] = None

    p: float = Field(0.5, ge=0, le=1)
    inplace: bool = False

    def infer(self, *inputs: TensorType) -> TensorType:
        if self.spatial is not None:
            of_rank(self, inputs[0], self.spatial + 2, axes=layout(self.spatial + 2))
        return super().infer(*inputs)

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)


class Dropout(_Dropout):
    """torch.nn.Dropout: in training, each element is zero with probability p. Source: Srivastava et al., 2014."""


class Dropout1d(_Dropout):
    """torch.nn.Dropout1d: in training, each whole channel of N, C, L is zero with probability p."""

    spatial: ClassVar[int | None] = 1


class Dropout2d(_Dropout):
    """torch.nn.Dropout2d: in training, each whole channel of N, C, H, W is zero with probability p."""

    spatial: ClassVar[int | None] = 2


class Dropout3d(_Dropout):
    """torch.nn.Dropout3d: in training, each whole channel of N, C, D, H, W is zero with probability p."""

    spatial: ClassVar[int | None] = 3


class AlphaDropout(_Dropout):
    """torch.nn.AlphaDropout: in training, each element is SELU's least value with probability p, and all are
    rescaled to the mean and deviation they had. Source: Klambauer et al., 2017 (arXiv:1706.02515)."""


class FeatureAlphaDropout(_Dropout):
    """torch.nn.FeatureAlphaDropout: AlphaDropout of whole channels of N, C, ..."""

    def infer(self, *inputs: TensorType) -> TensorType:
        of_least_rank(self, inputs[0], 2)
        return super().infer(*inputs)


class StochasticDepth(_Noise):
    """torchvision.ops.StochasticDepth: in training, with probability p the whole batch, or each of its
    rows, is zero. Source: Huang et al., 2016 (arXiv:1603.09382)."""

    p: float = Field(ge=0, le=1)
    mode: Literal["batch", "row"]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchModule(f"{_LAYERS}.StochasticDepth", self.written())


class _DropBlock(_Noise):
    """Blocks of positions. Source: Ghiasi et al., 2018 (arXiv:1810.12890)."""

    spatial: ClassVar[int]

    p: float = Field(ge=0, le=1)
    block_size: int = Field(ge=1)
    inplace: bool = False
    eps: float = Field(1e-6, ge=0)

    def infer(self, *inputs: TensorType) -> TensorType:
        of_rank(self, inputs[0], self.spatial + 2, axes=layout(self.spatial + 2))
        if self.block_size % 2 == 0:
            raise OpError(f"block_size is {self.block_size}, and has to be odd", field="block_size")
        return super().infer(*inputs)

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchModule(f"{_LAYERS}.{type(self).__name__}", self.written())


class DropBlock2d(_DropBlock):
    """torchvision.ops.DropBlock2d: in training, squares of block_size are zero in each channel of N, C, H, W, so many
    that an element is with probability p. Source: Ghiasi et al., 2018 (arXiv:1810.12890)."""

    spatial: ClassVar[int] = 2


class DropBlock3d(_DropBlock):
    """torchvision.ops.DropBlock3d: as DropBlock2d, cubes in N, C, D, H, W."""

    spatial: ClassVar[int] = 3
