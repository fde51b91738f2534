"""Values inside a network as maps: planes of numbers that lie over the image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from torch import Tensor

from archspec.features import value_at
from archspec.graph import Graph, Value
from archspec.pictures.errors import PictureError
from archspec.reports.grids import Grid, grids

_RANK = 4  # of a map: batch, channels, rows, columns
_MOST_EXTRA = 16  # tokens in front of those of an image: of the class, of distillation, registers


class Fold(NamedTuple):
    """How a value becomes [channels, height, width]: where its axis of channels stands, and, for tokens in one row,
    how many stand in front of those of the image."""

    shape: tuple[int, ...]  # of the value
    channels: int
    height: int
    width: int
    skipped: int = 0

    def planes(self, value: Tensor) -> Tensor:
        """Of a batch of one."""
        planes = value[0].movedim(self.channels - 1, 0)
        if len(self.shape) < _RANK:
            planes = planes[:, self.skipped :].reshape(-1, self.height, self.width)
        return planes

    @property
    def text(self) -> str:
        """The shape, and what was made of it."""
        shape = f"[{', '.join(map(str, self.shape))}]"
        if len(self.shape) == _RANK:
            return shape
        front = f", without the {self.skipped} in front" if self.skipped else ""
        return f"{shape}, its tokens{front} as {self.height} x {self.width}"


def fold_at(graph: Graph, path: str) -> Fold:
    """How the value at a path is a map. Raises UnknownPathError, and PictureError where it is none."""
    value = value_at(graph, path)
    fold = _fold(value, grids(graph))
    if fold is None:
        raise PictureError(
            f"`{path}` gives {value.type}, which is no map over the image: a map has channels, and two axes whose"
            " positions go through the image in equal steps, or one of tokens that were made of such a map"
        )
    return fold


def folds(graph: Graph) -> Iterator[tuple[str, Fold]]:
    """Every layer's value that is a map of more than one position, by its path, in order."""
    grid = grids(graph)
    for node in graph.nodes:
        for value in node.outputs:
            fold = None if node.training_only else _fold(value, grid)
            if fold is not None and fold.height * fold.width > 1:
                yield value.name, fold


def _fold(value: Value, grid: Mapping[Value, Grid]) -> Fold | None:
    sizes = _sizes(value)
    if _is_map(value, grid):
        return Fold(tuple(sizes.values()), value.type.axes.index("C"), sizes["H"], sizes["W"])
    if {*sizes} == {"N", "C", "L"} and sizes["N"] == 1 and (source := _map_behind(value, grid)) is not None:
        height, width = source["H"], source["W"]
        extra = sizes["L"] - height * width
        if 0 <= extra <= _MOST_EXTRA:
            return Fold(tuple(sizes.values()), value.type.axes.index("C"), height, width, extra)
    return None


def _is_map(value: Value, grid: Mapping[Value, Grid]) -> bool:
    stands = {steps.axis for steps in grid[value].values()}
    return {*value.type.axes} == {"N", "C", "H", "W"} and stands == {"H", "W"}


def _map_behind(value: Value, grid: Mapping[Value, Grid]) -> dict[str, int] | None:
    """The sizes of the nearest map that a value is made of."""
    waiting, seen = [value], {value}
    for each in waiting:  # which grows: the nearest come first
        if each is not value and each.node is not None and _is_map(each, grid):
            return _sizes(each)
        read = each.node.taken if each.node is not None else ()
        waiting += [other for other in read if other not in seen]
        seen.update(read)
    return None


def _sizes(value: Value) -> dict[str, int]:
    """By axis, of a value whose sizes are all known; axes of no label have none."""
    known = zip(value.type.axes, value.type.shape, strict=True)
    return {axis: size for axis, size in known if axis is not None and isinstance(size, int)}
