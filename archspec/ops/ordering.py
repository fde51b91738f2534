"""Ops that reorder: axes, positions along an axis, channels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.dims import product_of
from archspec.ops.arguments import DimOrDims, Dims, OptionalDims
from archspec.ops.base import (
    Emitter,
    Handle,
    OpError,
    Receptive,
    TorchExpression,
    TorchRecipe,
    axes_of,
    axis_of,
    of_least_rank,
    torch_nn,
)
from archspec.ops.conditions import can_divide
from archspec.ops.emission import reshape, rolled
from archspec.ops.moving import Moved
from archspec.types import SPATIAL, TensorType, in_spec


class _Permuted(Moved):
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


class Movedim(_Permuted):
    """torch.movedim: the axes `source` move to the places `destination`; the others keep their order."""

    source: DimOrDims
    destination: DimOrDims

    def _order(self, rank: int) -> list[int]:
        sources = axes_of("source", self.source, rank)
        places = axes_of("destination", self.destination, rank)
        if len(sources) != len(places) or isinstance(self.source, int) != isinstance(self.destination, int):
            source, destination = in_spec(self.source), in_spec(self.destination)
            text = f"source is {source} and destination is {destination}: one number each, or as many"
            raise OpError(text, field="destination")
        moved = dict(zip(places, sources, strict=True))
        others = iter(axis for axis in range(rank) if axis not in sources)
        return [moved[place] if place in moved else next(others) for place in range(rank)]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression(f"{{0}}.movedim({self.source}, {self.destination})")


class Roll(Moved):
    """torch.roll: positions move on by `shifts` along `dims`, and from the end to the front; without `dims`
    along all elements in their order."""

    view: ClassVar[bool] = False
    mixes_channels: ClassVar[bool] = True

    shifts: DimOrDims
    dims: OptionalDims = None

    def _turns(self, rank: int) -> list[tuple[int, int]]:
        """An axis and its shift, one after the other; one axis may be turned twice."""
        shifts = (self.shifts,) if isinstance(self.shifts, int) else self.shifts
        dims = (0,) if self.dims is None else (self.dims,) if isinstance(self.dims, int) else self.dims
        if len(shifts) != len(dims):
            given = f"shifts is {in_spec(self.shifts)}, and dims is {in_spec(self.dims)}"
            raise OpError(f"{given}: as many shifts as axes are needed", field="shifts")
        return [(axis_of("dims", dim, rank), shift) for dim, shift in zip(dims, shifts, strict=True)]

    def infer(self, *inputs: TensorType) -> TensorType:
        self._turns(inputs[0].rank)
        return inputs[0]

    def receptive(self, *inputs: TensorType) -> Receptive:
        """Along a spatial axis the first positions see the last."""
        turned = {inputs[0].axes[axis] for axis, _ in self._turns(inputs[0].rank)}
        return "whole" if self.dims is None or turned & set(SPATIAL) else "point"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression(f"torch.roll({{0}}, {self.shifts}, {self.dims})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        x, shape, turns = values[0], inputs[0].shape, self._turns(inputs[0].rank)
        if self.dims is None:
            flat = (inputs[0].elements,)
            moved = rolled(emit, reshape(emit, x, shape, flat), 0, flat[0], turns[0][1])
            return reshape(emit, moved, flat, shape)
        for axis, shift in turns:
            x = rolled(emit, x, axis, shape[axis], shift)
        return x


class ChannelShuffle(Moved):
    """torch.nn.ChannelShuffle: channels g C/groups + k change places with k groups + g. N, C, ..., which
    it keeps. Source: Zhang et al., ShuffleNet, 2017 (arXiv:1707.01083)."""

    view: ClassVar[bool] = False
    mixes_channels: ClassVar[bool] = True

    groups: int = Field(ge=1)

    def infer(self, *inputs: TensorType) -> TensorType:
        of_least_rank(self, inputs[0], 3)
        channels = inputs[0].shape[1]
        if not can_divide(self.groups, channels):
            raise OpError(f"groups is {self.groups}, which does not divide {channels} channels", field="groups")
        return inputs[0]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        batch, channels, *rest = shape = inputs[0].shape
        size, positions = channels // self.groups, product_of(rest)
        grouped = reshape(emit, values[0], shape, (batch, self.groups, size, positions))
        shuffled = emit.node("Transpose", grouped, perm=[0, 2, 1, 3])
        return reshape(emit, shuffled, (batch, size, self.groups, positions), shape)
