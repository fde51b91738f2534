"""Image files as a network reads them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as transforms

from archspec.deployment import Preprocessing
from archspec.samples.files import SamplesError
from archspec.types import DType

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
        pixels: Tensor = transforms.pil_to_tensor(self._sized(self._opened(path)))
        if self.dtype is not DType.uint8:
            pixels = transforms.convert_image_dtype(pixels, getattr(torch, self.dtype))
        if self.normalized and self.facts:
            pixels = transforms.normalize(pixels, list(self.facts.mean), list(self.facts.std))
        return (pixels.permute(1, 2, 0) if self.channels_last else pixels).contiguous()[None]

    def _opened(self, path: Path) -> Image.Image:
        with path.open("rb") as file:
            try:
                image: Image.Image = Image.open(file).convert(CHANNELS[self.channels])
                return image
            except UnidentifiedImageError:
                raise SamplesError(f"{path} is no image") from None
            except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:  # all of PIL's
                raise SamplesError(f"{path} is a broken image: {error}") from error

    def _sized(self, image: Image.Image) -> Image.Image:
        size = [self.height, self.width]
        if self.facts is None or not self.facts.resize:
            whole: Image.Image = transforms.resize(image, size, antialias=True)
            return whole
        crop = self.facts.crop or self.facts.resize
        scale = max(self.height / crop[0], self.width / crop[-1])
        shorter = max(round(min(self.facts.resize) * scale), *size)
        mode = InterpolationMode(self.facts.interpolation)
        cropped: Image.Image = transforms.center_crop(transforms.resize(image, [shorter], mode, antialias=True), size)
        return cropped
