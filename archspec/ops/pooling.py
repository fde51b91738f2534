"""Pooling over sliding windows: the greatest value, the mean, and the power mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, prod
from typing import ClassVar

from pydantic import Field

from archspec.dims import Dim, product_of
from archspec.ops.arguments import (
    Lone1,
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
    of_dtype,
    torch_nn,
)
from archspec.ops.conditions import can_reach
from archspec.ops.emission import integers, pad, runnable, within_plane, zeros_around
from archspec.ops.window import Axis, fitting, occupied, onnx_pads, sliding, spatial_sizes, window
from archspec.types import DType, TensorType


class _WindowPool(Weightless):
    """What all pools over sliding windows share: each axis behind the channels is pooled by itself; `stride` is
    `kernel_size` where it isn't given."""

    spatial: ClassVar[int]
    mixes_channels: ClassVar[bool] = False

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...] | None
    ceil_mode: bool = False

    def _padding(self) -> tuple[int, ...]:
        return (0,) * self.spatial

    def _dilation(self) -> tuple[int, ...]:
        return (1,) * self.spatial

    def _axes(self) -> tuple[Axis, ...]:
        columns = zip(self.kernel_size, self.stride or self.kernel_size, self._dilation(), self._padding(), strict=True)
        axes = tuple(Axis(kernel, stride, dilation, size, size) for kernel, stride, dilation, size in columns)
        return tuple(axis.covering() for axis in axes) if self.ceil_mode else axes

    def _pooled(self, type_: TensorType) -> TensorType:
        spatial_sizes(self, type_, self.spatial)
        of_dtype(self, type_, *FLOATS)
        for kernel, padding in zip(self.kernel_size, self._padding(), strict=True):
            if padding > kernel // 2:
                raise OpError(
                    f"padding is {padding}, and a kernel of {kernel} takes half of that at most", field="padding"
                )
        occupied(self, type_)
        found = fitting(self._axes(), type_)
        return TensorType.of((*type_.shape[:2], *found), type_.dtype)

    def arithmetic(self, *inputs: TensorType) -> Mapping[int, str]:
        return sliding(self._axes(), inputs[0])

    def receptive(self, *inputs: TensorType) -> Receptive:
        return window(self._axes())

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)


class _MaxPool(_WindowPool):
    """The greatest value of each window; padding never wins."""

    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    return_indices: bool = False

    @property
    def multiple(self) -> bool:
        return self.return_indices

    def _padding(self) -> tuple[int, ...]:
        return self.padding

    def _dilation(self) -> tuple[int, ...]:
        return self.dilation

    def infer(self, *inputs: TensorType) -> TensorType | tuple[TensorType, ...]:
        found = self._pooled(inputs[0])
        return (found, found._replace(dtype=DType.int64)) if self.return_indices else found

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle | tuple[Handle, ...]:
        x, axes, sizes = values[0], self._axes(), list(inputs[0].shape[2:])
        beyond = any(axis.high >= axis.kernel for axis in axes)
        if beyond:  # more than ONNX runtimes take as padding of a pool
            sides = [(0, 0), (0, 0), *((axis.low, axis.high) for axis in axes)]
            x = pad(emit, x, sides, value=emit.constant(-inf, inputs[0].dtype))
        attributes = {
            "kernel_shape": [axis.kernel for axis in axes],
            "strides": [axis.stride for axis in axes],
            "dilations": [axis.dilation for axis in axes],
            "pads": [0] * 2 * self.spatial if beyond else onnx_pads(axes),
        }
        if not self.return_indices:
            return emit.node("MaxPool", x, **attributes)
        greatest, places = emit.nodes("MaxPool", 2, x, **attributes)
        if not beyond:
            return greatest, within_plane(emit, places, sizes)
        padded = [size + (axis.low + axis.high) for size, axis in zip(sizes, axes, strict=True)]
        return greatest, _moved(emit, within_plane(emit, places, padded), padded, sizes, axes)


def _moved(emit: Emitter, places: Handle, padded: list[Dim], sizes: list[Dim], axes: tuple[Axis, ...]) -> Handle:
    """Places in padded planes as places in the planes of these sizes."""
    total = None
    for k, axis in enumerate(axes):
        at = emit.node("Div", places, emit.shape([product_of(padded[k + 1 :])]))
        at = emit.node("Mod", at, emit.shape([padded[k]]))
        at = emit.node("Sub", at, integers(emit, [axis.low]))
        at = emit.node("Mul", at, emit.shape([product_of(sizes[k + 1 :])]))
        total = at if total is None else emit.node("Add", total, at)
    return total


class MaxPool1d(_MaxPool):
    """torch.nn.MaxPool1d: N, C, L -> N, C, L';
    L' = floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1, or with ceil_mode the ceiling,
    as long as the last window starts before the far padding. With return_indices two values: the greatest ones, and
    where in their channel they stand (int64)."""

    spatial: ClassVar[int] = 1
    kernel_size: Positive1
    stride: Stride1 = None
    padding: Natural1 = (0,)
    dilation: Positive1 = (1,)


class MaxPool2d(_MaxPool):
    """torch.nn.MaxPool2d: N, C, H, W -> N, C, H', W', each as in MaxPool1d; indices count through H x W."""

    spatial: ClassVar[int] = 2
    kernel_size: Positive2
    stride: Stride2 = None
    padding: Natural2 = (0, 0)
    dilation: Positive2 = (1, 1)


class MaxPool3d(_MaxPool):
    """torch.nn.MaxPool3d: N, C, D, H, W -> N, C, D', H', W', each as in MaxPool1d; indices count through D x H x W."""

    spatial: ClassVar[int] = 3
    kernel_size: Positive3
    stride: Stride3 = None
    padding: Natural3 = (0, 0, 0)
    dilation: Positive3 = (1, 1, 1)


class _MeanPool(_WindowPool):
    """A pool by means. Over three axes torch has them in single and double precision only, and of inputs that are no
    smaller than the kernel, whatever the padding."""

    def infer(self, *inputs: TensorType) -> TensorType:
        found = self._pooled(inputs[0])
        if self.spatial < 3:
            return found
        of_dtype(self, inputs[0], DType.float32, DType.float64)
        for kernel, size in zip(self.kernel_size, inputs[0].shape[2:], strict=True):
            if not can_reach(size, kernel):
                raise OpError(f"a kernel of {kernel} does not fit into {size} positions, padding left aside", input=0)
        return found

    def _mean(self, emit: Emitter, x: Handle, type_: TensorType, axes: tuple[Axis, ...], include: bool) -> Handle:
        runnable("AveragePool", type_, DType.float32, DType.float16)
        if include and emit.opset >= 19 and len(set(onnx_pads(axes))) > 1:
            # From that opset on, onnxruntime 1.21 to 1.24 take one end of a padding that counts for another.
            x = zeros_around(emit, x, [(axis.low, axis.high) for axis in axes])
            axes = tuple(axis._replace(low=0, high=0) for axis in axes)
        return emit.node(
            "AveragePool",
            x,
            kernel_shape=[axis.kernel for axis in axes],
            strides=[axis.stride for axis in axes],
            pads=onnx_pads(axes),
            count_include_pad=int(include),
        )


class _AvgPool(_MeanPool):
    """The mean of each window. What `ceil_mode` adds after the padding never counts in the divisor."""

    padding: tuple[int, ...]
    count_include_pad: bool = True

    def _padding(self) -> tuple[int, ...]:
        return self.padding

    def _divisor(self) -> int | None:
        return None

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        x, axes, divisor = values[0], self._axes(), self._divisor()
        include = self.count_include_pad or divisor is not None
        beyond = [axis.high - padding for axis, padding in zip(axes, self.padding, strict=True)]
        if self.count_include_pad and divisor is None and any(beyond):
            # The padding proper becomes part of the input, so that only what lies beyond is left out.
            x = zeros_around(emit, x, [(size, size) for size in self.padding])
            axes = tuple(axis._replace(low=0, high=more) for axis, more in zip(axes, beyond, strict=True))
            include = False
        x = self._mean(emit, x, inputs[0], axes, include)
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
    """torch.nn.AvgPool3d: N, C, D, H, W -> N, C, D', H', W', each as in AvgPool2d; D, H and W are at
    least those of the kernel."""

    spatial: ClassVar[int] = 3
    kernel_size: Positive3
    stride: Stride3 = None
    padding: Natural3 = (0, 0, 0)


class _LPPool(_MeanPool):
    """The sum of the powers of each window, and its root: (sum x^norm_type)^(1 / norm_type). As in torch, a window that
    `ceil_mode` lets stand out is scaled up to a whole one, and odd powers keep their sign, whose root is NaN."""

    norm_type: float

    def infer(self, *inputs: TensorType) -> TensorType:
        if self.norm_type == 0:
            raise OpError(f"norm_type is {self.norm_type}, and has to be another number than 0", field="norm_type")
        return super().infer(*inputs)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        powers = emit.node("Pow", values[0], emit.constant(self.norm_type, inputs[0].dtype))
        means = self._mean(emit, powers, inputs[0], self._axes(), include=False)
        sums = emit.node("Mul", means, emit.constant(prod(self.kernel_size), inputs[0].dtype))
        return emit.node("Pow", sums, emit.constant(1 / self.norm_type, inputs[0].dtype))


class LPPool1d(_LPPool):
    """torch.nn.LPPool1d: N, C, L -> N, C, L', as in MaxPool1d without padding and dilation; each window gives
    (sum of x^norm_type)^(1 / norm_type)."""

    spatial: ClassVar[int] = 1
    kernel_size: Lone1
    stride: Stride1 = None


class LPPool2d(_LPPool):
    """torch.nn.LPPool2d: N, C, H, W -> N, C, H', W', each as in LPPool1d."""

    spatial: ClassVar[int] = 2
    kernel_size: Positive2
    stride: Stride2 = None


class LPPool3d(_LPPool):
    """torch.nn.LPPool3d: N, C, D, H, W -> N, C, D', H', W', each as in LPPool1d; D, H and W are at least
    those of the kernel."""

    spatial: ClassVar[int] = 3
    kernel_size: Positive3
    stride: Stride3 = None
