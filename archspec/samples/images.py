"""Image files as a network reads them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as transforms

from archspec.deployment import Preprocessing
from archspec.samples.files import SamplesError
from archspec.types import DType

# What files of these endings hold, and what is often found under one of them. PIL knows more, and has some of those
# drawn by other programs.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
_LARGEST = 178_956_970  # pixels: PIL takes an image of more for an attack
CHANNELS = {1: "L", 3: "RGB", 4: "RGBA"}  # by their number, what PIL calls them


class Picture(NamedTuple):
    """What a network reads as an image. Without `facts` an image is resized to the size as a whole; with them as the
    weights want it, in proportion where the network reads another size than they were trained at."""

    channels: int
    height: int
    width: int
    dtype: DType  # uint8: the pixels as they are; else they are scaled to 0..1
    channels_last: bool = False
    facts: Preprocessing | None = None
    normalized: bool = False  # by the mean and std of the facts

    def read(self, path: Path) -> Tensor:
        """A batch of one. Raises SamplesError for a file that holds no whole image."""
        return self.batch(pixels([self.sized(self.opened(path))]))

    def opened(self, path: Path) -> Image.Image:
        """The image in a file, in its own size. Raises SamplesError for a file that holds no whole image."""
        with path.open("rb") as file, _pils_errors(path):
            image = _header(file, path)
            if (area := self._area(image.width, image.height)) > _LARGEST:
                resized = f"{path} is {image.width} x {image.height}, and would have {area:,} pixels once it is resized"
                raise SamplesError(f"{resized}: up to {_LARGEST:,} are read")
            return self.coloured(image)

    def coloured(self, image: Image.Image) -> Image.Image:
        """With as many channels as the network reads: colours become grey, grey all three colours; what lies behind
        transparent pixels shows, and 16 bits become the upper 8."""
        if _has_sixteen_bits(image):  # PIL would make white of all that is above 255
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        mode = CHANNELS[self.channels]
        return image if image.mode == mode and not isinstance(image, ImageFile) else image.convert(mode)

    def batch(self, pixels: Tensor) -> Tensor:
        """What the network reads, of such images' pixels, uint8 [N, channels, height, width]."""
        if self.dtype is not DType.uint8:
            pixels = transforms.convert_image_dtype(pixels, getattr(torch, self.dtype))
        if self.normalized and self.facts:
            pixels = transforms.normalize(pixels, list(self.facts.mean), list(self.facts.std), inplace=True)
        return (pixels.permute(0, 2, 3, 1) if self.channels_last else pixels).contiguous()

    def sized(self, image: Image.Image) -> Image.Image:
        """Resized and cropped to what the network reads."""
        if self.keeps(image.height, image.width):
            return image
        size = [self.height, self.width]
        if self.facts is None or not self.facts.resize:
            whole: Image.Image = transforms.resize(image, size, antialias=True)
            return whole
        mode = InterpolationMode(self.facts.interpolation or "bilinear")
        resized = transforms.resize(image, self._resized_to(image.width, image.height), mode, antialias=True)
        cropped: Image.Image = transforms.center_crop(resized, size)
        return cropped

    def keeps(self, height: int, width: int) -> bool:
        """Whether the pixels of an image of this size stay what they are."""
        if (height, width) != (self.height, self.width):
            return False
        same = [height, width], [min(height, width)]
        return self.facts is None or not self.facts.resize or self._resized_to(width, height) in same

    def _area(self, width: int, height: int) -> int:
        """How many pixels an image has on its way to what the network reads."""
        if self.facts is None or not self.facts.resize:
            return self.width * self.height
        first, *second = self._resized_to(width, height)
        return first * (second[0] if second else first * max(width, height) // min(width, height))

    def _resized_to(self, width: int, height: int) -> list[int]:
        """What the facts resize an image to, in proportion to what the network reads, and at least as large: height and
        width, or the shorter side, which leaves the longer one its proportion."""
        assert self.facts is not None
        crop = self.facts.crop or self.facts.resize
        scale = max(self.height / crop[0], self.width / crop[-1])
        wanted = [round(side * scale) for side in self.facts.resize]
        if len(wanted) == 2:
            return [max(wanted[0], self.height), max(wanted[1], self.width)]
        shorter = min(width, height)
        fitting = (-(-shorter * self.height // height), -(-shorter * self.width // width))
        return [max(*wanted, *fitting)]


def pixels(images: Sequence[Image.Image]) -> Tensor:
    """uint8 [N, channels, height, width] of images of one size."""
    found = torch.from_numpy(np.stack([np.asarray(image) for image in images]))
    return found[:, None] if found.ndim == 3 else found.permute(0, 3, 1, 2).contiguous()


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of the image in a file, by its first bytes: a file that breaks off later passes. Raises
    SamplesError for a file that holds no image."""
    with path.open("rb") as file, _pils_errors(path):
        return _header(file, path).size


def _header(file: BinaryIO, path: Path) -> Image.Image:
    image = Image.open(file, formats=_FORMATS)
    if image.mode in ("I", "F") and not _has_sixteen_bits(image):
        raise SamplesError(f"{path} has 32 bits for a pixel: what is black and white in it is not known")
    return image


def _has_sixteen_bits(image: Image.Image) -> bool:
    return image.mode.startswith("I;16") or (image.mode, image.format) == ("I", "PPM")


@contextmanager
def _pils_errors(path: Path) -> Iterator[None]:
    """All that PIL raises as SamplesError. What it warns of leaves the pixels as they are: large images, palettes with
    transparency, odd metadata."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        try:
            yield
        except UnidentifiedImageError:
            raise SamplesError(f"{path} is no image") from None
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise SamplesError(f"{path} is a broken image: {error}") from error
