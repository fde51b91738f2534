"""Transposed convolutions: torch.nn.ConvTranspose1d to ConvTranspose3d."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from operator import lt, sub
from typing import Any, ClassVar, Literal

from archspec.dims import Dim, product_of
from archspec.ops.arguments import Natural1, Natural2, Natural3, Positive1, Positive2, Positive3
from archspec.ops.base import Emitter, Handle, OpError, OwnedTensor, Receptive, Window, known
from archspec.ops.conditions import can_reach
from archspec.ops.emission import pad, per_channel
from archspec.ops.weighted import Weighted
from archspec.types import TensorType


class _Transposed(Weighted):
    """The adjoint of a convolution over the axes behind the channels."""

    padding: tuple[int, ...]
    output_padding: tuple[int, ...]
    padding_mode: Literal["zeros"] = "zeros"

    def _extent(self, k: int) -> int:
        return self.dilation[k] * (self.kernel_size[k] - 1) + 1

    def infer(self, *inputs: TensorType) -> TensorType:
        least = 0 if inputs[0].shape[0] == 0 else 1  # an empty batch may give empty maps
        found = [self._grown(k, size, least) for k, size in enumerate(self._sizes(inputs[0]))]
        return TensorType.of((inputs[0].shape[0], self.out_channels, *found))

    def _grown(self, k: int, size: Dim, least: int) -> Dim:
        stride, dilation, padding, extra = self.stride[k], self.dilation[k], self.padding[k], self.output_padding[k]
        if extra >= max(stride, dilation):
            text = f"output_padding is {extra}, and has to be smaller than stride ({stride}) or dilation ({dilation})"
            raise OpError(text, field="output_padding")
        found = (size - 1) * stride - 2 * padding + self._extent(k) + extra
        if not can_reach(found, least):
            sum_ = f"({size} - 1) {stride} - 2 {padding} + {self._extent(k)} + {extra} = {found}"
            raise OpError(f"padding is {padding}, and the size {sum_} has to be {least} or more", field="padding")
        return found

    def arithmetic(self, *inputs: TensorType) -> Mapping[int, str]:
        columns = zip(self.stride, self.padding, self.dilation, self.kernel_size, self.output_padding, strict=True)
        return {
            axis: f"({size} - 1)*{stride} - 2*{padding} + {dilation}*({kernel} - 1) + {extra} + 1"
            for axis, (size, (stride, padding, dilation, kernel, extra)) in enumerate(
                zip(inputs[0].shape[2:], columns, strict=True), 2
            )
        }

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        return self._tensors(known(inputs[0].shape[1], "channels"), self.out_channels // self.groups)

    def macs(self, *inputs: TensorType) -> Dim:
        """Every weight once for each position of the input."""
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
        if 0 in self.infer(*inputs).shape[2:]:
            raise OpError(f"onnxruntime transposes no convolution of {inputs[0]} into nothing", input=0)
        x, padding, extra = values[0], list(self.padding), list(self.output_padding)
        attributes = {
            "kernel_shape": list(self.kernel_size),
            "strides": list(self.stride),
            "dilations": list(self.dilation),
            "group": self.groups,
        }
        if all(map(lt, extra, self.stride)):
            attributes |= {"pads": [*padding, *padding], "output_padding": extra}
            return emit.node("ConvTranspose", x, *self._weights(emit), **attributes)
        return self._extended(emit, x, list(map(sub, padding, extra)), attributes)

    def _extended(self, emit: Emitter, x: Handle, after: list[int], attributes: dict[str, Any]) -> Handle:
        """Where ONNX takes no such `output_padding`, it takes away from the padding after; what is left of it are zeros
        behind the output, to which the bias comes last."""
        beyond = [max(-size, 0) for size in after]
        pads = [*self.padding, *(max(size, 0) for size in after)]
        weight, *bias = self._weights(emit)
        if not any(beyond):
            return emit.node("ConvTranspose", x, weight, *bias, pads=pads, **attributes)
        x = emit.node("ConvTranspose", x, weight, pads=pads, **attributes)
        x = pad(emit, x, [(0, 0), (0, 0), *((0, size) for size in beyond)])
        return emit.node("Add", x, per_channel(emit, bias[0], self.spatial + 2)) if bias else x


class ConvTranspose1d(_Transposed):
    """torch.nn.ConvTranspose1d, the adjoint of Conv1d: N, C, L -> N, out_channels, L';
    L' = (L - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1."""

    spatial: ClassVar[int] = 1
    kernel_size: Positive1
    stride: Positive1 = (1,)
    padding: Natural1 = (0,)
    output_padding: Natural1 = (0,)
    dilation: Positive1 = (1,)


class ConvTranspose2d(_Transposed):
    """torch.nn.ConvTranspose2d, the adjoint of Conv2d: N, C, H, W -> N, out_channels, H', W', each as in
    ConvTranspose1d."""

    spatial: ClassVar[int] = 2
    kernel_size: Positive2
    stride: Positive2 = (1, 1)
    padding: Natural2 = (0, 0)
    output_padding: Natural2 = (0, 0)
    dilation: Positive2 = (1, 1)


class ConvTranspose3d(_Transposed):
    """torch.nn.ConvTranspose3d, the adjoint of Conv3d: N, C, D, H, W -> N, out_channels, D', H', W', each as in
    ConvTranspose1d."""

    spatial: ClassVar[int] = 3
    kernel_size: Positive3
    stride: Positive3 = (1, 1, 1)
    padding: Natural3 = (0, 0, 0)
    output_padding: Natural3 = (0, 0, 0)
    dilation: Positive3 = (1, 1, 1)
