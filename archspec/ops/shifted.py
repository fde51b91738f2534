"""Shifted windows: a map cut into windows, in which attention then runs, and put together again.

A map that is no multiple of the window is padded with zeros below and on the right; then its positions move up and
left by the shift, and those that fall off come in again on the other side. An axis that one window covers is not
shifted. Source: Liu et al., Swin Transformer, 2021 (arXiv:2103.14030), with torchvision's rules for padding and small
maps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import ClassVar, NamedTuple

from archspec.dims import Dim, product_of
from archspec.ops.arguments import Natural2, Positive2
from archspec.ops.base import (
    SINGLE,
    Emitter,
    Fact,
    Handle,
    OpError,
    Receptive,
    TorchModule,
    TorchRecipe,
    Weightless,
    Window,
    of_dtype,
    of_rank,
)
from archspec.ops.conditions import can_equal
from archspec.ops.emission import integers, moved_on, reshape, rolled
from archspec.ops.window import occupied
from archspec.types import DType, TensorType

_MAP = "N, H, W, C"


class _Axis(NamedTuple):
    """One axis of a map, and the windows along it."""

    axis: int
    size: Dim
    window: int
    shift: int

    @property
    def windows(self) -> Dim:
        """How many windows cover it."""
        return (self.size + (self.window - 1)) // self.window

    @property
    def formula(self) -> str:
        """The same with its numbers."""
        return f"floor(({self.size} + {self.window} - 1) / {self.window})"

    @property
    def padded(self) -> Dim:
        return self.windows * self.window

    def moved(self, emit: Emitter, x: Handle, sign: int) -> Handle:
        """x with its positions moved on by the shift; of a symbolic size, if there are several windows."""
        if not self.shift or self.windows == 1:
            return x
        if isinstance(self.windows, int):
            return rolled(emit, x, self.axis, self.padded, sign * self.shift)
        several = emit.node("Greater", emit.shape([self.windows]), integers(emit, [1]))
        shift = emit.node("Where", several, integers(emit, [sign * self.shift]), integers(emit, [0]))
        return moved_on(emit, x, self.axis, emit.shape([self.padded]), shift)

    def last(self, emit: Emitter) -> Handle:
        """1 for the last of several windows, else 0."""
        if isinstance(self.windows, int):
            return integers(emit, [0] * (self.windows - 1) + [int(self.windows > 1)])
        count = emit.shape([self.windows])
        one = emit.constant(1, DType.int64)
        numbers = emit.node("Range", one, emit.node("Squeeze", emit.shape([self.windows + 1])), one)
        ends = emit.node("And", emit.node("Equal", numbers, count), emit.node("Greater", count, one))
        return emit.node("Cast", ends, to=DType.int64)


def _padded(emit: Emitter, x: Handle, axes: Sequence[_Axis]) -> Handle:
    """A map with zeros up to whole windows."""
    missing = [each.padded - each.size for each in axes]
    return emit.node("Pad", x, emit.shape([0, 0, 0, 0, 0, *missing, 0])) if any(size != 0 for size in missing) else x


class _Shifted(Weightless):
    """What ops on shifted windows share."""

    window_size: Positive2
    shift_size: Natural2 = (0, 0)

    def _axes(self, map_: TensorType, input: int = 0) -> tuple[_Axis, _Axis]:
        """The rows and the columns of a map."""
        of_rank(self, map_, 4, axes=_MAP, input=input)
        of_dtype(self, map_, SINGLE, input=input)
        occupied(self, map_, input=input)
        if any(shift >= window for shift, window in zip(self.shift_size, self.window_size, strict=True)):
            shift, window = list(self.shift_size), list(self.window_size)
            raise OpError(f"shift_size is {shift}, which has to be below window_size, {window}", field="shift_size")
        columns = zip((1, 2), map_.shape[1:3], self.window_size, self.shift_size, strict=True)
        rows, cols = (_Axis(*each) for each in columns)
        return rows, cols

    def receptive(self, *inputs: TensorType) -> Receptive:
        """Windows tile the map, and none slides over it."""
        return "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        arguments = {"window_size": self.window_size, "shift_size": self.shift_size}
        return TorchModule(f"archspec.backends.torch.shifted.{type(self).__name__}", arguments)


class WindowPartition(_Shifted):
    """The windows of a map, shifted: N, H, W, C -> N, windows, positions of one, C, both row by row. Pads with zeros
    to whole windows. Source: Liu et al., 2021 (arXiv:2103.14030)."""

    mixes_channels: ClassVar[bool] = False

    def infer(self, *inputs: TensorType) -> TensorType:
        windows = product_of([each.windows for each in self._axes(inputs[0])])
        batch, _, _, channels = inputs[0].shape
        axes = (inputs[0].axes[0], None, "L", inputs[0].axes[3])
        return TensorType((batch, windows, prod(self.window_size), channels), axes, inputs[0].dtype)

    def arithmetic(self, *inputs: TensorType) -> Mapping[int, str]:
        windows = " * ".join(each.formula for each in self._axes(inputs[0]))
        return {1: windows, 2: " * ".join(map(str, self.window_size))}

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        axes = rows, cols = self._axes(inputs[0])
        batch, _, _, channels = inputs[0].shape
        x = _padded(emit, values[0], axes)
        for each in axes:
            x = each.moved(emit, x, -1)
        before = (batch, rows.padded, cols.padded, channels)
        x = reshape(emit, x, before, (batch, rows.windows, rows.window, cols.windows, cols.window, channels))
        x = emit.node("Transpose", x, perm=[0, 1, 3, 2, 4, 5])
        cut = (batch, rows.windows, cols.windows, rows.window, cols.window, channels)
        return reshape(emit, x, cut, self.infer(*inputs).shape)


class WindowMerge(_Shifted):
    """The inverse of WindowPartition: reads windows and a map of the size that they were cut from, N, windows,
    positions, C and N, H, W, ... -> N, H, W, C."""

    inputs: ClassVar[tuple[int, int | None]] = (2, 2)
    taken: ClassVar[int | None] = 1
    mixes_channels: ClassVar[bool] = False

    def infer(self, *inputs: TensorType) -> TensorType:
        windows, map_ = inputs
        of_rank(self, windows, 4, axes="N, windows, positions, C")
        of_dtype(self, windows, SINGLE)
        count = product_of([each.windows for each in self._axes(map_, input=1)])
        wanted = (map_.shape[0], count, prod(self.window_size))
        for axis, (size, found) in enumerate(zip(wanted, windows.shape[:3], strict=True)):
            if not can_equal(found, size):
                text = f"WindowMerge to {map_} reads windows with {size} along axis {axis}, and gets {windows}"
                raise OpError(text, input=0, code="A503", facts=[Fact(0, axis)])
        return TensorType((*map_.shape[:3], windows.shape[3]), (*map_.axes[:3], windows.axes[3]), windows.dtype)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        axes = rows, cols = self._axes(inputs[1], input=1)
        batch, _, _, channels = inputs[0].shape
        cut = (batch, rows.windows, cols.windows, rows.window, cols.window, channels)
        x = reshape(emit, values[0], inputs[0].shape, cut)
        x = emit.node("Transpose", x, perm=[0, 1, 3, 2, 4, 5])
        between = (batch, rows.windows, rows.window, cols.windows, cols.window, channels)
        x = reshape(emit, x, between, (batch, rows.padded, cols.padded, channels))
        for each in axes:
            x = each.moved(emit, x, 1)
        if all(each.padded == each.size for each in axes):
            return x
        ends = emit.shape([rows.size, cols.size])
        return emit.node("Slice", x, integers(emit, [0, 0]), ends, integers(emit, [1, 2]))


class WindowMask(_Shifted):
    """What is added to the scores of attention in the windows of a map: 0 between positions that were neighbours
    before the shift, and -100 between those that it brought together. N, H, W, C, of which it reads the sizes alone ->
    windows, 1, positions, positions. Source: Liu et al., 2021 (arXiv:2103.14030), with torchvision's -100."""

    taken: ClassVar[int | None] = 0

    def infer(self, *inputs: TensorType) -> TensorType:
        count = product_of([each.windows for each in self._axes(inputs[0])])
        area = prod(self.window_size)
        return TensorType((count, 1, area, area), (None,) * 4, inputs[0].dtype)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        """Each position has the number of its region: windows but the last are of one region, the last row or column
        of windows of two."""
        rows, cols = self._axes(inputs[0])
        parts = []
        for each, shape, weight in ((rows, [-1, 1, rows.window, 1], 2), (cols, [1, -1, 1, cols.window], 1)):
            inside = [weight * (k >= each.window - each.shift) for k in range(each.window)]
            last = emit.node("Unsqueeze", each.last(emit), integers(emit, [1]))
            parts.append(emit.node("Reshape", emit.node("Mul", last, integers(emit, inside)), integers(emit, shape)))
        regions = emit.node("Reshape", emit.node("Add", *parts), integers(emit, [-1, 1, 1, prod(self.window_size)]))
        same = emit.node("Equal", regions, emit.node("Transpose", regions, perm=[0, 1, 3, 2]))
        return emit.node("Where", same, emit.constant(0.0), emit.constant(-100.0))


def _squares(map_: TensorType) -> tuple[_Axis, _Axis]:
    """The windows of 2 x 2 positions."""
    return _Axis(1, map_.shape[1], 2, 0), _Axis(2, map_.shape[2], 2, 0)


class PatchUnshuffle(Weightless):
    """Squares of 2 x 2 positions as one, with their channels side by side, column by column: N, H, W, C -> N,
    ceil(H / 2), ceil(W / 2), 4 C. Pads with zeros below and on the right where a size is odd. Source: Liu et al., 2021
    (arXiv:2103.14030), section 3.1."""

    def infer(self, *inputs: TensorType) -> TensorType:
        of_rank(self, inputs[0], 4, axes=_MAP)
        of_dtype(self, inputs[0], SINGLE)
        occupied(self, inputs[0])
        batch, _, _, channels = inputs[0].shape
        rows, cols = _squares(inputs[0])
        return inputs[0]._replace(shape=(batch, rows.windows, cols.windows, 4 * channels))

    def arithmetic(self, *inputs: TensorType) -> Mapping[int, str]:
        rows, cols = _squares(inputs[0])
        return {1: rows.formula, 2: cols.formula, 3: f"4 * {inputs[0].shape[3]}"}

    def receptive(self, *inputs: TensorType) -> Receptive:
        """On a map whose axes say so."""
        return Window((2, 2), (2, 2), (0, 0)) if inputs[0].axes[1:3] == ("H", "W") else "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchModule("archspec.backends.torch.shifted.PatchUnshuffle", {})

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        batch, _, _, channels = inputs[0].shape
        axes = rows, cols = _squares(inputs[0])
        x = _padded(emit, values[0], axes)
        before = (batch, rows.padded, cols.padded, channels)
        x = reshape(emit, x, before, (batch, rows.windows, 2, cols.windows, 2, channels))
        x = emit.node("Transpose", x, perm=[0, 1, 3, 4, 2, 5])
        return reshape(emit, x, (batch, rows.windows, cols.windows, 2, 2, channels), self.infer(*inputs).shape)
