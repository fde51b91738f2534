"""Filters and feature maps: their colours stand in the picture, pixel by pixel; nothing written is cut off or covered.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from torch import Tensor

import archspec
from archspec.pictures import cam, fields, filters, kernels, maps, matrices
from archspec.pictures.cells import in_ranges, selected
from archspec.pictures.errors import PictureError
from archspec.pictures.sheet import Sheet
from archspec.pictures.subject import Seen, Subject
from tests.pictures.conftest import is_in

COLOURED = """
archspec: 1
name: coloured
inputs: {image: [N, 3, 16, 16]}
layers:
  conv1: {op: Conv2d, out_channels: 40, kernel_size: 5}
  conv2: {op: Conv2d, out_channels: 6, kernel_size: 3}
  norm: BatchNorm2d
  wide: {op: Conv2d, out_channels: 400, kernel_size: 1}
  one: {op: Conv2d, out_channels: 1, kernel_size: 1}
"""


@pytest.fixture(scope="module")
def coloured() -> Subject:
    return Subject(archspec.load(COLOURED), None, None, 0)


def coloured_by(values: Tensor, low: float, high: float, name: str, times: int) -> np.ndarray:
    """[height, width] by matplotlib's own scale, each number a square."""
    rgba = ScalarMappable(Normalize(low, high), matplotlib.colormaps[name]).to_rgba(values.numpy(), bytes=True)
    return rgba[..., :3].repeat(times, 0).repeat(times, 1)


def test_filters_of_three_planes_are_in_colour(coloured: Subject) -> None:
    weight = coloured.module.get_parameter("conv1.weight").detach()
    picture = filters.draw(coloured, "conv1", None, None).png()
    for number in (0, 17, 39):
        red_green_blue = (0.5 + weight[number] / (2 * weight.abs().max())) * 255
        block = red_green_blue.round().byte().movedim(0, -1).numpy().repeat(14, 0).repeat(14, 1)  # 5 * 14 of 72
        assert is_in(picture, block)
    alone = filters.draw(coloured, "conv1", "39", None).png()
    assert is_in(alone, block[::14, ::14].repeat(19, 0).repeat(19, 1))


def test_other_filters_are_planes_on_the_layers_scale(coloured: Subject) -> None:
    weight = coloured.module.get_parameter("conv2.weight").detach()
    greatest = float(weight.abs().max())
    strongest = weight.square().sum((0, 2, 3)).topk(16).indices.sort().values
    picture = filters.draw(coloured, "conv2", None, None).png()  # 6 filters, 16 planes: 96 squares of 72
    for number, plane in ((0, strongest[0]), (5, strongest[15])):
        assert is_in(picture, coloured_by(weight[number, plane], -greatest, greatest, "RdBu_r", 24))
    (missing,) = sorted({*range(40)} - {*strongest.tolist()})[:1]
    assert not is_in(picture, coloured_by(weight[0, missing], -greatest, greatest, "RdBu_r", 24))
    asked = filters.draw(coloured, "conv2", "0", str(missing)).png()
    assert is_in(asked, coloured_by(weight[0, missing], -greatest, greatest, "RdBu_r", 32))


def test_maps_share_the_scale_of_their_layer(small: Subject, seen: Seen) -> None:
    kept: dict[str, Tensor] = {}
    for name in ("conv1", "relu1"):
        small.module.get_submodule(name).register_forward_hook(
            lambda _, __, output, name=name: kept.__setitem__(name, output[0].detach())
        )
    small.module(seen.batch)
    picture = maps.draw(small, seen, ["relu1", "conv1"], None).png()
    for name, low, colours in (("conv1", -float(kept["conv1"].abs().max()), "RdBu_r"), ("relu1", 0.0, "viridis")):
        for plane in kept[name]:
            assert is_in(picture, coloured_by(plane, low, float(kept[name].abs().max()), colours, 12))
    assert is_in(picture, seen.pixels.numpy().repeat(28, 0).repeat(28, 1).repeat(3, 2))


def test_numbers_without_a_colour_are_refused(coloured: Subject) -> None:
    broken = Subject(archspec.load(COLOURED), None, None, 0)
    broken.module.get_parameter("conv1.weight").data[3, 0, 0, 0] = torch.nan
    with pytest.raises(PictureError, match="not finite"):
        filters.draw(broken, "conv1", None, None)


def test_what_is_chosen() -> None:
    assert selected(None, 10, 4, "maps") == [0, 1, 2, 3]
    assert selected("7,0-2,2", 10, 4, "maps") == [7, 0, 1, 2]
    assert in_ranges([7, 0, 1, 2, 9]) == "7,0-2,9"
    for written, message in (
        ("0-10", "there are no maps 0-10: they go from 0 to 9"),
        ("3-2", "there are no maps 3-2"),
        ("0-4", "5 maps are too many for one picture: 4"),
        ("one", "named by numbers and ranges, as in 0-15,40, and not by `one`"),
        ("1-", "named by numbers"),
    ):
        with pytest.raises(PictureError, match=message):
            selected(written, 10, 4, "maps")


def test_nothing_written_is_cut_off_or_covered(
    small: Subject, seen: Seen, coloured: Subject, china: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = tuple(f"{number} $x^{{2$, known by a name as long as those that ImageNet has" for number in range(10))
    monkeypatch.setattr(Subject, "classes", names)
    all_ = {name: matrices.kernel_of(name).float() for name in matrices.KERNELS}
    tiny = Subject(archspec.load(COLOURED), None, None, 0)
    tiny.module.get_parameter("conv2.weight").data.mul_(-1.2345e-11)
    long = seen._replace(name=f"{'a file of this name ' * 9}.png")
    for sheet in (
        filters.draw(coloured, "conv1", None, None),
        filters.draw(tiny, "conv2", None, None),
        maps.draw(small, long, ["conv1", "conv2"], None),
        maps.draw(coloured, coloured.see(china), ["wide"], ",".join(map(str, range(1, 400, 2)))),
        maps.draw(coloured, coloured.see(china), ["one"], None),
        cam.draw(small, long, None, None),
        kernels.draw(china, all_, True),
        fields.draw(small, long, ["conv1", "conv2", "fc"], None),
        fields.draw(small, None, ["pool"], (0, 0)),
    ):
        require_free(sheet)


def require_free(sheet: Sheet) -> None:
    """Everything lies in the picture, and no text on another text, an image or a colour bar."""
    canvas = sheet.figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    renderer = canvas.get_renderer()
    texts = [text.get_window_extent(renderer).extents for text in sheet.figure.texts]
    images = [np.array(image.get_extent())[[0, 2, 1, 3]] for image in sheet.figure.images]
    axes = [each.get_tightbbox(renderer).extents for each in sheet.figure.axes]
    boxes = np.stack([*texts, *images, *axes])
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= [sheet.width, sheet.height]).all()
    meet = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    covered = np.triu((meet > 1).all(-1), 1)
    places = [(one, other) for one, other in np.argwhere(covered) if other >= len(texts) or meet[one, other, 1] > 4]
    assert not places, [boxes[each] for pair in places[:2] for each in pair]
