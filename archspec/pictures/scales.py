"""Numbers as colours."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import matplotlib
import numpy as np
import torch
from matplotlib.colors import Colormap
from torch import Tensor

from archspec.pictures.errors import PictureError

Pixels: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]"
"""[height, width, 3] of red, green, blue."""

SIGNED, POSITIVE, GRAY = "RdBu_r", "viridis", "gray"


class Scale(NamedTuple):
    """Which colours numbers have, from `low` to `high`; what lies beyond has the colour of the end."""

    name: str
    low: float
    high: float

    @classmethod
    def around_zero(cls, values: Tensor, name: str = SIGNED) -> Scale:
        """The scale that holds all values, with 0 in its middle. Raises PictureError for numbers that aren't finite."""
        greatest = _greatest(values)
        return cls(name, -greatest, greatest)

    @classmethod
    def of(cls, values: Tensor) -> Scale:
        """The same, but from 0 up where nothing is negative."""
        return cls.around_zero(values) if bool((values < 0).any()) else cls(POSITIVE, 0.0, _greatest(values))

    def shares(self, values: Tensor) -> Tensor:
        """How far up the scale values are, from 0 to 1."""
        return ((values - self.low) / (self.high - self.low)).clamp(0, 1)

    @property
    def map(self) -> Colormap:
        return matplotlib.colormaps[self.name]

    def pixels(self, values: Tensor) -> Pixels:
        """The colours of [height, width]."""
        found: Pixels = self.map(self.shares(values).numpy(), bytes=True)[..., :3]
        return found


def _greatest(values: Tensor) -> float:
    """The greatest distance from 0; 1 where all are 0, for a scale has two ends."""
    if not torch.isfinite(values).all():
        raise PictureError("some of the numbers to be drawn are not finite, and have no colour")
    return float(values.abs().max()) or 1.0


def sized(plane: Tensor, side: int) -> Tensor:
    """A plane [..., H, W] whose longer side is about so long: each number a square of equal size, where there is room
    for that; else averaged over areas."""
    height, width = plane.shape[-2:]
    longer = max(height, width)
    if longer <= side:
        times = round(side / longer)
        return plane.repeat_interleave(times, -2).repeat_interleave(times, -1)
    shape = [max(1, round(height * side / longer)), max(1, round(width * side / longer))]
    planes = plane.float().reshape(1, -1, height, width)
    smaller = torch.nn.functional.interpolate(planes, shape, mode="area")
    return smaller.reshape(*plane.shape[:-2], *shape)


def shown(image: Tensor, side: int) -> Pixels:
    """An image, uint8 [H, W, 1 or 3], whose longer side is about so long."""
    planes = sized(image.movedim(-1, 0), side).expand(3, -1, -1).movedim(0, -1)
    found: Pixels = planes.round().to(torch.uint8).numpy()
    return found
