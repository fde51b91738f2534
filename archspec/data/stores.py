"""Where images are before they are prepared: in memory, in files, or nowhere yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from archspec.data.drawing import number
from archspec.data.errors import DataError
from archspec.samples.files import SamplesError
from archspec.samples.images import Picture

Pixels: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]

_TILES = 4  # of a pattern of noise, along each axis


class Store(Protocol):
    """Images by their number."""

    def image(self, place: int, picture: Picture) -> Image.Image:
        """With the colours that the picture has, in its own size. Raises DataError."""


class Held(NamedTuple):
    """Images in memory."""

    pixels: Pixels  # [images, height, width, channels]

    def image(self, place: int, picture: Picture) -> Image.Image:
        return _image(self.pixels[place], picture)

    def suit(self, picture: Picture) -> bool:
        """Whether the images are as the picture wants them."""
        _, height, width, channels = self.pixels.shape
        return channels == picture.channels and picture.keeps(height, width)

    def tensor(self, places: Sequence[int]) -> Tensor:
        """uint8 [images, channels, height, width]"""
        return torch.from_numpy(self.pixels[places]).permute(0, 3, 1, 2).contiguous()


class Files(NamedTuple):
    """Image files."""

    paths: Sequence[str]

    def image(self, place: int, picture: Picture) -> Image.Image:
        try:
            return picture.opened(Path(self.paths[place]))
        except SamplesError as error:
            raise DataError(f"{error}; mend it, or take it out of the folder") from error
        except OSError as error:
            raise DataError(f"{self.paths[place]} can't be read any more: {error.strerror}") from error


class Noise(NamedTuple):
    """Images that are made when they are asked for: a coarse pattern, the class's own, under noise."""

    classes: int
    channels: int
    height: int
    width: int

    def image(self, place: int, picture: Picture) -> Image.Image:
        pattern = np.random.default_rng(number("pattern", place % self.classes))
        noise = np.random.default_rng(number("noise", place))
        coarse = pattern.integers(0, 128, (_TILES, _TILES, self.channels), np.uint8)
        rows, columns = (np.arange(size) * _TILES // size for size in (self.height, self.width))
        fine = noise.integers(0, 128, (self.height, self.width, self.channels), np.uint8)
        return _image(coarse[rows[:, None], columns] + fine, picture)


def _image(pixels: Pixels, picture: Picture) -> Image.Image:
    """Of [height, width, channels]."""
    return picture.coloured(Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels))
