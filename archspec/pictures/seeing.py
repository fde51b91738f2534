"""What the units of a layer see of the image: the receptive field of each, placed in the image."""

from __future__ import annotations

from typing import NamedTuple

from archspec.features import value_at
from archspec.graph import Graph, Value
from archspec.pictures.errors import PictureError
from archspec.reports.receptive import Interval, Reach, image_of, receptive_fields


class Seeing(NamedTuple):
    """What a unit sees: rows and columns of the image, from first to last, which lie outside it where they are padding.
    `unit` is its row and column in its layer; None where the layer has none, and sees the whole image."""

    path: str
    unit: tuple[int, int] | None
    rows: Interval
    columns: Interval
    strides: tuple[str, ...]  # pixels from one unit to the next, downwards and across; none where all see the same

    @property
    def area(self) -> int:
        return (self.rows[1] - self.rows[0] + 1) * (self.columns[1] - self.columns[0] + 1)

    def reaches_beyond(self, height: int, width: int) -> bool:
        """Whether a part of it lies outside an image."""
        (top, bottom), (left, right) = self.rows, self.columns
        return top < 0 or left < 0 or bottom >= height or right >= width

    @property
    def text(self) -> str:
        (top, bottom), (left, right) = self.rows, self.columns
        which = f"unit {self.unit[0]},{self.unit[1]}" if self.unit else "all units"
        steps = f", stride {' x '.join(dict.fromkeys(self.strides))}" if self.strides else ""
        size = f"{bottom - top + 1} x {right - left + 1} pixels{steps}"
        return f"{size}\n{which}: rows {top} to {bottom}, columns {left} to {right}"


def seeing(graph: Graph, path: str, unit: tuple[int, int] | None) -> Seeing:
    """What the unit in this row and column of the value at a path sees, in a graph whose sizes are known; if none is
    named, the one in the middle. Raises UnknownPathError, and PictureError for a unit that isn't there, and where what
    it sees isn't known, or isn't a rectangle."""
    value, image = value_at(graph, path), image_of(graph)
    field = receptive_fields(graph)[value]
    if field is None or image is None:
        raise PictureError(f"the receptive field of `{path}` is not known: positions are lost on the way there")
    if not field:
        raise PictureError(f"`{path}` depends on nothing of the image")
    place = _place(value, path, unit)
    ends, strides = [], []
    for axis, sight in field.items():
        seen: Interval | None
        if sight == "whole":
            seen = (0, _size(image, axis) - 1)
        elif isinstance(sight, Reach) and sight.axis in place:
            seen = sight.of(place[sight.axis], place[sight.axis])
            strides.append(str(sight.stride))
        else:
            raise PictureError(f"a unit of `{path}` sees no rectangle: its positions are in no rows and columns")
        if seen is None:
            raise PictureError(f"the unit {place['H']},{place['W']} of `{path}` sees nothing of the image")
        ends.append(seen)
    rows, columns = ends
    return Seeing(path, (place["H"], place["W"]) if place else None, rows, columns, tuple(strides))


def _place(value: Value, path: str, unit: tuple[int, int] | None) -> dict[str, int]:
    """A unit's row and column, by axis; nothing for a value that has none. Raises PictureError."""
    sizes = {axis: _size(value, axis) for axis in "HW" if axis in value.type.axes}
    if len(sizes) < len("HW"):
        if unit is not None:
            raise PictureError(f"`{path}` is {value.type}: it has no rows and columns to choose a unit by")
        return {}
    chosen = unit or tuple(size // 2 for size in sizes.values())
    if any(not 0 <= number < size for number, size in zip(chosen, sizes.values(), strict=True)):
        last = ",".join(str(size - 1) for size in sizes.values())
        raise PictureError(f"`{path}` has no unit {chosen[0]},{chosen[1]}: they go from 0,0 to {last}")
    return dict(zip(sizes, chosen, strict=True))


def _size(value: Value, axis: str) -> int:
    size = value.type.shape[value.type.axes.index(axis)]
    assert isinstance(size, int), "the graph is of one size"
    return size
