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


def laid_out(title: str, about: Sequence[str], panels: Sequence[Panel], columns: int, bars: Sequence[Bar]) -> Sheet:
    """Panels in rows of so many, and at the right of them their colour bars, one below the other."""
    rows = [panels[k : k + columns] for k in range(0, len(panels), columns)]
    heights = [max(panel.height for panel in row) for row in rows]
    step = max(panel.width for panel in panels) + MARGIN
    right = MARGIN + step * min(columns, len(panels))
    height = max(sum(heights) + GAP * (len(rows) - 1), len(bars) * (_SHORTEST + MARGIN))
    sheet, top = page(title, about, right - MARGIN + BAR_SPACE, height)
    down = top
    for row, height in zip(rows, heights, strict=True):
        for number, panel in enumerate(row):
            panel.draw(sheet, MARGIN + number * step, down)
        down += height + GAP
    bottom = down - GAP - heights[-1] + max(panel.pixels.shape[0] for panel in rows[-1])
    length = max((bottom - top + MARGIN) // len(bars), _SHORTEST + MARGIN)
    for number, bar in enumerate(bars):
        sheet.bar(right, top + number * length, length - MARGIN, bar.scale, bar.label)
    return sheet
