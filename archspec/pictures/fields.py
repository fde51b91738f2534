"""Receptive fields: which pixels a unit of a layer depends on, drawn over the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch, Rectangle

from archspec.pictures.errors import PictureError
from archspec.pictures.scales import shown
from archspec.pictures.seeing import Seeing, seeing
from archspec.pictures.sheet import MARGIN, SMALL, TEXT, Sheet, height_of, line_height, page, wrapped
from archspec.pictures.subject import Seen, Subject

COLOURS = ("#e41a1c", "#377eb8", "#4daf4a", "#984ea3", "#ff7f00", "#a65628", "#f781bf", "#17becf")
_PLACE, _LEGEND = 900, 420  # the longer side of the place for the image, and the width of the text beside
_AROUND = 0.02  # of the greater side of what is drawn
_SWATCH = 14
_GRAY = 0.85
_EDGE = 0.45  # of a pixel: a line on the border of the image lies in it


def draw(subject: Subject, image: Seen | None, paths: Sequence[str], unit: tuple[int, int] | None) -> Sheet:
    """The rectangles that units of some layers see, in the colour of their layer, dashed where they reach beyond the
    image, which is gray where none is given. Raises as `seeing`, and PictureError for too many layers."""
    if len(paths) > len(COLOURS):
        raise PictureError(f"{len(paths)} layers are too many for one picture: {len(COLOURS)} are shown at once")
    found = [seeing(subject.sized_graph, path, unit) for path in paths]
    size = subject.reading.picture.height, subject.reading.picture.width
    legend = _Legend(found)
    window = _Window.around(found, *size)
    what = image.text if image else f"an image of {size[0]} x {size[1]}"
    about = [subject.name, what]
    if any(each.reaches_beyond(*size) for each in found):
        about.append("dashed: outside the image, in padding")
    width, height = window.width + MARGIN + legend.width, max(window.height, legend.height)
    sheet, top = page("Receptive fields", about, width, height)
    axes = sheet.axes(MARGIN, top, window.width, window.height)
    axes.set(xlim=window.columns, ylim=window.rows[::-1], xticks=[], yticks=[], frame_on=False)
    axes.imshow(
        np.full((1, 1, 3), _GRAY) if image is None else shown(image.pixels, max(size)),
        extent=(0, size[1], size[0], 0),
        interpolation="nearest",
        aspect="auto",
    )
    corner, across, down = (-_EDGE, -_EDGE), size[1] + 2 * _EDGE, size[0] + 2 * _EDGE
    inside = axes.add_patch(Rectangle(corner, across, down, fill=False, lw=0))
    for each, colour in sorted(zip(found, COLOURS, strict=False), key=lambda pair: -pair[0].area):  # the small on top
        _outline(axes, each, inside, colour)
    legend.draw(sheet, 2 * MARGIN + window.width, top)
    return sheet


class _Window(NamedTuple):
    """What is drawn of the plane that the image lies in, from edge to edge, and how large."""

    rows: tuple[float, float]
    columns: tuple[float, float]
    height: int
    width: int

    @classmethod
    def around(cls, found: Sequence[Seeing], height: int, width: int) -> _Window:
        """The image and all that is seen, with some space around."""
        top, bottom = min(0, *(each.rows[0] for each in found)), max(height, *(each.rows[1] + 1 for each in found))
        left, right = min(0, *(each.columns[0] for each in found)), max(width, *(each.columns[1] + 1 for each in found))
        space = _AROUND * max(bottom - top, right - left)
        times = _PLACE / (max(bottom - top, right - left) + 2 * space)
        rows, columns = (top - space, bottom + space), (left - space, right + space)
        return cls(rows, columns, round(times * (rows[1] - rows[0])), round(times * (columns[1] - columns[0])))


def _outline(axes: Axes, seen: Seeing, image: Patch, colour: str) -> None:
    """The edges of what is seen: dashed, and as a line where they lie in the image."""
    (top, bottom), (left, right) = seen.rows, seen.columns
    for style, clip in (("--", None), ("-", image)):
        edges = Rectangle((left, top), right + 1 - left, bottom + 1 - top, fill=False, ec=colour, ls=style, lw=2)
        axes.add_patch(edges)
        if clip is not None:
            edges.set_clip_path(clip)


class _Legend:
    """The layers, each with its colour, and what its unit sees."""

    width = _LEGEND

    def __init__(self, found: Sequence[Seeing]) -> None:
        width = _LEGEND - 2 * _SWATCH
        self._texts = [(wrapped(each.path, TEXT, width, bold=True), wrapped(each.text, SMALL, width)) for each in found]
        self.height = sum(height_of(head, TEXT) + height_of(text, SMALL) + _SWATCH for head, text in self._texts)

    def draw(self, sheet: Sheet, x: int, y: int) -> None:
        for (head, text), colour in zip(self._texts, COLOURS, strict=False):
            swatch = np.full((_SWATCH, _SWATCH, 3), np.multiply(to_rgb(colour), 255), np.uint8)
            sheet.paste(x, y + (line_height(TEXT) - _SWATCH) // 2, swatch)
            y += sheet.text(x + 2 * _SWATCH, y, head, TEXT, bold=True)
            y += sheet.text(x + 2 * _SWATCH, y, text, SMALL) + _SWATCH
