"""Ops that move elements and compute nothing: reshaping, reordering, selecting, splitting."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.dims import Dim, Symbolic, divide, equal, product_of
from archspec.ops.arguments import Dims, Sections, Shape
from archspec.ops.base import (
    Emitter,
    Handle,
    OpError,
    Receptive,
    TorchExpression,
    TorchRecipe,
    Weightless,
    Window,
    axis_of,
    divides,
    known,
    of_least_rank,
    size_source,
    torch_nn,
)
from archspec.ops.emission import integers, reshape, slice_axis
from archspec.types import SPATIAL, Axes, DType, TensorType


class _Moved(Weightless):
    """Each element of the output is one of the input."""

    view: ClassVar[bool] = True
    mixes_channels: ClassVar[bool] = False

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "point"


class Flatten(_Moved):
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

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        if self._span(inputs[0].rank) == (1, inputs[0].rank - 1):
            return emit.node("Flatten", values[0], axis=1)
        return reshape(emit, values[0], inputs[0].shape, self.infer(*inputs).shape)


def _merged_label(labels: Axes) -> str | None:
    if len(labels) == 1:
        return labels[0]
    if not all(label == "C" or label in SPATIAL for label in labels):
        return None
    return "C" if "C" in labels else "L"


class Reshape(_Moved):
    """torch.reshape: the same elements in another shape, batch included; one size may be -1, which is what
    the others leave. Labels are lost, unless the shape is the input's own."""

    shape: Shape

    def _split(self, type_: TensorType) -> tuple[Dim, Dim]:
        """The product of the input's sizes and that of the sizes written, without what both have."""
        found, written = Counter(type_.shape), Counter(size for size in self.shape if size != -1)
        return product_of((found - written).elements()), product_of((written - found).elements())

    def infer(self, *inputs: TensorType) -> TensorType:
        if self.shape.count(-1) > 1:
            raise OpError(f"shape is {_text(self.shape)}, and only one size can be -1", field="shape")
        total, written = self._split(inputs[0])
        rest: Dim = 1
        if -1 in self.shape:
            left = divide(total, written)
            if left is None and isinstance(written, int) and isinstance(total, Symbolic):
                left = total // written
            if left is None:
                text = f"shape is {_text(self.shape)}, which does not divide {_elements(inputs[0])}"
                raise OpError(text, field="shape")
            rest = left
        elif equal(total, written) is False:
            raise OpError(f"shape is {_text(self.shape)}, which does not hold {_elements(inputs[0])}", field="shape")
        shape = tuple(rest if size == -1 else size for size in self.shape)
        axes = inputs[0].axes if shape == inputs[0].shape else (None,) * len(shape)
        return TensorType(shape, axes, inputs[0].dtype)

    def unproved(self, *inputs: TensorType) -> list[tuple[Dim, Dim]]:
        total, found = inputs[0].elements, product_of(self.infer(*inputs).shape)
        return [(total, found)] if equal(total, found) is None else []

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        sizes: list[Dim] = []
        sources = [size_source(size, inputs[0].shape, sizes) for size in self.shape]
        return TorchExpression(f"{{0}}.reshape({', '.join(sources)})", tuple(sizes))

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return reshape(emit, values[0], inputs[0].shape, self.infer(*inputs).shape)


def _text(sizes: Sequence[Dim]) -> str:
    return f"[{', '.join(map(str, sizes))}]"


def _elements(type_: TensorType) -> str:
    return f"the {type_.elements} elements of {type_}"


class _Permuted(_Moved):
    """Reorders the axes, whose labels go with them."""

    @abstractmethod
    def _order(self, rank: int) -> list[int]:
        """Which axis of the input each axis of the output is."""

    def infer(self, *inputs: TensorType) -> TensorType:
        shape, axes, dtype = inputs[0]
        order = self._order(len(shape))
        return TensorType(tuple(shape[k] for k in order), tuple(axes[k] for k in order), dtype)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Transpose", values[0], perm=self._order(inputs[0].rank))


class Permute(_Permuted):
    """torch.permute: axis k of the output is axis dims[k] of the input."""

    dims: Dims

    def _order(self, rank: int) -> list[int]:
        order = [axis_of("dims", dim, rank) for dim in self.dims]
        if sorted(order) != list(range(rank)):
            raise OpError(f"dims is {list(self.dims)}, which does not name each of {rank} axes once", field="dims")
        return order

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression(f"{{0}}.permute({', '.join(map(str, self.dims))})")


class Transpose(_Permuted):
    """torch.transpose: two axes change places."""

    dim0: int
    dim1: int

    def _order(self, rank: int) -> list[int]:
        first, second = axis_of("dim0", self.dim0, rank), axis_of("dim1", self.dim1, rank)
        order = list(range(rank))
        order[first], order[second] = second, first
        return order

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression(f"{{0}}.transpose({self.dim0}, {self.dim1})")


class Select(_Moved):
    """torch.select: one position of one axis, which disappears."""

    dim: int
    index: int

    def infer(self, *inputs: TensorType) -> TensorType:
        shape, axes, dtype = inputs[0]
        axis = axis_of("dim", self.dim, len(shape))
        size = shape[axis]
        if isinstance(size, int) and not -size <= self.index < size:
            raise OpError(f"index is {self.index}, but axis {axis} has {size} positions", field="index")
        return TensorType((*shape[:axis], *shape[axis + 1 :]), (*axes[:axis], *axes[axis + 1 :]), dtype)

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression(f"{{0}}.select({self.dim}, {self.index})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        axis = axis_of("dim", self.dim, inputs[0].rank)
        return emit.node("Gather", values[0], emit.constant(self.index, DType.int64), axis=axis)


class Slice(_Moved):
    """Python's x[start:end:step] along `dim`: every `step`-th position from start up to end, which may
    count from the end. At least one is left."""

    dim: int
    start: int | None = None
    end: int | None = None
    step: int = Field(1, ge=1)

    def infer(self, *inputs: TensorType) -> TensorType:
        shape, axes, dtype = inputs[0]
        axis = axis_of("dim", self.dim, len(shape))
        length = self._length(shape[axis])
        return TensorType((*shape[:axis], length, *shape[axis + 1 :]), axes, dtype)

    def _length(self, size: Dim) -> Dim:
        if isinstance(size, int):
            length = len(range(size)[self.start : self.end : self.step])
            if not length:
                raise OpError(
                    f"start is {self.start or 0} and end is {size if self.end is None else self.end}, which leaves "
                    f"nothing of {size} positions",
                    field="end" if self.start is None else "start",
                )
            return length
        start, end = self.start or 0, self.end or 0
        if start < 0:
            raise OpError(f"start is {start}; of a symbolic size, {size}, it counts from the front", field="start")
        if self.end is not None and end >= 0:
            raise OpError(f"end is {end}; of a symbolic size, {size}, it counts from the back (< 0)", field="end")
        return (size + end - start + self.step - 1) // self.step

    def receptive(self, *inputs: TensorType) -> Receptive:
        axis = axis_of("dim", self.dim, inputs[0].rank)
        spatial = [k for k, label in enumerate(inputs[0].axes) if label in SPATIAL]
        if axis not in spatial:
            return "point"
        size, start = inputs[0].shape[axis], self.start or 0
        first = range(size)[start] if isinstance(size, int) else start
        return Window(
            (1,) * len(spatial),
            tuple(self.step if k == axis else 1 for k in spatial),
            tuple(first if k == axis else 0 for k in spatial),
        )

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        start, end = ("" if bound is None else bound for bound in (self.start, self.end))
        part = f"{start}:{end}" + (f":{self.step}" if self.step > 1 else "")
        return TorchExpression(f"{{0}}[{':, ' * axis_of('dim', self.dim, inputs[0].rank)}{part}]")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        axis = axis_of("dim", self.dim, inputs[0].rank)
        return slice_axis(emit, values[0], axis, self.start or 0, self.end, self.step)


class Expand(_Moved):
    """torch.Tensor.expand: axes of size 1 are repeated up to `sizes`; -1 keeps a size. New axes may stand
    in front, without labels."""

    sizes: Shape

    def _aligned(self, type_: TensorType) -> list[tuple[Dim, Dim | None]]:
        """Each size written, with the input's size in that axis, or None for a new axis."""
        new = len(self.sizes) - type_.rank
        if new < 0:
            raise OpError(f"sizes is {_text(self.sizes)}, but the input has {type_.rank} axes: {type_}", field="sizes")
        return list(zip(self.sizes, (*[None] * new, *type_.shape), strict=True))

    def infer(self, *inputs: TensorType) -> TensorType:
        shape: list[Dim] = []
        for wanted, size in self._aligned(inputs[0]):
            if size is None and wanted == -1:
                raise OpError(f"sizes is {_text(self.sizes)}, and -1 keeps an axis that does not exist", field="sizes")
            if size not in (None, 1) and wanted != -1 and equal(size, wanted) is False:
                raise OpError(
                    f"sizes is {_text(self.sizes)}, and a size of {size} cannot become {wanted}: {inputs[0]}",
                    field="sizes",
                )
            shape.append(size if wanted == -1 and size is not None else wanted)
        new = len(shape) - inputs[0].rank
        return TensorType(tuple(shape), (*[None] * new, *inputs[0].axes), inputs[0].dtype)

    def unproved(self, *inputs: TensorType) -> list[tuple[Dim, Dim]]:
        pairs = self._aligned(inputs[0])
        kept = [(size, wanted) for wanted, size in pairs if size is not None and size != 1 and wanted != -1]
        return [pair for pair in kept if equal(*pair) is None]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        sizes: list[Dim] = []
        sources = [size_source(size, inputs[0].shape, sizes) for size in self.sizes]
        return TorchExpression(f"{{0}}.expand({', '.join(sources)})", tuple(sizes))

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        """A size of 1 keeps what is there, in ONNX."""
        pairs = self._aligned(inputs[0])
        sizes: list[Dim] = [1 if wanted in (-1, size) else wanted for wanted, size in pairs]
        return emit.node("Expand", values[0], emit.shape(sizes))


class _Parts(_Moved):
    """Several values: an axis cut into pieces, read by number."""

    multiple: ClassVar[bool] = True

    dim: int = 1

    @abstractmethod
    def _sizes(self, size: Dim) -> list[Dim]:
        """The sizes of the pieces of an axis."""

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:
        shape, axes, dtype = inputs[0]
        axis = axis_of("dim", self.dim, len(shape))
        parts = self._sizes(shape[axis])
        return tuple(TensorType((*shape[:axis], part, *shape[axis + 1 :]), axes, dtype) for part in parts)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> tuple[Handle, ...]:
        axis = axis_of("dim", self.dim, inputs[0].rank)
        parts = self._sizes(inputs[0].shape[axis])
        numbers = [part for part in parts if isinstance(part, int)]
        if len(numbers) < len(parts):  # equal parts of a symbolic size
            emit.require(18)  # the first that takes a number of parts
            return emit.nodes("Split", len(parts), values[0], axis=axis, num_outputs=len(parts))
        return emit.nodes("Split", len(parts), values[0], integers(emit, numbers), axis=axis)


def _cut(size: int, part: int) -> list[Dim]:
    """As many whole parts as there are, and the rest."""
    return [min(part, size - start) for start in range(0, size, part)]


class Chunk(_Parts):
    """torch.chunk along `dim`, which is 1 here (torch's own default is 0, the batch): parts of
    ceil(size / chunks), the last one smaller, and maybe fewer than `chunks`."""

    chunks: int = Field(ge=1)

    def _sizes(self, size: Dim) -> list[Dim]:
        if isinstance(size, int):
            return _cut(size, -(-size // self.chunks))
        part = divide(size, self.chunks)
        if part is None:
            raise OpError(f"chunks is {self.chunks}, and {size} is not proved to divide into so many", field="chunks")
        return [part] * self.chunks

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression(f"torch.chunk({{0}}, {self.chunks}, dim={self.dim})")


class Split(_Parts):
    """torch.split along `dim`, which is 1 here (torch's own default is 0, the batch): parts of one size,
    the last one smaller; or a list of sizes, whose sum is the whole."""

    split_size_or_sections: Sections

    def _sizes(self, size: Dim) -> list[Dim]:
        whole, sections = known(size, "the axis that is split"), self.split_size_or_sections
        if isinstance(sections, int):
            return _cut(whole, sections)
        if sum(sections) != whole:
            raise OpError(
                f"split_size_or_sections is {list(sections)}, of sum {sum(sections)}, and the axis has {whole}",
                field="split_size_or_sections",
            )
        return list(sections)

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        sections = self.split_size_or_sections
        written = sections if isinstance(sections, int) else list(sections)
        return TorchExpression(f"torch.split({{0}}, {written}, dim={self.dim})")


class ChannelShuffle(_Moved):
    """torch.nn.ChannelShuffle: channels g C/groups + k change places with k groups + g. N, C, ..., which
    it keeps. Source: Zhang et al., ShuffleNet, 2017 (arXiv:1707.01083)."""

    view: ClassVar[bool] = False
    mixes_channels: ClassVar[bool] = True

    groups: int = Field(ge=1)

    def _per_group(self, type_: TensorType) -> int:
        return divides("groups", self.groups, known(type_.shape[1], "the number of channels"), "channels")

    def infer(self, *inputs: TensorType) -> TensorType:
        of_least_rank(self, inputs[0], 3)
        self._per_group(inputs[0])
        return inputs[0]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        shape = inputs[0].shape
        grouped = emit.node("Reshape", values[0], integers(emit, [0, self.groups, self._per_group(inputs[0]), -1]))
        shuffled = emit.node("Transpose", grouped, perm=[0, 2, 1, 3])
        return reshape(emit, shuffled, shape[:1], shape)
