"""Ops that cut an axis into parts, which are read by number."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from pydantic import Field

from archspec.dims import Dim
from archspec.ops.arguments import Sections
from archspec.ops.base import Emitter, Handle, OpError, TorchExpression, TorchRecipe, axis_of
from archspec.ops.conditions import can_divide, can_equal
from archspec.ops.emission import split
from archspec.ops.moving import Moved
from archspec.types import TensorType

MAX_PARTS = 10_000
"""Each is a value of its own, in the graph and in what is built of it."""


class _Parts(Moved):
    """Several values: an axis cut into pieces."""

    dim: int = 1

    @property
    def multiple(self) -> bool:
        return True

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
        return split(emit, values[0], axis, self._sizes(inputs[0].shape[axis]))


def _cut(field: str, size: int, part: int) -> list[Dim]:
    """As many whole parts as there are, and the rest."""
    _refuse_too_many(field, -(-size // part))
    return [min(part, size - start) for start in range(0, size, part)]


def _refuse_too_many(field: str, parts: int) -> None:
    if parts > MAX_PARTS:
        message = f"an axis is cut into {parts:,} parts, and {MAX_PARTS:,} are the limit"
        raise OpError(message, field=field, code="A605")


class Chunk(_Parts):
    """torch.chunk along `dim`, which is 1 here (torch's own default is 0, the batch): parts of
    ceil(size / chunks), the last one smaller, and maybe fewer than `chunks`. A symbolic size has to be a
    multiple of `chunks`: else their number is not known."""

    chunks: int = Field(ge=1)

    def _sizes(self, size: Dim) -> list[Dim]:
        if isinstance(size, int):
            if size:
                return _cut("chunks", size, -(-size // self.chunks))
            _refuse_too_many("chunks", self.chunks)
            return [0] * self.chunks
        if not can_divide(self.chunks, size):
            raise OpError(
                f"chunks is {self.chunks}, which never divides {size}: how many parts there are is not known",
                field="chunks",
            )
        _refuse_too_many("chunks", self.chunks)
        return [size // self.chunks] * self.chunks

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression(f"torch.chunk({{0}}, {self.chunks}, dim={self.dim})")


class Split(_Parts):
    """torch.split along `dim`, which is 1 here (torch's own default is 0, the batch): parts of one size,
    the last one smaller; or a list of sizes, whose sum is the whole."""

    split_size_or_sections: Sections

    def _sizes(self, size: Dim) -> list[Dim]:
        sections = self.split_size_or_sections
        if not isinstance(sections, int):
            if not can_equal(size, sum(sections)):
                raise OpError(
                    f"split_size_or_sections is {list(sections)}, of sum {sum(sections)}, and the axis has {size}",
                    field="split_size_or_sections",
                )
            return list(sections)
        if not isinstance(size, int):
            text = f"split_size_or_sections is {sections}: into how many parts {size} is cut is not known"
            raise OpError(text, field="split_size_or_sections")
        if size and not sections:
            text = f"split_size_or_sections is 0, and {size} positions are not cut into parts of nothing"
            raise OpError(text, field="split_size_or_sections")
        return _cut("split_size_or_sections", size, sections) if size else [0]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        sections = self.split_size_or_sections
        written = sections if isinstance(sections, int) else list(sections)
        return TorchExpression(f"torch.split({{0}}, {written}, dim={self.dim})")
