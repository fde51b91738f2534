"""The filters of a convolution: the patterns that it looks for."""

from __future__ import annotations

import torch
from torch import Tensor

from archspec.diagnostics import in_words, near
from archspec.graph import Graph, Node
from archspec.ops.convolution import Conv2d
from archspec.pictures.cells import Cells, in_ranges, piled, selected, side_for
from archspec.pictures.errors import PictureError
from archspec.pictures.scales import GRAY, Pixels, Scale, sized
from archspec.pictures.sheet import BAR_SPACE, MARGIN, SHORTEST_BAR, Sheet, page
from archspec.pictures.subject import Subject
from archspec.render import count

_MOST = 512
_MOST_PILES, _MOST_PLANES = 64, 16  # filters and their planes, where each filter has several
_COLOURS = 3
_MANY = 4  # names of layers are not all said


def draw(subject: Subject, path: str, filters: str | None, channels: str | None) -> Sheet:
    """The filters of the Conv2d at a path, on one scale, that of the whole layer. Filters of three planes are drawn in
    colour, unless `channels` asks for planes; others as piles of planes, one for each channel that they read: of
    many those with the largest weights. `filters` and `channels` choose some: `0-15,40`.

    Raises PictureError, also where there is no Conv2d, and WeightsError.
    """
    node = convolution_at(subject.graph, path)
    weight = subject.module.get_parameter(f"{node.owner}.weight").detach()
    many, depth, height, width = weight.shape
    about = [subject.title, f"{count(many, 'filter')} of {depth} x {height} x {width}"]
    if depth == _COLOURS and channels is None:
        chosen = selected(filters, many, _MOST, "filters")
        scale, label = Scale.around_zero(weight, GRAY), "weight of red, of green, of blue"
        pixels, beside = [_coloured(scale, weight[k], side_for(len(chosen))) for k in chosen], []
    else:
        chosen = selected(filters, many, _MOST if depth == 1 else _MOST_PILES, "filters")
        is_chosen = channels is not None
        planes = selected(channels, depth, _MOST_PLANES, "channels") if is_chosen else _strongest(weight)
        scale, label = Scale.around_zero(weight), "weight"
        side = side_for(len(chosen) * len(planes))
        pixels = [piled([scale.pixels(sized(weight[k, plane], side)) for plane in planes]) for k in chosen]
        beside = [str(plane) for plane in planes] if depth > 1 else []
        about += _told(planes, depth, not is_chosen)
    if len(chosen) < many:
        about.append(f"shown: filters {in_ranges(chosen)} of {many} (--filters chooses others)")
    cells = Cells(pixels, [str(k) for k in chosen], beside)
    height = max(cells.height, SHORTEST_BAR)
    sheet, top = page(f"Filters of {path}", about, cells.width + MARGIN + BAR_SPACE, height)
    cells.draw(sheet, MARGIN, top)
    sheet.bar(2 * MARGIN + cells.width, top, height, scale, label)
    return sheet


def convolution_at(graph: Graph, path: str) -> Node:
    """The Conv2d at a path. Raises PictureError where there is none."""
    known = {node.path: node for node in graph.nodes if isinstance(node.op, Conv2d)}
    if path in known:
        return known[path]
    if not known:
        raise PictureError(f"`{graph.name}` has no Conv2d, whose filters could be drawn")
    others = {node.path: type(node.op).__name__ for node in graph.nodes}
    what = f"`{path}` is a {others[path]} and no Conv2d" if path in others else f"`{path}` is no layer"
    names = [*known][:_MANY]
    more = f" .. {[*known][-1]}" if len(known) > len(names) else ""
    all_ = f"the Conv2d layers of `{graph.name}` are {', '.join(names)}{more}"
    raise PictureError("; ".join([what, *in_words(near(path, known)), all_]))


def _coloured(scale: Scale, weight: Tensor, side: int) -> Pixels:
    """A filter [3, height, width] as red, green and blue."""
    shares = scale.shares(sized(weight, side)).movedim(0, -1)
    found: Pixels = (255 * shares).round().to(torch.uint8).numpy()
    return found


def _strongest(weight: Tensor) -> list[int]:
    """The channels that all filters together weigh most, by the sum of squares, in order."""
    strength = weight.square().sum(dim=(0, 2, 3))
    return sorted(strength.argsort(descending=True, stable=True)[:_MOST_PLANES].tolist())


def _told(planes: list[int], depth: int, strongest: bool) -> list[str]:
    """Which planes of filters are shown."""
    if depth == 1:
        return []
    every = f"each pile: one filter's planes, one for each of the {depth} channels that it reads"
    if len(planes) == depth:
        return [every]
    why = ", which have the largest weights" if strongest else ""
    return [every, f"shown: channels {in_ranges(planes)} of {depth}{why} (--channels chooses others)"]
