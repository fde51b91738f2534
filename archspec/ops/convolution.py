"""Convolutions: torch.nn.Conv1d to Conv3d, and ConvTranspose2d."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, sqrt
from typing import ClassVar, Literal

from pydantic import Field

from archspec.dims import Dim, product_of
from archspec.ops.arguments import (
    Natural2,
    Padding1,
    Padding2,
    Padding3,
    PaddingWord,
    Positive1,
    Positive2,
    Positive3,
)
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
    Window,
    asserted,
    divides,
    known,
    layout,
    of_dtype,
    of_rank,
    torch_nn,
)
from archspec.ops.emission import pad, wrapped
from archspec.ops.window import Axis, onnx_pads, window
from archspec.types import TensorType


class _Weighted(Op):
    """What all convolutions share: their channels, and a weight with a bias."""

    spatial: ClassVar[int]

    in_channels: int | None = Field(None, ge=1)
    out_channels: int = Field(ge=1)
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...] | PaddingWord
    dilation: tuple[int, ...]
    groups: int = Field(1, ge=1)
    bias: bool = True

    def _channels(self, type_: TensorType) -> int:
        of_rank(self, type_, self.spatial + 2, axes=layout(self.spatial + 2))
        of_dtype(self, type_, SINGLE)
        channels = known(type_.shape[1], "the number of channels")
        asserted(self, "in_channels", channels, "channels")
        divides("groups", self.groups, channels, "input channels")
        divides("groups", self.groups, self.out_channels, "output channels")
        return channels

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


class _Convolution(_Weighted):
    """A convolution over the axes behind the channels."""

    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = "zeros"

    def _axes(self) -> tuple[Axis, ...]:
        if self.padding == "same":  # the odd one goes after
            total = [dilation * (kernel - 1) for kernel, dilation in zip(self.kernel_size, self.dilation, strict=True)]
            padding = [(size // 2, size - size // 2) for size in total]
        elif self.padding == "valid":
            padding = [(0, 0)] * self.spatial
        else:
            padding = [(int(size), int(size)) for size in self.padding]
        columns = zip(self.kernel_size, self.stride, self.dilation, padding, strict=True)
        return tuple(Axis(kernel, stride, dilation, *sides) for kernel, stride, dilation, sides in columns)

    def infer(self, *inputs: TensorType) -> TensorType:
        self._channels(inputs[0])
        if self.padding == "same" and max(self.stride) > 1:
            raise OpError(f"padding is `same`, which takes stride 1, and stride is {max(self.stride)}", field="padding")
        spatial = inputs[0].shape[2:]
        for axis, size in zip(self._axes(), spatial, strict=True):
            self._check_source(max(axis.low, axis.high), size)
        sizes = [axis.fitting(size) for axis, size in zip(self._axes(), spatial, strict=True)]
        return TensorType.of((inputs[0].shape[0], self.out_channels, *sizes))

    def _check_source(self, padding: int, size: Dim) -> None:
        """Padding that copies from the input must find enough there."""
        if self.padding_mode not in ("reflect", "circular") or not isinstance(size, int):
            return
        most = size - 1 if self.padding_mode == "reflect" else size
        if padding > most:
            raise OpError(
                f"padding is {padding}, and {self.padding_mode} padding of {size} positions is {most} at most",
                field="padding",
            )

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        return self._tensors(self.out_channels, known(inputs[0].shape[1], "channels") // self.groups)

    def macs(self, *inputs: TensorType) -> Dim:
        output = self.infer(*inputs)
        weight = prod(self.parameters(*inputs)["weight"].shape)
        return output.shape[0] * product_of(output.shape[2:]) * weight

    def receptive(self, *inputs: TensorType) -> Receptive:
        return window(self._axes())

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        x, axes = values[0], self._axes()
        if self.padding_mode != "zeros":
            x, axes = self._padded(emit, x, axes), tuple(axis._replace(low=0, high=0) for axis in axes)
        return emit.node(
            "Conv",
            x,
            *self._weights(emit),
            kernel_shape=list(self.kernel_size),
            strides=list(self.stride),
            dilations=list(self.dilation),
            pads=onnx_pads(axes),
            group=self.groups,
        )

    def _padded(self, emit: Emitter, x: Handle, axes: tuple[Axis, ...]) -> Handle:
        sides = [(0, 0), (0, 0), *((axis.low, axis.high) for axis in axes)]
        if self.padding_mode == "circular":
            return wrapped(emit, x, sides)
        return pad(emit, x, sides, mode={"reflect": "reflect", "replicate": "edge"}[self.padding_mode])


class Conv1d(_Convolution):
    """torch.nn.Conv1d: N, C, L -> N, out_channels, L';
    L' = floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1."""

    spatial: ClassVar[int] = 1
    kernel_size: Positive1
    stride: Positive1 = (1,)
    padding: Padding1 = (0,)
    dilation: Positive1 = (1,)


class Conv2d(_Convolution):
    """torch.nn.Conv2d: N, C, H, W -> N, out_channels, H', W', each as in Conv1d."""

    spatial: ClassVar[int] = 2
    kernel_size: Positive2
    stride: Positive2 = (1, 1)
    padding: Padding2 = (0, 0)
    dilation: Positive2 = (1, 1)


class Conv3d(_Convolution):
    """torch.nn.Conv3d: N, C, D, H, W -> N, out_channels, D', H', W', each as in Conv1d."""

    spatial: ClassVar[int] = 3
    kernel_size: Positive3
    stride: Positive3 = (1, 1, 1)
    padding: Padding3 = (0, 0, 0)
    dilation: Positive3 = (1, 1, 1)


class ConvTranspose2d(_Weighted):
    """torch.nn.ConvTranspose2d, the adjoint of Conv2d: N, C, H, W -> N, out_channels, H', W';
    H' = (H - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1."""

    spatial: ClassVar[int] = 2
    kernel_size: Positive2
    stride: Positive2 = (1, 1)
    padding: Natural2 = (0, 0)
    output_padding: Natural2 = (0, 0)
    dilation: Positive2 = (1, 1)

    def infer(self, *inputs: TensorType) -> TensorType:
        self._channels(inputs[0])
        sizes: list[Dim] = []
        for k, size in enumerate(inputs[0].shape[2:]):
            stride, dilation, extra = self.stride[k], self.dilation[k], self.output_padding[k]
            if extra >= max(stride, dilation):
                raise OpError(
                    f"output_padding is {extra}, and has to be smaller than stride ({stride}) or dilation ({dilation})",
                    field="output_padding",
                )
            found = (size - 1) * stride - 2 * self.padding[k] + self._extent(k) + extra
            if isinstance(found, int) and found < 1:
                raise OpError(f"padding is {self.padding[k]}, which leaves {found} of the output", field="padding")
            sizes.append(found)
        return TensorType.of((inputs[0].shape[0], self.out_channels, *sizes))

    def _extent(self, k: int) -> int:
        return self.dilation[k] * (self.kernel_size[k] - 1) + 1

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        return self._tensors(known(inputs[0].shape[1], "channels"), self.out_channels // self.groups)

    def macs(self, *inputs: TensorType) -> Dim:
        weight = prod(self.parameters(*inputs)["weight"].shape)
        return inputs[0].shape[0] * product_of(inputs[0].shape[2:]) * weight

    def receptive(self, *inputs: TensorType) -> Receptive:
        """Output position o sees input i where i `stride` lies in [o + padding - extent + 1, o + padding]."""
        axes = range(self.spatial)
        return Window(
            size=tuple(self._extent(k) - self.stride[k] + 1 for k in axes),
            stride=(1,) * self.spatial,
            start=tuple(self.padding[k] - self._extent(k) + self.stride[k] for k in axes),
            scale=self.stride,
        )

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        for extra, stride in zip(self.output_padding, self.stride, strict=True):
            if extra >= stride:
                raise OpError(
                    f"output_padding is {extra}, and ONNX takes less than the stride, {stride}", field="output_padding"
                )
        return emit.node(
            "ConvTranspose",
            values[0],
            *self._weights(emit),
            kernel_shape=list(self.kernel_size),
            strides=list(self.stride),
            dilations=list(self.dilation),
            pads=[*self.padding, *self.padding],
            output_padding=list(self.output_padding),
            group=self.groups,
        )
