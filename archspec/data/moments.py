"""Mean and std of each channel, exactly, of any number of images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import torch
from torch import Tensor

from archspec.data.errors import DataError

Moments: TypeAlias = tuple[tuple[float, ...], tuple[float, ...]]

_DECIMALS = 4
_SHADES = 256


def moments_of(images: Iterable[Tensor], name: str) -> Moments:
    """Mean and std of pixels from 0 to 1, by images uint8 [channels, ...]: their shades are counted, so that nothing
    depends on the order. A channel of one shade alone, which no std could scale, has 1. Raises DataError where all are
    such."""
    counts = torch.stack([_shades(image) for image in images]).sum(0)
    parts = counts.double() / counts.sum(1, keepdim=True)
    shades = torch.arange(_SHADES, dtype=torch.float64) / (_SHADES - 1)
    mean = parts @ shades
    std = (parts @ shades.square() - mean.square()).clamp(min=0).sqrt()
    flat = std < 10**-_DECIMALS
    if flat.all():
        raise DataError(f"the images of {name} are all of one shade: there is nothing to learn from")
    return _rounded(mean), _rounded(std.masked_fill(flat, 1))


def _shades(image: Tensor) -> Tensor:
    """How many pixels have each of them, [channels, shades]."""
    return torch.stack([torch.bincount(channel.flatten(), minlength=_SHADES) for channel in image])


def _rounded(numbers: Tensor) -> tuple[float, ...]:
    return tuple(round(number, _DECIMALS) for number in numbers.tolist())
