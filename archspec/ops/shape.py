"""Ops that give the same elements another shape."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from math import gcd

from archspec.dims import Condition, Dim, divide, holds, product_of
from archspec.ops.arguments import OptionalLabels, Shape, UnflattenedSize
from archspec.ops.base import (
    Emitter,
    Handle,
    OpError,
    TorchExpression,
    TorchRecipe,
    axis_of,
    size_source,
    torch_nn,
)
from archspec.ops.conditions import can_divide, can_equal, can_reach
from archspec.ops.emission import reshape
from archspec.ops.moving import Moved
from archspec.types import SPATIAL, Axes, TensorType, in_spec


class _Reshaped(Moved):
    """The elements in their order, in a shape that `infer` gives."""

    @abstractmethod
    def infer(self, *inputs: TensorType) -> TensorType:
        """The new shape."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return reshape(emit, values[0], inputs[0].shape, self.infer(*inputs).shape)


class Flatten(_Reshaped):
    """torch.nn.Flatten: the axes from start_dim to end_dim become one, whose size is their product. Its
    label is L where all of them are spatial, and C where the channels are among them."""

    start_dim: int = 1
    end_dim: int = -1

    def _span(self, rank: int) -> tuple[int, int]:
        start, end = axis_of("start_dim", self.start_dim, rank), axis_of("end_dim", self.end_dim, rank)
        if start > end:
            raise OpError(f"start_dim is {self.start_dim}, after end_dim, which is {self.end_dim}", field="start_dim")
        return start, end

    def infer(self, *inputs: TensorType) -> TensorType:
        shape, axes, dtype = inputs[0]
        start, end = self._span(len(shape))
        merged = product_of(shape[start : end + 1])
        label = _merged_label(axes[start : end + 1])
        return TensorType((*shape[:start], merged, *shape[end + 1 :]), (*axes[:start], label, *axes[end + 1 :]), dtype)

    def arithmetic(self, *inputs: TensorType) -> Mapping[int, str]:
        start, end = self._span(inputs[0].rank)
        return {start: " * ".join(map(str, inputs[0].shape[start : end + 1]))} if end > start else {}

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        if self._span(inputs[0].rank) == (1, inputs[0].rank - 1):
            return emit.node("Flatten", values[0], axis=1)
        return super().to_onnx(emit, values, *inputs)


def _merged_label(labels: Axes) -> str | None:
    if len(labels) == 1:
        return labels[0]
    if not all(label == "C" or label in SPATIAL for label in labels):
        return None
    return "C" if "C" in labels else "L"


class Unflatten(_Reshaped):
    """torch.nn.Unflatten: the axis `dim` becomes several, of sizes `unflattened_size`, whose product is its
    size; one of them may be -1, which is what the others leave. The new axes have no labels."""

    dim: int
    unflattened_size: UnflattenedSize

    def infer(self, *inputs: TensorType) -> TensorType:
        shape, axes, dtype = inputs[0]
        axis = axis_of("dim", self.dim, len(shape))
        what = f"the {shape[axis]} positions of axis {axis}"
        sizes = _filled("unflattened_size", self.unflattened_size, shape[axis : axis + 1], what)
        labels = axes[axis : axis + 1] if len(sizes) == 1 else (None,) * len(sizes)
        return TensorType(
            (*shape[:axis], *sizes, *shape[axis + 1 :]), (*axes[:axis], *labels, *axes[axis + 1 :]), dtype
        )

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self, dim=self.dim, unflattened_size=self.unflattened_size)


class Reshape(_Reshaped):
    """torch.reshape: the same elements in another shape, batch included; one size may be -1, which is what
    the others leave. Labels are lost, unless the shape is the input's own, or `axes` gives new ones: one for each
    axis, or null."""

    shape: Shape
    axes: OptionalLabels = None

    def infer(self, *inputs: TensorType) -> TensorType:
        type_ = inputs[0]
        shape = _filled("shape", self.shape, type_.shape, f"the {type_.elements} elements of {type_}")
        kept = type_.axes if shape == type_.shape else (None,) * len(shape)
        return TensorType(shape, kept if self.axes is None else self._labels(self.axes), type_.dtype)

    def _labels(self, axes: Axes) -> Axes:
        if len(axes) != len(self.shape):
            text = f"axes is {in_spec(axes)}, of {len(axes)} labels, and shape has {len(self.shape)} sizes"
            raise OpError(text, field="axes")
        if twice := [label for label, count in Counter(axes).items() if label and count > 1]:
            raise OpError(f"axes is {in_spec(axes)}, which labels two axes {twice[0]}", field="axes")
        return axes

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        sizes: list[Dim] = []
        sources = [size_source(size, inputs[0].shape, sizes) for size in self.shape]
        return TorchExpression(f"{{0}}.reshape({', '.join(sources)})", tuple(sizes))


def _filled(field: str, written: Sequence[Dim], found: Sequence[Dim], what: str) -> tuple[Dim, ...]:
    """The sizes written, -1 by the size that it stands for. Raises OpError where their product isn't that of
    the sizes found, which are `what`."""
    if written.count(-1) > 1:
        raise OpError(f"{field} is {listed(written)}, and only one size can be -1", field=field)
    rest = _rest(written, found)
    if rest is None:
        symbolic = not all(isinstance(size, int) for size in written)
        verb = f"{'is not known to' if symbolic else 'does not'} {'divide' if -1 in written else 'hold'}"
        raise OpError(f"{field} is {listed(written)}, which {verb} {what}", field=field)
    return tuple(rest if size == -1 else size for size in written)


def _rest(written: Sequence[Dim], found: Sequence[Dim]) -> Dim | None:
    """The size that -1 stands for, or 1 where none is written; None where the sizes can't fit."""
    sizes = [size for size in written if size != -1]
    least = 1 if -1 in written else 0  # torch finds -1 of nothing ambiguous
    fits = [can_reach(size, least) for size in sizes]
    if not all(fits):
        return None
    total, product = _unshared(found, sizes)
    if -1 in written:
        return _quotient(total, product)
    return 1 if can_equal(total, product) else None


def _unshared(a: Sequence[Dim], b: Sequence[Dim]) -> tuple[Dim, Dim]:
    """The products of sizes, without the positive sizes that both have."""
    positive = {size for size in {*a, *b} if _positive(size)}  # once: where proofs run out, it is not proved again
    left, right = (Counter(size for size in sizes if size in positive) for sizes in (a, b))
    others_left, others_right = (product_of(size for size in sizes if size not in positive) for sizes in (a, b))
    return product_of((left - right).elements()) * others_left, product_of((right - left).elements()) * others_right


def _positive(size: Dim) -> bool:
    return holds(Condition(size, ">=", 1)) is True


def _quotient(total: Dim, divisor: Dim) -> Dim | None:
    """total / divisor, which is >= 1; None where it is no whole number, or not known to be one."""
    number = divisor if isinstance(divisor, int) else gcd(*divisor.terms.values())
    left = divide(total, divisor // number)
    return left // number if left is not None and can_divide(number, left) else None


def listed(sizes: Sequence[Dim]) -> str:
    """Sizes as they are written."""
    return f"[{', '.join(map(str, sizes))}]"
