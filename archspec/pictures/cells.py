"""Small planes in rows and columns, each under its number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil

import numpy as np

from archspec.pictures.errors import PictureError
from archspec.pictures.scales import Pixels
from archspec.pictures.sheet import Sheet, line_height, width_of

NUMBER = 6.0  # points
GAP = 2
_SIDES = ((36, 96), (128, 72))  # up to so many cells, the longer side of each
_SMALL_SIDE = 36
_BESIDE = 8  # from what stands beside a pile
_ACROSS = 1280  # the width of a row, about
_FRAME = 176  # gray: cells end where white is a colour of theirs


def side_for(cells: int) -> int:
    """How long the side of a cell is to be, for so many cells."""
    return next((side for most, side in _SIDES if cells <= most), _SMALL_SIDE)


class Cells:
    """Pixels of one size, each under its label. `beside` are labels of what each is a pile of, from top to bottom."""

    def __init__(self, pixels: Sequence[Pixels], labels: Sequence[str], beside: Sequence[str] = ()) -> None:
        self.pixels, self.labels, self.beside = pixels, labels, beside
        height, width = pixels[0].shape[0] + 2, pixels[0].shape[1] + 2
        self._step_x = max(width, *(width_of(label, NUMBER) for label in labels)) + GAP
        self._step_y = line_height(NUMBER) + height + GAP
        self._left = max((width_of(label, NUMBER) + _BESIDE for label in beside), default=0)
        rows = ceil(len(pixels) / max(1, (_ACROSS + GAP) // self._step_x))
        self._columns = ceil(len(pixels) / rows)
        self.width = self._left + self._columns * self._step_x - GAP
        self.height = rows * self._step_y - GAP

    def draw(self, sheet: Sheet, x: int, y: int) -> None:
        for number, (cell, label) in enumerate(zip(self.pixels, self.labels, strict=True)):
            left = x + self._left + number % self._columns * self._step_x
            top = y + number // self._columns * self._step_y
            sheet.text(left, top, label, NUMBER)
            sheet.paste(left, top + line_height(NUMBER), _framed(cell))
            if number % self._columns == 0:
                self._draw_beside(sheet, left - _BESIDE, top + line_height(NUMBER))

    def _draw_beside(self, sheet: Sheet, x: int, y: int) -> None:
        for number, label in enumerate(self.beside):
            middle = y + (number + 0.5) / len(self.beside) * self.pixels[0].shape[0]
            sheet.text(x, middle - line_height(NUMBER) / 2, label, NUMBER, align="right")


def piled(planes: Sequence[Pixels]) -> Pixels:
    """Equal planes from top to bottom, with a line between."""
    line = np.full((1, planes[0].shape[1], 3), _FRAME, np.uint8)
    return np.concatenate([part for plane in planes for part in (line, plane)][1:])


def _framed(pixels: Pixels) -> Pixels:
    return np.pad(pixels, ((1, 1), (1, 1), (0, 0)), constant_values=_FRAME)


def selected(written: str | None, count: int, most: int, what: str) -> list[int]:
    """The numbers that are meant by `0-15,40`, of so many; without that the first, up to `most`. Raises PictureError
    for one that isn't there, and for more than `most`."""
    if written is None:
        return list(range(min(count, most)))
    numbers: dict[int, None] = {}
    for part in written.split(","):
        first, _, last = part.partition("-")
        if not first.isdecimal() or (last and not last.isdecimal()) or part.endswith("-"):
            raise PictureError(f"{what} are named by numbers and ranges, as in 0-15,40, and not by `{written}`")
        ends = int(first), int(last or first)
        if ends[0] > ends[1] or ends[1] >= count:
            raise PictureError(f"there are no {what} {part}: they go from 0 to {count - 1}")
        numbers.update(dict.fromkeys(range(ends[0], ends[1] + 1)))
    if len(numbers) > most:
        raise PictureError(f"{len(numbers)} {what} are too many for one picture: {most} are shown at once")
    return list(numbers)


def in_ranges(numbers: Iterable[int]) -> str:
    """Numbers as they are written to choose them: 0-15,40."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
