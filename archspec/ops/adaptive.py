"""Pooling into a fixed number of parts: part i of n of an axis of size x is [floor(i x / n), ceil((i + 1) x / n))."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product, starmap
from math import prod
from operator import mul
from typing import ClassVar

from archspec.dims import Dim, product_of
from archspec.ops.arguments import Adaptive2, Adaptive3, Natural1
from archspec.ops.base import (
    FLOATS,
    Emitter,
    Handle,
    Op,
    OpError,
    Receptive,
    TorchRecipe,
    Weightless,
    Window,
    of_dtype,
    torch_nn,
)
from archspec.ops.emission import along_axes, filled, integers, mean, reduced, reshape, within_plane
from archspec.ops.window import occupied, spatial_sizes
from archspec.types import DType, TensorType

Targets = Sequence[Dim]


class _AdaptivePool(Weightless):
    """What these pools share; a null among the sizes keeps that of the input."""

    spatial: ClassVar[int]
    mixes_channels: ClassVar[bool] = False

    output_size: tuple[int | None, ...]

    def _targets(self, type_: TensorType) -> list[Dim]:
        sizes = spatial_sizes(self, type_, self.spatial)
        return [size if wanted is None else wanted for wanted, size in zip(self.output_size, sizes, strict=True)]

    def _pooled(self, type_: TensorType) -> TensorType:
        targets = self._targets(type_)
        of_dtype(self, type_, *FLOATS)
        return TensorType.of((*type_.shape[:2], *targets), type_.dtype)

    def receptive(self, *inputs: TensorType) -> Receptive:
        """Windows where the parts are equal; else the whole, though a part sees less."""
        kernel = equal_parts(inputs[0].shape[2:], self._targets(inputs[0]))
        if all(target == 1 for target in self.output_size) or kernel is None:
            return "whole"
        return Window(kernel, kernel, (0,) * self.spatial)

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)


def equal_parts(sizes: Sequence[Dim], targets: Targets) -> tuple[int, ...] | None:
    """The size of the parts per axis, where all parts of an axis are of one size that is known."""
    found = []
    for size, target in zip(sizes, targets, strict=True):
        if target == size:
            found.append(1)
        elif isinstance(size, int) and isinstance(target, int) and target and size and size % target == 0:
            found.append(size // target)
        else:
            return None
    return tuple(found)


def _bounds(size: int, parts: int) -> list[tuple[int, int]]:
    """Where each part starts and ends."""
    return [(i * size // parts, -(-(i + 1) * size // parts)) for i in range(parts)]


def _known(sizes: Sequence[Dim], targets: Targets) -> list[tuple[int, int]]:
    """Sizes and targets as numbers. Raises OpError for symbols."""
    pairs = list(zip(sizes, targets, strict=True))
    for size, target in pairs:
        if not isinstance(size, int) or not isinstance(target, int):
            text = f"ONNX has no pool from {size} positions to {target}; a symbolic size goes to 1 only"
            raise OpError(text, input=0)
    return pairs  # type: ignore[return-value]  # numbers all


class _AdaptiveAvgPool(_AdaptivePool):
    """The mean over the parts."""

    def infer(self, *inputs: TensorType) -> TensorType:
        found = self._pooled(inputs[0])
        averaged(self, inputs[0], found.shape[2:])
        return found

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit_means(emit, values[0], inputs[0], self._targets(inputs[0]))


def averaged(op: Op, type_: TensorType, targets: Targets) -> None:
    """Refuse an input of no positions, and over three axes of no channels; into one part, torch takes the mean of
    nothing too."""
    if any(target != 1 for target in targets):
        occupied(op, type_, start=1 if type_.rank == 5 else 2)


def emit_means(emit: Emitter, x: Handle, type_: TensorType, targets: Targets) -> Handle:
    """The means over so many parts of each axis behind the channels."""
    shape = [*type_.shape[:2], *targets]
    if 0 in shape:
        return filled(emit, 0, shape, type_.dtype)
    if 0 in type_.shape:
        raise OpError(f"onnxruntime takes no mean of nothing: {type_}", input=0)
    kernel = equal_parts(type_.shape[2:], targets)
    if kernel and max(kernel) == 1:
        return x
    if type_.dtype is DType.float64:  # for which onnxruntime has no pools of means
        return _by_matrices(emit, x, type_, targets)
    if all(target == 1 for target in targets):
        return emit.node("GlobalAveragePool", x)
    if kernel is None:
        return _by_matrices(emit, x, type_, targets)
    return emit.node("AveragePool", x, kernel_shape=list(kernel), strides=list(kernel), count_include_pad=0)


def _by_matrices(emit: Emitter, x: Handle, type_: TensorType, targets: Targets) -> Handle:
    def step(size: Dim, target: Dim, x: Handle) -> Handle:
        if target == size:
            return x
        if target == 1:
            return mean(emit, x, [-1])
        ((rows, parts),) = _known([size], [target])
        return emit.node("MatMul", x, emit.constant(_means(rows, parts), type_.dtype))

    pairs = zip(type_.shape[2:], targets, strict=True)
    return along_axes(emit, x, type_.rank, [partial(step, *pair) for pair in pairs])


def _means(size: int, parts: int) -> list[list[float]]:
    """The matrix of `size` rows that takes the mean of each part."""
    bounds = _bounds(size, parts)
    return [[1 / (end - start) if start <= row < end else 0.0 for start, end in bounds] for row in range(size)]


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """torch.nn.AdaptiveAvgPool1d: N, C, L -> N, C, output_size; part i is the mean over
    floor(i L / output_size) to ceil((i + 1) L / output_size)."""

    spatial: ClassVar[int] = 1
    output_size: Natural1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """torch.nn.AdaptiveAvgPool2d: N, C, H, W -> N, C, *output_size; null in a list keeps a size."""

    spatial: ClassVar[int] = 2
    output_size: Adaptive2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """torch.nn.AdaptiveAvgPool3d: N, C, D, H, W -> N, C, *output_size; null in a list keeps a size."""

    spatial: ClassVar[int] = 3
    output_size: Adaptive3


class _AdaptiveMaxPool(_AdaptivePool):
    """The greatest value of each part."""

    return_indices: bool = False

    @property
    def multiple(self) -> bool:
        return self.return_indices

    def infer(self, *inputs: TensorType) -> TensorType | tuple[TensorType, ...]:
        found = self._pooled(inputs[0])
        occupied(self, inputs[0])
        return (found, found._replace(dtype=DType.int64)) if self.return_indices else found

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle | tuple[Handle, ...]:
        (x,), (type_,), targets = values, inputs, self._targets(inputs[0])
        shape = [*type_.shape[:2], *targets]
        if 0 in shape:
            nothing = filled(emit, 0, shape, type_.dtype)
            return (nothing, filled(emit, 0, shape, DType.int64)) if self.return_indices else nothing
        if all(target == 1 for target in targets):
            return self._of_the_whole(emit, x, type_)
        kernel = equal_parts(type_.shape[2:], targets)
        if kernel is None:
            return self._by_places(emit, x, type_, shape)
        if not self.return_indices:
            return emit.node("MaxPool", x, kernel_shape=list(kernel), strides=list(kernel))
        greatest, places = emit.nodes("MaxPool", 2, x, kernel_shape=list(kernel), strides=list(kernel))
        return greatest, within_plane(emit, places, type_.shape[2:])

    def _of_the_whole(self, emit: Emitter, x: Handle, type_: TensorType) -> Handle | tuple[Handle, ...]:
        if type_.dtype is DType.float64:  # for which onnxruntime has no GlobalMaxPool
            greatest = reduced(emit, "ReduceMax", x, range(2, type_.rank))
        else:
            greatest = emit.node("GlobalMaxPool", x)
        if not self.return_indices:
            return greatest
        place = emit.node("ArgMax", _flat(emit, x, type_), axis=2, keepdims=0)
        return greatest, reshape(emit, place, type_.shape[:2], [*type_.shape[:2], *[1] * self.spatial])

    def _by_places(self, emit: Emitter, x: Handle, type_: TensorType, shape: list[Dim]) -> Handle | tuple[Handle, ...]:
        """Every part is gathered from the flat plane, and filled up with its first place to the longest."""
        table = _places(_known(type_.shape[2:], shape[2:]))
        before = [*type_.shape[:2], len(table)]
        parts = emit.node("Gather", _flat(emit, x, type_), emit.constant(table, DType.int64), axis=2)
        greatest = reshape(emit, reduced(emit, "ReduceMax", parts, [3], keepdims=False), before, shape)
        if not self.return_indices:
            return greatest
        rows = integers(emit, range(0, len(table) * len(table[0]), len(table[0])))
        found = emit.node("Add", emit.node("ArgMax", parts, axis=3, keepdims=0), rows)
        places = emit.node("Gather", integers(emit, [place for row in table for place in row]), found)
        return greatest, reshape(emit, places, before, shape)


def _flat(emit: Emitter, x: Handle, type_: TensorType) -> Handle:
    """x with its planes in one axis."""
    return reshape(emit, x, type_.shape, [*type_.shape[:2], product_of(type_.shape[2:])])


def _places(axes: list[tuple[int, int]]) -> list[list[int]]:
    """For each part of a plane the places that it covers, in order; all rows of one length."""
    strides = [prod(size for size, _ in axes[k + 1 :]) for k in range(len(axes))]
    rows = [
        [sum(map(mul, place, strides)) for place in product(*starmap(range, part))]
        for part in product(*starmap(_bounds, axes))
    ]
    width = max(map(len, rows))
    return [[*row, *row[:1] * (width - len(row))] for row in rows]


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """torch.nn.AdaptiveMaxPool1d: N, C, L -> N, C, output_size; parts as in AdaptiveAvgPool1d. With return_indices two
    values: the greatest ones, and where in their channel they stand (int64)."""

    spatial: ClassVar[int] = 1
    output_size: Natural1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """torch.nn.AdaptiveMaxPool2d: N, C, H, W -> N, C, *output_size; null in a list keeps a size; indices count through
    H x W."""

    spatial: ClassVar[int] = 2
    output_size: Adaptive2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """torch.nn.AdaptiveMaxPool3d: N, C, D, H, W -> N, C, *output_size; null in a list keeps a size; indices count
    through D x H x W."""

    spatial: ClassVar[int] = 3
    output_size: Adaptive3
