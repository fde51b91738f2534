"""A picture that is laid out in its own pixels: what is pasted is not resampled, and text is measured before there is
a place for it, so nothing is blurred, clipped or laid over other things."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterable
from functools import cache
from math import ceil

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import MaxNLocator

from archspec.pictures.scales import Pixels, Scale
from archspec.render import printable

DPI = 150
MARGIN = 30
TITLE, TEXT, SMALL = 12.0, 9.0, 7.5  # points
LINE = 1.35  # of a font's size, from one line to the next
BAR, SHORTEST_BAR = 16, 200  # the thickness of a colour bar, and its least length
_NARROWEST = 800  # a body, for the sake of its heading
_NOT_IN_FONT = "Glyph .* missing from font"  # drawn as an empty box


class Sheet:
    """An empty white picture; places are in pixels from its top left corner."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
        FigureCanvasAgg(self.figure)

    def paste(self, x: int, y: int, pixels: Pixels) -> None:
        """Put pixels [height, width, 3] there, as they are."""
        self.figure.figimage(pixels, x, self.height - y - pixels.shape[0], origin="upper")

    def text(self, x: float, y: float, text: str, size: float, *, bold: bool = False, align: str = "left") -> int:
        """Write lines from a top edge down; gives the height that they take."""
        lines = text.split("\n")
        for number, line in enumerate(lines):
            top = y + number * line_height(size)
            self.figure.text(
                x / self.width,
                1 - (top + line_height(size) / 2) / self.height,
                printable(line),
                fontproperties=_font(size, bold),
                horizontalalignment=align,
                verticalalignment="center_baseline",
                parse_math=False,
            )
        return len(lines) * line_height(size)

    def axes(self, x: int, y: int, width: int, height: int) -> Axes:
        """Axes that fill a place."""
        box = (x / self.width, 1 - (y + height) / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(box)

    def bar(self, x: int, y: int, length: int, scale: Scale, label: str) -> None:
        """A vertical colour bar with its numbers and label at the right, `BAR_SPACE` wide."""
        place = self.axes(x, y, BAR, length)
        mappable = ScalarMappable(Normalize(scale.low, scale.high), scale.map)
        ticks = MaxNLocator(max(2, min(6, length // 40)), steps=[1, 2, 2.5, 5, 10])
        bar = self.figure.colorbar(mappable, cax=place, ticks=ticks, format="{x:.5g}")  # whole numbers, no `1e-9` above
        bar.ax.tick_params(labelsize=SMALL)
        bar.set_label(label, size=SMALL)

    def png(self) -> bytes:
        """The picture as a file: equal bytes for equal pictures."""
        data = io.BytesIO()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", _NOT_IN_FONT)
            self.figure.savefig(data, format="png", dpi=DPI, metadata={"Software": None})
        return data.getvalue()


def page(title: str, about: Iterable[str], width: int, height: int) -> tuple[Sheet, int]:
    """A sheet with a heading, and below it room for a body of this size, `MARGIN` from the left; and the top of it."""
    width = max(width, _NARROWEST)
    heading, lines = wrapped(title, TITLE, width, bold=True), [wrapped(line, TEXT, width) for line in about]
    texts = [(heading, TITLE, True), *((line, TEXT, False) for line in lines)]
    above = sum(height_of(text, size) for text, size, _ in texts)
    sheet = Sheet(width + 2 * MARGIN, above + height + 3 * MARGIN)
    top = MARGIN
    for text, size, bold in texts:
        top += sheet.text(MARGIN, top, text, size, bold=bold)
    return sheet, top + MARGIN


BAR_SPACE = 130  # of a colour bar, with its numbers and label


def line_height(size: float) -> int:
    """Of a line of text in pixels."""
    return round(size * LINE * DPI / 72)


def width_of(text: str, size: float, *, bold: bool = False) -> int:
    """Of a line of text in pixels."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", _NOT_IN_FONT)
        width: float
        width, *_ = _renderer().get_text_width_height_descent(printable(text), _font(size, bold), False)  # type: ignore[no-untyped-call]
        return ceil(width)


def height_of(text: str, size: float) -> int:
    """Of lines of text in pixels."""
    return (text.count("\n") + 1) * line_height(size)


def wrapped(text: str, size: float, width: int, *, bold: bool = False) -> str:
    """A text in lines that are no wider than that, broken at spaces, and within words that are wider."""
    most = next((n for n in range(len(text), 1, -1) if _fits(text, n, size, width, bold)), 1)
    return "\n".join(_lines(text, most))


def _fits(text: str, characters: int, size: float, width: int, bold: bool) -> bool:
    return all(width_of(line, size, bold=bold) <= width for line in _lines(text, characters))


def _lines(text: str, characters: int) -> list[str]:
    parts = (textwrap.wrap(part, characters, break_on_hyphens=False) or [""] for part in text.split("\n"))
    return [line for lines in parts for line in lines]


@cache
def _renderer() -> RendererAgg:
    return RendererAgg(1, 1, DPI)  # type: ignore[no-untyped-call]


@cache
def _font(size: float, bold: bool) -> FontProperties:
    return FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
