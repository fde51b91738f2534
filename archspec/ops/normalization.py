"""Normalisation by the statistics of channels: of the batch, of one sample, of groups of channels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.dims import Dim, product_of
from archspec.ops.base import (
    ONES,
    SINGLE,
    ZEROS,
    Emitter,
    Fact,
    Handle,
    OpError,
    OwnedTensor,
    Receptive,
    TorchRecipe,
    counted,
    divides,
    known,
    layout,
    of_dtype,
    of_least_rank,
    of_rank,
    torch_nn,
)
from archspec.ops.conditions import can_reach
from archspec.ops.emission import mean, per_channel, reshape
from archspec.ops.normalizing import Normalization, affine_tensors
from archspec.types import DType, TensorType


def _lone(count: Dim) -> bool:
    """Whether this is one value, which has no deviation; none or several do for torch, and of a symbolic number
    several."""
    return count == 1 if isinstance(count, int) else not can_reach(count, 2)


class _PerChannel(Normalization):
    """Each channel to mean 0 and deviation 1, in evaluation by running statistics where they are tracked."""

    mixes_channels: ClassVar[bool] = False
    ranks: ClassVar[tuple[int, ...]]

    num_features: int | None = Field(None, ge=0)
    eps: float = Field(1e-5, ge=0)
    momentum: float | None = 0.1
    affine: bool = True
    track_running_stats: bool = True
    bias: bool = True

    def infer(self, *inputs: TensorType) -> TensorType:
        of_rank(self, inputs[0], *self.ranks, axes=" or ".join(map(layout, self.ranks)))
        of_dtype(self, inputs[0], SINGLE)
        if not counted(self, "num_features", inputs[0], 1, "channels") and self.affine:
            raise OpError(f"{type(self).__name__} with weights reads one channel or more, and gets none", input=0)
        return TensorType.of(inputs[0].shape)

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        shape = (known(inputs[0].shape[1], "the number of channels"),)
        tensors = affine_tensors(shape, self.affine, self.bias)
        if self.track_running_stats:
            tensors |= {
                "running_mean": OwnedTensor(shape, ZEROS, trainable=False, buffer=True),
                "running_var": OwnedTensor(shape, ONES, trainable=False, buffer=True),
                "num_batches_tracked": OwnedTensor((), ZEROS, trainable=False, buffer=True, dtype=DType.int64),
            }
        return tensors

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "point" if self.track_running_stats else "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self, num_features=inputs[0].shape[1])

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        owned = self.parameters(*inputs)
        channels = known(inputs[0].shape[1], "the number of channels")
        scale = emit.parameter("weight") if "weight" in owned else emit.constant([1.0] * channels)
        shift = emit.parameter("bias") if "bias" in owned else emit.constant([0.0] * channels)
        if not self.track_running_stats:
            return self._by_own_statistics(emit, values[0], scale, shift, inputs[0].rank)
        mean, variance = emit.parameter("running_mean"), emit.parameter("running_var")
        return emit.node("BatchNormalization", values[0], scale, shift, mean, variance, epsilon=self.eps)

    @abstractmethod
    def _by_own_statistics(self, emit: Emitter, x: Handle, scale: Handle, shift: Handle, rank: int) -> Handle:
        """Without running statistics torch takes those of the input in evaluation too."""


class _BatchNorm(_PerChannel):
    """Over the batch. Source: Ioffe and Szegedy, 2015 (arXiv:1502.03167)."""

    def infer(self, *inputs: TensorType) -> TensorType:
        found = super().infer(*inputs)
        if self.track_running_stats:
            return found
        if not self.eps:
            raise OpError(f"eps is {self.eps}, and without running statistics it has to be > 0", field="eps")
        if _lone(product_of((found.shape[0], *found.shape[2:]))):
            raise OpError(f"BatchNorm without running statistics meets one value per channel: {found}", input=0)
        return found

    def _by_own_statistics(self, emit: Emitter, x: Handle, scale: Handle, shift: Handle, rank: int) -> Handle:
        axes = [0, *range(2, rank)]
        centred = emit.node("Sub", x, mean(emit, x, axes))
        variance = mean(emit, emit.node("Mul", centred, centred), axes)
        deviation = emit.node("Sqrt", emit.node("Add", variance, emit.constant(self.eps)))
        scaled = emit.node("Mul", emit.node("Div", centred, deviation), per_channel(emit, scale, rank))
        return emit.node("Add", scaled, per_channel(emit, shift, rank))


class BatchNorm1d(_BatchNorm):
    """torch.nn.BatchNorm1d: N, C or N, C, L, which it keeps."""

    ranks: ClassVar[tuple[int, ...]] = (2, 3)


class BatchNorm2d(_BatchNorm):
    """torch.nn.BatchNorm2d: N, C, H, W, which it keeps."""

    ranks: ClassVar[tuple[int, ...]] = (4,)


class BatchNorm3d(_BatchNorm):
    """torch.nn.BatchNorm3d: N, C, D, H, W, which it keeps."""

    ranks: ClassVar[tuple[int, ...]] = (5,)


class _InstanceNorm(_PerChannel):
    """Within one sample. Source: Ulyanov et al., 2016 (arXiv:1607.08022)."""

    affine: bool = False
    track_running_stats: bool = False

    def infer(self, *inputs: TensorType) -> TensorType:
        found = super().infer(*inputs)
        if self.affine and not can_reach(found.shape[0], 1):
            raise OpError(f"{type(self).__name__} with weights reads one sample or more, and gets none", input=0)
        if not self.track_running_stats and _lone(product_of(found.shape[2:])):
            raise OpError(f"{type(self).__name__} without running statistics meets one position: {found}", input=0)
        return found

    def _by_own_statistics(self, emit: Emitter, x: Handle, scale: Handle, shift: Handle, rank: int) -> Handle:
        return emit.node("InstanceNormalization", x, scale, shift, epsilon=self.eps)


class InstanceNorm1d(_InstanceNorm):
    """torch.nn.InstanceNorm1d: each channel of each sample to mean 0 and deviation 1, or by running statistics
    where they are tracked. N, C, L, which it keeps."""

    ranks: ClassVar[tuple[int, ...]] = (3,)


class InstanceNorm2d(_InstanceNorm):
    """torch.nn.InstanceNorm2d: as InstanceNorm1d. N, C, H, W, which it keeps."""

    ranks: ClassVar[tuple[int, ...]] = (4,)


class InstanceNorm3d(_InstanceNorm):
    """torch.nn.InstanceNorm3d: as InstanceNorm1d. N, C, D, H, W, which it keeps."""

    ranks: ClassVar[tuple[int, ...]] = (5,)


class GroupNorm(Normalization):
    """torch.nn.GroupNorm: each of `num_groups` groups of channels to mean 0 and deviation 1, within one
    sample. N, C, ..., which it keeps. Source: Wu and He, 2018 (arXiv:1803.08494)."""

    num_groups: int = Field(ge=1)
    num_channels: int | None = Field(None, ge=1)
    eps: float = Field(1e-5, ge=0)
    affine: bool = True
    bias: bool = True

    def infer(self, *inputs: TensorType) -> TensorType:
        of_least_rank(self, inputs[0], 2)
        of_dtype(self, inputs[0], SINGLE)
        channels = counted(self, "num_channels", inputs[0], 1, "channels")
        size = divides("num_groups", self.num_groups, channels, "channels", Fact(0, 1))
        positions = product_of(inputs[0].shape[2:])
        if not channels or not can_reach(positions, 1):
            raise OpError(f"GroupNorm reads one channel and one position or more, and gets {inputs[0]}", input=0)
        if _lone(inputs[0].shape[0] * size * positions):
            raise OpError(
                f"num_groups is {self.num_groups}, which leaves one value in each group: nothing to normalise",
                field="num_groups",
            )
        return inputs[0]

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        shape = (known(inputs[0].shape[1], "the number of channels"),)
        return affine_tensors(shape, self.affine, self.bias)

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self, num_groups=self.num_groups, num_channels=inputs[0].shape[1])

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        """As InstanceNormalization of the groups: ONNX's own GroupNormalization scales by group below
        opset 21."""
        shape, groups = inputs[0].shape, self.num_groups
        rows = (shape[0], groups, product_of(shape[1:]) // groups)
        ones, zeros = emit.constant([1.0] * groups), emit.constant([0.0] * groups)
        grouped = reshape(emit, values[0], shape, rows)
        normal = emit.node("InstanceNormalization", grouped, ones, zeros, epsilon=self.eps)
        x = reshape(emit, normal, rows, shape)
        for name, operator in zip(self.parameters(*inputs), ("Mul", "Add"), strict=False):
            x = emit.node(operator, x, per_channel(emit, emit.parameter(name), len(shape)))
        return x
