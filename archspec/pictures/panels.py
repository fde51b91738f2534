"""Images beside each other, each with a line below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from archspec.pictures.scales import Pixels, Scale
from archspec.pictures.sheet import BAR_SPACE, MARGIN, SMALL, Sheet, height_of, page, wrapped

GAP = 12  # between rows
_NARROWEST = 160  # text
_SHORTEST = 120  # bar


class Panel(NamedTuple):
    """An image, and what it is."""

    pixels: Pixels
    text: str

    @property
    def width(self) -> int:
        return max(self.pixels.shape[1], _NARROWEST)

    @property
    def wrapped(self) -> str:
        return wrapped(self.text, SMALL, self.width)

    @property
    def height(self) -> int:
        return self.pixels.shape[0] + height_of(self.wrapped, SMALL)

    def draw(self, sheet: Sheet, x: int, y: int) -> None:
        sheet.paste(x, y, self.pixels)
        sheet.text(x, y + self.pixels.shape[0], self.wrapped, SMALL)


class Bar(NamedTuple):
    """The colour bar of some panels."""

    scale: Scale
    label: str


class Group(NamedTuple):
    """Panels on one scale."""

    panels: Sequence[Panel]
    bar: Bar

    def rows(self, columns: int) -> list[Sequence[Panel]]:
        return [self.panels[k : k + columns] for k in range(0, len(self.panels), columns)]

    def height(self, columns: int) -> int:
        rows = self.rows(columns)
        return max(sum(map(_height, rows)) + GAP * (len(rows) - 1), _SHORTEST)

    def draw(self, sheet: Sheet, top: int, columns: int, step: int, right: int) -> None:
        """Rows of panels, one each `step`, and at the right of them the bar."""
        rows, down = self.rows(columns), top
        for row in rows:
            for number, panel in enumerate(row):
                panel.draw(sheet, MARGIN + number * step, down)
            down += _height(row) + GAP
        below = _height(rows[-1]) - max(panel.pixels.shape[0] for panel in rows[-1])
        sheet.bar(right, top, max(down - GAP - below - top, _SHORTEST), self.bar.scale, self.bar.label)


def _height(row: Sequence[Panel]) -> int:
    return max(panel.height for panel in row)


def laid_out(title: str, about: Sequence[str], groups: Sequence[Group], columns: int) -> Sheet:
    """Groups below each other, their panels in rows of so many."""
    step = max(panel.width for group in groups for panel in group.panels) + MARGIN
    right = MARGIN + step * min(columns, max(len(group.panels) for group in groups))
    heights = [group.height(columns) for group in groups]
    sheet, top = page(title, about, right - MARGIN + BAR_SPACE, sum(heights) + MARGIN * (len(groups) - 1))
    for group, height in zip(groups, heights, strict=True):
        group.draw(sheet, top, columns, step, right)
        top += height + MARGIN
    return sheet
