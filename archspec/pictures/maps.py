"""Feature maps: what the channels of a layer answer to an image, place by place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from archspec.features import extract
from archspec.pictures.cells import Cells, in_ranges, selected, side_for
from archspec.pictures.errors import PictureError
from archspec.pictures.panels import Panel
from archspec.pictures.scales import Scale, shown, sized
from archspec.pictures.sheet import (
    BAR_SPACE,
    MARGIN,
    SHORTEST_BAR,
    SMALL,
    TEXT,
    Sheet,
    height_of,
    page,
    wrapped,
)
from archspec.pictures.subject import Seen, Subject
from archspec.pictures.values import fold_at
from archspec.render import count

_MOST, _MOST_ASKED = 64, 512  # channels of a layer
_MOST_LAYERS = 16
_IMAGE = 224  # the longer side of the image
_NARROWEST = 480  # text above maps that take less


class _Section(NamedTuple):
    """One layer's maps, under what they are, and which of them are shown."""

    head: str
    note: str
    cells: Cells
    scale: Scale

    @property
    def height(self) -> int:
        return height_of(self.head, TEXT) + height_of(self.note, SMALL) + self._body

    @property
    def _body(self) -> int:
        return max(self.cells.height, SHORTEST_BAR)

    def draw(self, sheet: Sheet, x: int, y: int, bar: int) -> None:
        y += sheet.text(x, y, self.head, TEXT, bold=True)
        y += sheet.text(x, y, self.note, SMALL)
        self.cells.draw(sheet, x, y)
        sheet.bar(bar, y, self._body, self.scale, "activation")


def draw(subject: Subject, image: Seen, paths: Sequence[str], channels: str | None) -> Sheet:
    """The maps that an image gives at some layers, each layer on a scale of its own, that of all its channels; the
    image as the network sees it beside. `channels` chooses some, `0-15,40`, of every layer.

    Raises UnknownPathError, PictureError for a value that is no map, WeightsError, ModuleChanged.
    """
    if len(paths) > _MOST_LAYERS:
        raise PictureError(f"{len(paths)} layers are too many for one picture: {_MOST_LAYERS} are shown at once")
    folds = {path: fold_at(subject.sized_graph, path) for path in paths}
    with torch.inference_mode():
        values = extract(subject.module, list(folds)).eval()(image.batch)
    sections = []
    for path, fold in folds.items():
        planes = fold.planes(values[path])
        chosen = selected(channels, len(planes), _MOST if channels is None else _MOST_ASKED, "channels")
        scale, side = Scale.of(planes), side_for(len(chosen))
        cells = Cells([scale.pixels(sized(planes[k], side)) for k in chosen], [str(k) for k in chosen])
        some = f"channels {in_ranges(chosen)} of {len(planes)} (--channels chooses others)"
        note = some if len(chosen) < len(planes) else count(len(planes), "channel")
        width = max(cells.width, _NARROWEST)
        head = wrapped(f"{path}  {fold.text}", TEXT, width, bold=True)
        sections.append(_Section(head, wrapped(note, SMALL, width), cells, scale))
    return _laid_out(subject, image, sections)


def _laid_out(subject: Subject, image: Seen, sections: Sequence[_Section]) -> Sheet:
    seen = Panel(shown(image.pixels, _IMAGE), image.text)
    left = MARGIN + seen.width + MARGIN
    bar = left + max(section.cells.width for section in sections) + MARGIN
    height = sum(section.height + MARGIN for section in sections) - MARGIN
    about = [subject.title, subject.reading.note]
    sheet, top = page("Feature maps", about, bar + BAR_SPACE - MARGIN, max(height, seen.height))
    seen.draw(sheet, MARGIN, top)
    for section in sections:
        section.draw(sheet, left, top, bar)
        top += section.height + MARGIN
    return sheet
