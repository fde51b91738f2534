"""Convolutions: torch.nn.Conv1d to Conv3d."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import ClassVar

from archspec.dims import Dim, product_of
from archspec.ops.arguments import Padding1, Padding2, Padding3, Positive1, Positive2, Positive3
from archspec.ops.base import Emitter, Handle, OpError, OwnedTensor, Receptive, known
from archspec.ops.borders import Border, extend, extended
from archspec.ops.weighted import Weighted
from archspec.ops.window import Axis, fitting, occupied, onnx_pads, sliding, window
from archspec.types import TensorType


class _Convolution(Weighted):
    """A convolution over the axes behind the channels."""

    padding_mode: Border = "zeros"

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
        sizes = self._sizes(inputs[0])
        if self.padding == "same" and max(self.stride) > 1:
            raise OpError(f"padding is `same`, which takes stride 1, and stride is {max(self.stride)}", field="padding")
        if self.padding_mode in ("reflect", "replicate"):
            occupied(self, inputs[0])
        axes = self._axes()
        if self.padding_mode != "zeros":
            for axis, size in zip(axes, sizes, strict=True):
                extended(self.padding_mode, size, axis.low, axis.high)
        found = fitting(axes, inputs[0])
        return TensorType.of((inputs[0].shape[0], self.out_channels, *found))

    def arithmetic(self, *inputs: TensorType) -> Mapping[int, str]:
        return sliding(self._axes(), inputs[0])

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        return self._tensors(self.out_channels, known(inputs[0].shape[1], "channels") // self.groups)

    def macs(self, *inputs: TensorType) -> Dim:
        """Every weight once for each position of the output."""
        output = self.infer(*inputs)
        weight = prod(self.parameters(*inputs)["weight"].shape)
        return output.shape[0] * product_of(output.shape[2:]) * weight

    def receptive(self, *inputs: TensorType) -> Receptive:
        return window(self._axes())

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        x, axes = values[0], self._axes()
        if self.padding_mode != "zeros":
            x = extend(emit, x, self.padding_mode, [(0, 0), (0, 0), *((axis.low, axis.high) for axis in axes)])
            axes = tuple(axis._replace(low=0, high=0) for axis in axes)
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
