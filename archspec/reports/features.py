"""The maps inside a network, as somebody sees them who puts a neck or a head on it: channels and strides by path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from archspec.dims import Dim
from archspec.graph import Graph, Node, Scope, Value
from archspec.reports.grids import Grid, grids
from archspec.reports.receptive import image_of

Stride: TypeAlias = int | Fraction | tuple[int | Fraction, ...]
"""Pixels of the image from one position to the next; a fraction where a map is finer than the image."""


@dataclass(frozen=True, slots=True)
class FeatureInfo:
    """One map: where it can be tapped, and what it is. `axes` are the labels of `shape` (channels stand where C does);
    `stride` is one number where it is the same along every axis, else one for each axis of the image."""

    path: str
    channels: Dim
    stride: Stride
    shape: tuple[Dim, ...]
    axes: tuple[str | None, ...]

    @property
    def sizes(self) -> tuple[Dim, ...]:
        """Its extent along the spatial axes."""
        return tuple(size for size, axis in zip(self.shape, self.axes, strict=True) if axis not in ("N", "C"))


class Features(Mapping[str, FeatureInfo]):
    """Maps by their paths, in the order in which they come about; a scope is its last value."""

    def __init__(self, maps: Iterable[FeatureInfo], levels: Iterable[str]) -> None:
        self._maps = {each.path: each for each in maps}
        self._levels = tuple(levels)

    def __getitem__(self, path: str) -> FeatureInfo:
        return self._maps[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._maps)

    def __len__(self) -> int:
        return len(self._maps)

    def pyramid(self, *strides: int) -> Features:
        """The last map of each stride, finest first, of the strides that are asked for or of all. Inside of blocks
        nothing counts: of a block that halves its map, the last map before is the one that it reads.

        Raises LookupError for a stride that no map has.
        """
        last = {self._maps[path].stride: path for path in self._levels}
        whole = sorted((stride for stride in last if not isinstance(stride, tuple)), key=float)
        if missing := [stride for stride in strides if stride not in last]:
            have = ", ".join(map(str, whole)) or "no stride at all"
            raise LookupError(f"there is no map of stride {missing[0]}; the maps have {have}")
        paths = [last[stride] for stride in (strides or whole)]
        return Features((self._maps[path] for path in paths), paths)

    def text(self) -> str:
        """A table: path, channels, stride, shape."""
        rows = [("path", "channels", "stride", "shape")]
        for each in self._maps.values():
            stride = each.stride if isinstance(each.stride, tuple) else (each.stride,)
            shape = " x ".join(map(str, each.shape))
            rows.append((each.path, str(each.channels), " x ".join(map(str, stride)), shape))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = (
            f"{path.ljust(widths[0])}  {channels.rjust(widths[1])}  {stride.rjust(widths[2])}  {shape}"
            for path, channels, stride, shape in rows
        )
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"Features({len(self._maps)} maps)"


def features_of(graph: Graph) -> Features:
    """The maps of a network: each value with channels whose positions go through the image in equal steps."""
    image, found = image_of(graph), grids(graph)
    rank = sum(axis not in ("N", "C") for axis in image.type.axes) if image is not None else 0

    def maps(scope: Scope) -> Iterator[FeatureInfo]:
        for step in scope.steps:
            if isinstance(step, Node):
                named = [(value.name, value) for value in step.outputs]
            else:
                named = [(step.path, step.output)] if step.output is not None else []
            for path, value in named:
                if rank and (info := _map(path, value, found[value], rank)) is not None:
                    yield info
            if isinstance(step, Scope):
                yield from maps(step)

    known = list(maps(graph.root))
    return Features(known, _levels(graph.root, {each.path: each for each in known}, found))


def _map(path: str, value: Value, grid: Grid, rank: int) -> FeatureInfo | None:
    type_ = value.type
    stands = {steps.axis for steps in grid.values()}
    if len(stands) < rank or "C" not in type_.axes:
        return None
    strides = tuple(_number(steps.stride) for steps in grid.values())
    stride = strides[0] if len(set(strides)) == 1 else strides
    return FeatureInfo(path, type_.shape[type_.axes.index("C")], stride, type_.shape, type_.axes)


def _number(stride: Fraction) -> int | Fraction:
    return stride.numerator if stride.denominator == 1 else stride


def _levels(scope: Scope, maps: Mapping[str, FeatureInfo], found: Mapping[Value, Grid]) -> Iterator[str]:
    """The maps between blocks. What takes more than one step down (a backbone, `features`) is no block, nor is what
    ends without a map: these are looked into."""
    for step in scope.steps:
        if isinstance(step, Scope) and (step.path not in maps or _steps_down(step, found) > 2):
            yield from _levels(step, maps, found)
        elif step.path in maps and not (isinstance(step, Node) and step.training_only):
            yield step.path


def _steps_down(scope: Scope, found: Mapping[Value, Grid]) -> Fraction:
    """How many times coarser the map is that a scope gives than the one that it reads."""
    before = next((grid for value in scope.inputs if (grid := found[value])), {})
    after = found[scope.output] if scope.output is not None else {}
    ratios = [after[axis].stride / before[axis].stride for axis in after if axis in before]
    return max(ratios, default=Fraction(0))
