"""Normalisation over the batch, over groups of channels, over the last axes, over near channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.dims import Dim, product_of
from archspec.ops.arguments import OptionalSections
from archspec.ops.base import (
    ONES,
    SINGLE,
    ZEROS,
    Emitter,
    Handle,
    Op,
    OpError,
    OwnedTensor,
    Receptive,
    TorchRecipe,
    Weightless,
    asserted,
    divides,
    known,
    layout,
    of_dtype,
    of_least_rank,
    of_rank,
    torch_nn,
)
from archspec.ops.emission import integers, mean, per_channel, reshape
from archspec.types import DType, TensorType


class _Normalization(Op):
    """Keeps the type of its input; has a scale and a shift; is no multiplication that is counted."""

    def macs(self, *inputs: TensorType) -> Dim:
        return 0


class _BatchNorm(_Normalization):
    """Each channel to mean 0 and deviation 1 over the batch; by running statistics in evaluation.
    Source: Ioffe and Szegedy, 2015 (arXiv:1502.03167)."""

    mixes_channels: ClassVar[bool] = False
    ranks: ClassVar[tuple[int, ...]]

    num_features: int | None = Field(None, ge=1)
    eps: float = Field(1e-5, gt=0)
    momentum: float | None = 0.1
    affine: bool = True
    track_running_stats: bool = True

    def infer(self, *inputs: TensorType) -> TensorType:
        of_rank(self, inputs[0], *self.ranks, axes=" or ".join(map(layout, self.ranks)))
        of_dtype(self, inputs[0], SINGLE)
        asserted(self, "num_features", known(inputs[0].shape[1], "the number of channels"), "channels")
        if not self.track_running_stats and product_of((inputs[0].shape[0], *inputs[0].shape[2:])) == 1:
            raise OpError(f"BatchNorm without running statistics meets one value per channel: {inputs[0]}", input=0)
        return TensorType.of(inputs[0].shape)

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        shape = (known(inputs[0].shape[1], "the number of channels"),)
        tensors: dict[str, OwnedTensor] = {}
        if self.affine:
            tensors |= {"weight": OwnedTensor(shape, ONES), "bias": OwnedTensor(shape, ZEROS)}
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
        channels = known(inputs[0].shape[1], "the number of channels")
        if self.affine:
            scale, shift = emit.parameter("weight"), emit.parameter("bias")
        else:
            scale, shift = emit.constant([1.0] * channels), emit.constant([0.0] * channels)
        if self.track_running_stats:
            mean, variance = emit.parameter("running_mean"), emit.parameter("running_var")
            return emit.node("BatchNormalization", values[0], scale, shift, mean, variance, epsilon=self.eps)
        return self._by_own_statistics(emit, values[0], scale, shift, inputs[0].rank)

    def _by_own_statistics(self, emit: Emitter, x: Handle, scale: Handle, shift: Handle, rank: int) -> Handle:
        """Without running statistics torch takes those of the batch in evaluation too."""
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


class GroupNorm(_Normalization):
    """torch.nn.GroupNorm: each of `num_groups` groups of channels to mean 0 and deviation 1, within one
    sample. N, C, ..., which it keeps. Source: Wu and He, 2018 (arXiv:1803.08494)."""

    num_groups: int = Field(ge=1)
    num_channels: int | None = Field(None, ge=1)
    eps: float = Field(1e-5, ge=0)
    affine: bool = True

    def infer(self, *inputs: TensorType) -> TensorType:
        of_least_rank(self, inputs[0], 2)
        of_dtype(self, inputs[0], SINGLE)
        channels = known(inputs[0].shape[1], "the number of channels")
        asserted(self, "num_channels", channels, "channels")
        size = divides("num_groups", self.num_groups, channels, "channels")
        if product_of((size, *inputs[0].shape[2:])) == 1:
            raise OpError(
                f"num_groups is {self.num_groups}, which leaves one value in each group: nothing to normalise",
                field="num_groups",
            )
        return inputs[0]

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        shape = (known(inputs[0].shape[1], "the number of channels"),)
        return {"weight": OwnedTensor(shape, ONES), "bias": OwnedTensor(shape, ZEROS)} if self.affine else {}

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self, num_groups=self.num_groups, num_channels=inputs[0].shape[1])

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        """As InstanceNormalization of the groups: ONNX's own GroupNormalization scales by group below
        opset 21."""
        shape, groups = inputs[0].shape, self.num_groups
        grouped = emit.node("Reshape", values[0], integers(emit, [0, groups, -1]))
        ones, zeros = emit.constant([1.0] * groups), emit.constant([0.0] * groups)
        normal = emit.node("InstanceNormalization", grouped, ones, zeros, epsilon=self.eps)
        x = reshape(emit, normal, (shape[0],), shape)
        if not self.affine:
            return x
        scaled = emit.node("Mul", x, per_channel(emit, emit.parameter("weight"), len(shape)))
        return emit.node("Add", scaled, per_channel(emit, emit.parameter("bias"), len(shape)))


class LayerNorm(_Normalization):
    """torch.nn.LayerNorm: the last axes of each sample to mean 0 and deviation 1. Keeps its input's type.
    `normalized_shape` is the last axis where it isn't given; where it is, its length selects the axes,
    and its values are asserted. Source: Ba et al., 2016 (arXiv:1607.06450)."""

    normalized_shape: OptionalSections = None
    eps: float = Field(1e-5, ge=0)
    elementwise_affine: bool = True
    bias: bool = True

    def _normalized(self, type_: TensorType) -> tuple[int, ...]:
        written = self.normalized_shape
        count = len(written) if isinstance(written, tuple) else 1
        of_least_rank(self, type_, count + 1)
        found = tuple(known(size, "a normalised size") for size in type_.shape[-count:])
        if written is not None and written not in (found, found[0] if count == 1 else found):
            sizes = " x ".join(map(str, found))
            raise OpError(f"normalized_shape is {written}, but the input ends in {sizes}", field="normalized_shape")
        return found

    def infer(self, *inputs: TensorType) -> TensorType:
        of_dtype(self, inputs[0], SINGLE)
        self._normalized(inputs[0])
        return inputs[0]

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        shape = self._normalized(inputs[0])
        tensors = {"weight": OwnedTensor(shape, ONES), "bias": OwnedTensor(shape, ZEROS)}
        return {name: tensors[name] for name in self._affine()}

    def _affine(self) -> list[str]:
        if not self.elementwise_affine:
            return []
        return ["weight", "bias"] if self.bias else ["weight"]

    def receptive(self, *inputs: TensorType) -> Receptive:
        count = len(self._normalized(inputs[0]))
        return "point" if inputs[0].axes[-count:] == ("C",) else "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        shape = self._normalized(inputs[0])
        return torch_nn(self, normalized_shape=shape[0] if len(shape) == 1 else shape)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        emit.require(17)
        shape = self._normalized(inputs[0])
        tensors = [emit.parameter(name) for name in self._affine()]
        if not tensors:  # ONNX wants a scale
            tensors = [emit.node("Expand", emit.constant(1.0), integers(emit, shape))]
        return emit.node("LayerNormalization", values[0], *tensors, axis=-len(shape), epsilon=self.eps)


class LocalResponseNorm(Weightless):
    """torch.nn.LocalResponseNorm: each value over the mean square of its `size` nearest channels,
    x / (k + alpha mean)^beta. N, C, ..., which it keeps. Source: Krizhevsky et al., 2012, section 3.3."""

    size: int = Field(ge=1)
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0

    def infer(self, *inputs: TensorType) -> TensorType:
        of_least_rank(self, inputs[0], 3)
        of_dtype(self, inputs[0], DType.float32, DType.float64)
        return inputs[0]

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "point"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        """By a pool over the channels: ONNX's LRN is refused by runtimes for even sizes, and for other
        than four axes."""
        x, type_ = values[0], inputs[0]
        if self.size % 2 and type_.rank == 4:
            return emit.node("LRN", x, size=self.size, alpha=self.alpha, beta=self.beta, bias=self.k)
        batch, channels, *rest = type_.shape
        rows = (batch, 1, channels, product_of(rest))
        means = emit.node(
            "AveragePool",
            reshape(emit, emit.node("Mul", x, x), type_.shape[:1], rows),
            kernel_shape=[self.size, 1],
            pads=[self.size // 2, 0, (self.size - 1) // 2, 0],
            count_include_pad=1,
        )
        means = reshape(emit, means, type_.shape[:1], type_.shape)
        scaled = emit.node("Mul", means, emit.constant(self.alpha, type_.dtype))
        base = emit.node("Add", scaled, emit.constant(self.k, type_.dtype))
        return emit.node("Div", x, emit.node("Pow", base, emit.constant(self.beta, type_.dtype)))
