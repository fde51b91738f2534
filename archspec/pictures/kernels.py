"""What kernels that were made by hand do to an image, as the first layers of a network learn theirs."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from archspec.pictures.panels import Bar, Group, Panel, laid_out
from archspec.pictures.scales import GRAY, Pixels, Scale, shown
from archspec.pictures.sheet import Sheet
from archspec.samples.images import Picture, size_of
from archspec.types import DType

_SIDE = 288  # the longer side of an image; one that is larger is made smaller first
_COLUMNS = 6
_DENOMINATOR = 1000  # the greatest of weights that are written as fractions
_SPELT_OUT = 49  # weights
_EVEN = 1e-6  # a sum of weights that is no further from 0
_INSIDE = 0.995  # the share of differences that have their own gray: a few edges are far stronger than the others


def image_of(path: Path, colour: bool) -> Tensor:
    """An image file as [1 or 3, height, width] from 0 to 1. Raises SamplesError, OSError."""
    width, height = size_of(path)
    times = min(1.0, _SIDE / max(width, height))
    sizes = max(1, round(height * times)), max(1, round(width * times))
    return Picture(3 if colour else 1, *sizes, DType.float32).read(path)[0]


def convolved(image: Tensor, kernel: Tensor) -> Tensor:
    """What torch.nn.Conv2d makes of each channel of an image, [channels, height, width] as it is; beyond the border
    the border goes on."""
    channels, (height, width) = len(image), kernel.shape
    options: dict[str, Any] = {"padding": "same", "padding_mode": "replicate", "groups": channels, "bias": False}
    layer = torch.nn.Conv2d(channels, channels, (height, width), **options)
    with torch.inference_mode():
        layer.weight.copy_(kernel.expand(channels, 1, height, width))
        found: Tensor = layer(image[None])[0]
    return found


def draw(path: Path, kernels: Mapping[str, Tensor], colour: bool) -> Sheet:
    """The image, and beside it what kernels make of it. Those whose weights add up to 0 answer to differences: their
    results share one scale with gray for 0. The others are on that of the image.

    Raises SamplesError, OSError.
    """
    image = image_of(path, colour)
    bright: dict[str, Tensor] = {}
    differences: dict[str, Tensor] = {}
    for name, kernel in kernels.items():
        results = differences if abs(float(kernel.sum())) < _EVEN else bright
        results[f"{name}: {_written(kernel)}"] = convolved(image, kernel)
    said = f"{path.name}, {image.shape[1]} x {image.shape[2]}"
    groups = [_group({said: image, **bright}, Bar(Scale(GRAY, 0.0, 1.0), "brightness"))]
    if differences:
        groups.append(_group(differences, Bar(_around_most(torch.stack([*differences.values()])), "difference")))
    on = "red, green and blue alike" if colour else "the image in gray"
    about = [f"torch.nn.Conv2d with these weights, on {on}", "what lies beyond a scale has the gray of its end"]
    return laid_out("Kernels made by hand", about, groups, _COLUMNS)


def _group(images: Mapping[str, Tensor], bar: Bar) -> Group:
    """Images by what they are, on one scale."""
    return Group([Panel(_pixels(bar.scale, planes), text) for text, planes in images.items()], bar)


def _around_most(differences: Tensor) -> Scale:
    greatest = float(differences.abs().quantile(_INSIDE)) or 1.0
    return Scale(GRAY, -greatest, greatest)


def _pixels(scale: Scale, planes: Tensor) -> Pixels:
    """[1 or 3, height, width] on a scale."""
    return shown(255 * scale.shares(planes).movedim(0, -1), _SIDE)


def _written(kernel: Tensor) -> str:
    """Row by row, as whole numbers times a fraction where that is what they are; of a large one its size."""
    if kernel.numel() > _SPELT_OUT:
        return " x ".join(map(str, kernel.shape))
    numbers = [[Fraction(number).limit_denominator(_DENOMINATOR) for number in row] for row in kernel.tolist()]
    common = lcm(*(number.denominator for row in numbers for number in row))
    whole = " / ".join(" ".join(str(number * common) for number in row) for row in numbers)
    if common == 1 or (kernel * common - (kernel * common).round()).abs().max() > _EVEN:
        return " / ".join(" ".join(f"{number:.3g}" for number in row) for row in kernel.tolist())
    return f"1/{common} of {whole}"
