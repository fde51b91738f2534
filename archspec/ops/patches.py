"""Maps taken apart into patches, and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TypeAlias

from pydantic import Field

from archspec.dims import Dim, product_of
from archspec.ops.arguments import Natural2, Positive2
from archspec.ops.base import (
    FLOATS,
    Emitter,
    Handle,
    OpError,
    Receptive,
    TorchRecipe,
    Weightless,
    Window,
    of_dtype,
    of_least_rank,
    of_rank,
    torch_nn,
)
from archspec.ops.conditions import can_divide, can_equal
from archspec.ops.emission import integers, pad, reshape, runnable
from archspec.ops.window import Axis, fitting, occupied, onnx_pads, spatial_sizes
from archspec.types import DType, TensorType

Sliding: TypeAlias = tuple[int, int, int, int]
"""A window along one axis: its size, stride, start and scale."""


class PixelShuffle(Weightless):
    """torch.nn.PixelShuffle: ..., C r r, H, W -> ..., C, H r, W r, with r the upscale_factor; channel c r r + i r + j
    holds the pixels (y r + i, x r + j) of channel c."""

    upscale_factor: int = Field(ge=1)

    def infer(self, *inputs: TensorType) -> TensorType:
        of_least_rank(self, inputs[0], 4)
        *batch, channels, height, width = inputs[0].shape
        factor = self.upscale_factor
        if not can_divide(factor * factor, channels):
            text = f"upscale_factor is {factor}, whose square does not divide {channels} channels"
            raise OpError(text, field="upscale_factor")
        shape = (*batch, channels // (factor * factor), height * factor, width * factor)
        return inputs[0]._replace(shape=shape)

    def receptive(self, *inputs: TensorType) -> Receptive:
        factor = self.upscale_factor
        return _sliding(inputs[0], (factor**2, factor**2, 0, 1), (1, 1, 0, factor))

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        runnable("DepthToSpace", inputs[0], *_SPREAD)
        before, after = inputs[0].shape, self.infer(*inputs).shape
        x = _as_maps(emit, values[0], before)
        x = emit.node("DepthToSpace", x, blocksize=self.upscale_factor, mode="CRD")
        return x if len(after) == 4 else reshape(emit, x, _maps(after), after)


def _sliding(type_: TensorType, channels: Sliding, spatial: Sliding) -> Window:
    """What an op on the last three axes sees. Of five axes, the channels stand where a map has its depth."""
    return Window(*zip(*([] if type_.rank == 4 else [channels]), spatial, spatial, strict=True))


_SPREAD = (DType.float32, DType.float64, DType.float16, DType.int8, DType.uint8)


def _maps(shape: Sequence[Dim]) -> tuple[Dim, ...]:
    """A shape with all its leading axes in one."""
    return (product_of(shape[:-3]), *shape[-3:])


def _as_maps(emit: Emitter, x: Handle, shape: Sequence[Dim]) -> Handle:
    return x if len(shape) == 4 else reshape(emit, x, shape, _maps(shape))


class PixelUnshuffle(Weightless):
    """torch.nn.PixelUnshuffle, the inverse of PixelShuffle: ..., C, H, W -> ..., C r r, H / r, W / r, with r the
    downscale_factor, which divides H and W. (Of an empty input torch changes no size: that is refused.)"""

    downscale_factor: int = Field(ge=1)

    def infer(self, *inputs: TensorType) -> TensorType:
        of_least_rank(self, inputs[0], 4)
        occupied(self, inputs[0], start=0)
        *batch, channels, height, width = inputs[0].shape
        factor = self.downscale_factor
        for size, what in ((height, "rows"), (width, "columns")):
            if not can_divide(factor, size):
                text = f"downscale_factor is {factor}, which does not divide {size} {what}"
                raise OpError(text, field="downscale_factor")
        return inputs[0]._replace(shape=(*batch, channels * factor * factor, height // factor, width // factor))

    def receptive(self, *inputs: TensorType) -> Receptive:
        factor = self.downscale_factor
        return _sliding(inputs[0], (1, 1, 0, factor**2), (factor, factor, 0, 1))

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        """ONNX's SpaceToDepth orders the channels otherwise."""
        factor, after = self.downscale_factor, self.infer(*inputs).shape
        batch, (channels, _, _), (_, height, width) = after[:-3], inputs[0].shape[-3:], after[-3:]
        rank = len(batch)
        x = reshape(emit, values[0], inputs[0].shape, [*batch, channels, height, factor, width, factor])
        x = emit.node("Transpose", x, perm=[*range(rank + 1), rank + 2, rank + 4, rank + 1, rank + 3])
        return reshape(emit, x, [*batch, channels, factor, factor, height, width], after)


class _Patches(Weightless):
    """What slides over a map in patches."""

    kernel_size: Positive2
    dilation: Positive2 = (1, 1)
    padding: Natural2 = (0, 0)
    stride: Positive2 = (1, 1)

    def _axes(self) -> tuple[Axis, ...]:
        columns = zip(self.kernel_size, self.stride, self.dilation, self.padding, strict=True)
        return tuple(Axis(kernel, stride, dilation, size, size) for kernel, stride, dilation, size in columns)

    def receptive(self, *inputs: TensorType) -> Receptive:
        """The patches stand in one axis, in which no window slides."""
        return "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)


class Unfold(_Patches):
    """torch.nn.Unfold: N, C, H, W -> N, C kernel_size[0] kernel_size[1], L: the L patches that a convolution of this
    kernel would see, channel by channel."""

    def infer(self, *inputs: TensorType) -> TensorType:
        spatial_sizes(self, inputs[0], 2)
        of_dtype(self, inputs[0], *FLOATS, DType.bool)
        occupied(self, inputs[0])
        rows, columns = fitting(self._axes(), inputs[0])
        batch, channels = inputs[0].shape[:2]
        return TensorType.of((batch, channels * prod(self.kernel_size), rows * columns), inputs[0].dtype)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        """Along each axis, every position of the kernel gathers what it sees from all windows."""
        x, shape = values[0], list(inputs[0].shape)
        if any(self.padding):
            x = pad(emit, x, [(0, 0), (0, 0), *((size, size) for size in self.padding)])
        found = fitting(self._axes(), inputs[0])
        for k, (axis, count) in enumerate(zip(self._axes(), found, strict=True)):
            x = emit.node("Gather", x, _seen(emit, axis, count), axis=2 + 2 * k)
        x = emit.node("Transpose", x, perm=[0, 1, 2, 4, 3, 5])
        return reshape(emit, x, [*shape[:2], *self.kernel_size, *found], self.infer(*inputs).shape)


def _seen(emit: Emitter, axis: Axis, count: Dim) -> Handle:
    """Which positions the kernel sees: one row for each of its own, one column for each of `count` windows."""
    offsets = range(0, axis.extent, axis.dilation)
    if isinstance(count, int):
        starts = range(0, count * axis.stride, axis.stride)
        return emit.constant([[start + offset for start in starts] for offset in offsets], DType.int64)
    end = emit.node("Squeeze", emit.shape([count * axis.stride]))
    first = emit.node("Range", emit.constant(0, DType.int64), end, emit.constant(axis.stride, DType.int64))
    return emit.node("Add", first, emit.constant([[offset] for offset in offsets], DType.int64))


class Fold(_Patches):
    """torch.nn.Fold: N, C kernel_size[0] kernel_size[1], L -> N, C, *output_size: L patches, as Unfold takes them from
    a map of that size, are added up where they stood."""

    output_size: Positive2

    def infer(self, *inputs: TensorType) -> TensorType:
        of_rank(self, inputs[0], 3, axes="N, C kernel_size[0] kernel_size[1], L")
        of_dtype(self, inputs[0], *FLOATS, DType.bool)
        occupied(self, inputs[0])
        batch, channels, length = inputs[0].shape
        area = prod(self.kernel_size)
        if not can_divide(area, channels):
            text = f"kernel_size is {list(self.kernel_size)}, whose product does not divide {channels} channels"
            raise OpError(text, field="kernel_size")
        rows, columns = (self._count(axis, size) for axis, size in zip(self._axes(), self.output_size, strict=True))
        if not can_equal(length, rows * columns):
            text = f"output_size is {list(self.output_size)}, which holds {rows} x {columns} patches, not {length}"
            raise OpError(text, field="output_size")
        return TensorType.of((batch, channels // area, *self.output_size), inputs[0].dtype)

    def _count(self, axis: Axis, size: int) -> int:
        padded = size + axis.low + axis.high
        if padded < axis.extent:
            text = f"output_size is {list(self.output_size)}, and a kernel covers {axis.extent} of {padded} positions"
            raise OpError(text, field="output_size")
        return (padded - axis.extent) // axis.stride + 1

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        runnable("Col2Im", inputs[0], DType.float32)
        axes = self._axes()
        if emit.opset < 18:
            return self._transposed(emit, values[0], *inputs)
        return emit.node(
            "Col2Im",
            values[0],
            integers(emit, self.output_size),
            integers(emit, self.kernel_size),
            dilations=list(self.dilation),
            pads=onnx_pads(axes),
            strides=list(self.stride),
        )

    def _transposed(self, emit: Emitter, x: Handle, *inputs: TensorType) -> Handle:
        """By a transposed convolution of each channel, whose kernel puts every position of a patch in its place."""
        result, axes, area = self.infer(*inputs), self._axes(), prod(self.kernel_size)
        counts = [self._count(axis, size) for axis, size in zip(axes, self.output_size, strict=True)]
        rest = [
            (size + axis.low + axis.high - axis.extent) % axis.stride
            for axis, size in zip(axes, self.output_size, strict=True)
        ]
        channels, (height, width) = product_of(result.shape[:2]), self.kernel_size
        kernel = [[[[int(k == y * width + x) for x in range(width)] for y in range(height)]] for k in range(area)]
        maps = emit.node(
            "ConvTranspose",
            reshape(emit, x, inputs[0].shape, [channels, area, *counts]),
            emit.constant(kernel),
            dilations=list(self.dilation),
            output_padding=rest,
            pads=onnx_pads(axes),
            strides=list(self.stride),
        )
        return reshape(emit, maps, [channels, 1, *self.output_size], result.shape)
