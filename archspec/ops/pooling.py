"""Pooling: maximum and average over windows, and average over a fixed number of parts."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, prod
from typing import ClassVar

from pydantic import Field

from archspec.dims import Dim
from archspec.ops.arguments import (
    Adaptive2,
    Adaptive3,
    Natural1,
    Natural2,
    Natural3,
    Positive1,
    Positive2,
    Positive3,
    Stride1,
    Stride2,
    Stride3,
)
from archspec.ops.base import (
    FLOATS,
    Emitter,
    Handle,
    OpError,
    Receptive,
    TorchRecipe,
    Weightless,
    Window,
    layout,
    of_dtype,
    of_rank,
    torch_nn,
)
from archspec.ops.emission import mean, pad
from archspec.ops.window import Axis, onnx_pads, window
from archspec.types import TensorType


class _Pool(Weightless):
    """What all pools share: each axis behind the channels is pooled by itself."""

    spatial: ClassVar[int]

    def _spatial(self, type_: TensorType) -> tuple[Dim, ...]:
        of_rank(self, type_, self.spatial + 2, axes=layout(self.spatial + 2))
        of_dtype(self, type_, *FLOATS)
        return type_.shape[2:]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)


class _WindowPool(_Pool):
    """A pool over sliding windows; `stride` is `kernel_size` where it isn't given."""

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...] | None
    padding: tuple[int, ...]
    ceil_mode: bool = False

    def _dilation(self) -> tuple[int, ...]:
        return (1,) * self.spatial

    def _axes(self) -> tuple[Axis, ...]:
        columns = zip(self.kernel_size, self.stride or self.kernel_size, self._dilation(), self.padding, strict=True)
        axes = tuple(Axis(kernel, stride, dilation, size, size) for kernel, stride, dilation, size in columns)
        return tuple(axis.covering() for axis in axes) if self.ceil_mode else axes

    def infer(self, *inputs: TensorType) -> TensorType:
        spatial = self._spatial(inputs[0])
        for kernel, padding in zip(self.kernel_size, self.padding, strict=True):
            if padding > kernel // 2:
                raise OpError(
                    f"padding is {padding}, and a kernel of {kernel} takes half of that at most", field="padding"
                )
        sizes = [axis.fitting(size) for axis, size in zip(self._axes(), spatial, strict=True)]
        return TensorType.of((*inputs[0].shape[:2], *sizes), inputs[0].dtype)

    def receptive(self, *inputs: TensorType) -> Receptive:
        return window(self._axes())


class _MaxPool(_WindowPool):
    """The greatest value of each window; padding never wins."""

    dilation: tuple[int, ...]

    def _dilation(self) -> tuple[int, ...]:
        return self.dilation

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        x, axes = values[0], self._axes()
        if any(axis.high >= axis.kernel for axis in axes):  # more than ONNX runtimes take as padding of a pool
            sides = [(0, 0), (0, 0), *((axis.low, axis.high) for axis in axes)]
            x = pad(emit, x, sides, value=emit.constant(-inf, inputs[0].dtype))
            axes = tuple(axis._replace(low=0, high=0) for axis in axes)
        return emit.node(
            "MaxPool",
            x,
            kernel_shape=[axis.kernel for axis in axes],
            strides=[axis.stride for axis in axes],
            dilations=[axis.dilation for axis in axes],
            pads=onnx_pads(axes),
        )


class MaxPool1d(_MaxPool):
    """torch.nn.MaxPool1d: N, C, L -> N, C, L';
    L' = floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1, or with ceil_mode the ceiling,
    as long as the last window starts before the far padding."""

    spatial: ClassVar[int] = 1
    kernel_size: Positive1
    stride: Stride1 = None
    padding: Natural1 = (0,)
    dilation: Positive1 = (1,)


class MaxPool2d(_MaxPool):
    """torch.nn.MaxPool2d: N, C, H, W -> N, C, H', W', each as in MaxPool1d."""

    spatial: ClassVar[int] = 2
    kernel_size: Positive2
    stride: Stride2 = None
    padding: Natural2 = (0, 0)
    dilation: Positive2 = (1, 1)


class MaxPool3d(_MaxPool):
    """torch.nn.MaxPool3d: N, C, D, H, W -> N, C, D', H', W', each as in MaxPool1d."""

    spatial: ClassVar[int] = 3
    kernel_size: Positive3
    stride: Stride3 = None
    padding: Natural3 = (0, 0, 0)
    dilation: Positive3 = (1, 1, 1)


class _AvgPool(_WindowPool):
    """The mean of each window. What `ceil_mode` adds after the padding never counts in the divisor."""

    count_include_pad: bool = True

    def _divisor(self) -> int | None:
        return None

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        x, axes, divisor = values[0], self._axes(), self._divisor()
        include = self.count_include_pad or divisor is not None
        beyond = [axis.high - padding for axis, padding in zip(axes, self.padding, strict=True)]
        if self.count_include_pad and divisor is None and any(beyond):
            # The padding proper becomes part of the input, so that only what lies beyond is left out.
            x = pad(emit, x, [(0, 0), (0, 0), *((size, size) for size in self.padding)])
            axes = tuple(axis._replace(low=0, high=more) for axis, more in zip(axes, beyond, strict=True))
            include = False
        x = emit.node(
            "AveragePool",
            x,
            kernel_shape=[axis.kernel for axis in axes],
            strides=[axis.stride for axis in axes],
            pads=onnx_pads(axes),
            count_include_pad=int(include),
        )
        if divisor is None:
            return x
        return emit.node("Mul", x, emit.constant(prod(self.kernel_size) / divisor, inputs[0].dtype))


class _DividedAvgPool(_AvgPool):
    """The pools that take `divisor_override`, which divides the sum of each window in place of the
    number of its positions."""

    divisor_override: int | None = Field(None, ge=1)

    def _divisor(self) -> int | None:
        return self.divisor_override


class AvgPool1d(_AvgPool):
    """torch.nn.AvgPool1d: N, C, L -> N, C, L', as in MaxPool1d without dilation."""

    spatial: ClassVar[int] = 1
    kernel_size: Positive1
    stride: Stride1 = None
    padding: Natural1 = (0,)


class AvgPool2d(_DividedAvgPool):
    """torch.nn.AvgPool2d: N, C, H, W -> N, C, H', W', each as in AvgPool1d."""

    spatial: ClassVar[int] = 2
    kernel_size: Positive2
    stride: Stride2 = None
    padding: Natural2 = (0, 0)


class AvgPool3d(_DividedAvgPool):
    """torch.nn.AvgPool3d: N, C, D, H, W -> N, C, D', H', W', each as in AvgPool2d. The input is no
    smaller than the kernel: torch counts no padding there."""

    spatial: ClassVar[int] = 3
    kernel_size: Positive3
    stride: Stride3 = None
    padding: Natural3 = (0, 0, 0)

    def infer(self, *inputs: TensorType) -> TensorType:
        for kernel, size in zip(self.kernel_size, self._spatial(inputs[0]), strict=True):
            if isinstance(size, int) and size < kernel:
                raise OpError(f"a kernel of {kernel} does not fit into {size} positions, padding left aside", input=0)
        return super().infer(*inputs)


class _AdaptiveAvgPool(_Pool):
    """The mean over `output_size` parts of each axis: part i of x is [floor(i x / n), ceil((i + 1) x / n))."""

    output_size: tuple[int | None, ...]

    def _targets(self, spatial: tuple[Dim, ...]) -> list[Dim]:
        return [size if wanted is None else wanted for wanted, size in zip(self.output_size, spatial, strict=True)]

    def infer(self, *inputs: TensorType) -> TensorType:
        return TensorType.of((*inputs[0].shape[:2], *self._targets(self._spatial(inputs[0]))), inputs[0].dtype)

    def receptive(self, *inputs: TensorType) -> Receptive:
        """Windows where the parts are equal; else the whole, though a part sees less."""
        kernel = self._equal_parts(inputs[0].shape[2:])
        if all(target == 1 for target in self.output_size) or kernel is None:
            return "whole"
        return Window(kernel, kernel, (0,) * self.spatial)

    def _equal_parts(self, spatial: tuple[Dim, ...]) -> tuple[int, ...] | None:
        """The size of the parts per axis, where all parts of an axis are of one size that is known."""
        sizes = []
        for target, size in zip(self._targets(spatial), spatial, strict=True):
            if target == size:
                sizes.append(1)
            elif isinstance(size, int) and isinstance(target, int) and size % target == 0:
                sizes.append(size // target)
            else:
                return None
        return tuple(sizes)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        spatial = inputs[0].shape[2:]
        if all(target == 1 for target in self.output_size):
            return emit.node("GlobalAveragePool", values[0])
        kernel = self._equal_parts(spatial)
        if kernel is None:
            return self._by_matrices(emit, values[0], inputs[0])
        if max(kernel) == 1:
            return values[0]
        return emit.node("AveragePool", values[0], kernel_shape=list(kernel), strides=list(kernel), count_include_pad=0)

    def _by_matrices(self, emit: Emitter, x: Handle, type_: TensorType) -> Handle:
        """Each axis in turn stands last, is multiplied by a matrix of means, and goes to the front of the
        spatial axes; after all of them have, they stand in order again."""
        spatial = type_.shape[2:]
        turned = [0, 1, self.spatial + 1, *range(2, self.spatial + 1)]
        for size, target in reversed(list(zip(spatial, self._targets(spatial), strict=True))):
            if target == 1:
                x = mean(emit, x, [-1])
            elif target != size:
                if not isinstance(size, int) or not isinstance(target, int):
                    raise OpError(
                        f"ONNX has no pool from {size} positions to {target}; a symbolic size goes to 1 only",
                        field="output_size",
                    )
                x = emit.node("MatMul", x, emit.constant(_means(size, target), type_.dtype))
            if self.spatial > 1:
                x = emit.node("Transpose", x, perm=turned)
        return x


def _means(size: int, parts: int) -> list[list[float]]:
    """The matrix of `size` rows that takes the mean of each part."""
    bounds = [(i * size // parts, -(-(i + 1) * size // parts)) for i in range(parts)]
    return [[1 / (end - start) if start <= row < end else 0.0 for start, end in bounds] for row in range(size)]


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """torch.nn.AdaptiveAvgPool1d: N, C, L -> N, C, output_size."""

    spatial: ClassVar[int] = 1
    output_size: Positive1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """torch.nn.AdaptiveAvgPool2d: N, C, H, W -> N, C, *output_size; null in a list keeps a size."""

    spatial: ClassVar[int] = 2
    output_size: Adaptive2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """torch.nn.AdaptiveAvgPool3d: N, C, D, H, W -> N, C, *output_size; null in a list keeps a size."""

    spatial: ClassVar[int] = 3
    output_size: Adaptive3
