"""The way back from max pools: values put where they stood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from archspec.dims import Dim, product_of
from archspec.ops.arguments import (
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
from archspec.ops.conditions import can_equal, can_reach
from archspec.ops.emission import filled, reshape
from archspec.ops.window import occupied, spatial_sizes
from archspec.types import DType, TensorType


class _MaxUnpool(Weightless):
    """Zeros, but for the values of the first input, which stand at the indices that the second one holds."""

    inputs: ClassVar[tuple[int, int | None]] = (2, 2)
    spatial: ClassVar[int]
    mixes_channels: ClassVar[bool] = False

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...] | None
    padding: tuple[int, ...]

    def infer(self, *inputs: TensorType) -> TensorType:
        values, places = inputs
        sizes = spatial_sizes(self, values, self.spatial)
        of_dtype(self, values, *FLOATS)
        of_dtype(self, places, DType.int64, input=1)
        pairs = zip(values.shape, places.shape, strict=False)
        if values.rank != places.rank or not all(can_equal(size, other) for size, other in pairs):
            raise OpError(f"MaxUnpool{self.spatial}d reads an index for each value: {places} for {values}", input=1)
        occupied(self, values)
        columns = zip(sizes, self.kernel_size, self.stride or self.kernel_size, self.padding, strict=True)
        return TensorType.of((*values.shape[:2], *(self._grown(*column) for column in columns)), values.dtype)

    def _grown(self, size: Dim, kernel: int, stride: int, padding: int) -> Dim:
        found = (size - 1) * stride - 2 * padding + kernel
        if not can_reach(found, 0):
            sum_ = f"({size} - 1) {stride} - 2 {padding} + {kernel} = {found}"
            raise OpError(f"padding is {padding}, and the size {sum_} has to be 0 or more", field="padding")
        return found

    def receptive(self, *inputs: TensorType) -> Receptive:
        """An index may put any value anywhere."""
        return "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        """ONNX's MaxUnpool counts indices through the whole value, torch through each channel."""
        before, after = inputs[0].shape, self.infer(*inputs).shape
        if 0 in after:
            return filled(emit, 0, after, inputs[0].dtype)
        flat = [*before[:2], product_of(before[2:])]
        spread = [*after[:2], product_of(after[2:])]
        updates, places = (reshape(emit, value, before, flat) for value in values)
        zeros = filled(emit, 0, spread, inputs[0].dtype)
        return reshape(emit, emit.node("ScatterElements", zeros, places, updates, axis=2), spread, after)


class MaxUnpool1d(_MaxUnpool):
    """torch.nn.MaxUnpool1d: N, C, L and indices of the same shape, as MaxPool1d gives them -> N, C, L';
    L' = (L - 1) stride - 2 padding + kernel_size; every value stands at its index, and zeros elsewhere."""

    spatial: ClassVar[int] = 1
    kernel_size: Positive1
    stride: Stride1 = None
    padding: Natural1 = (0,)


class MaxUnpool2d(_MaxUnpool):
    """torch.nn.MaxUnpool2d: N, C, H, W and indices of the same shape -> N, C, H', W', each as in MaxUnpool1d."""

    spatial: ClassVar[int] = 2
    kernel_size: Positive2
    stride: Stride2 = None
    padding: Natural2 = (0, 0)


class MaxUnpool3d(_MaxUnpool):
    """torch.nn.MaxUnpool3d: N, C, D, H, W and indices of the same shape -> N, C, D', H', W', each as in MaxUnpool1d."""

    spatial: ClassVar[int] = 3
    kernel_size: Positive3
    stride: Stride3 = None
    padding: Natural3 = (0, 0, 0)
