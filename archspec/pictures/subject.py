"""The network that is looked at, and the image that it sees."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn

from archspec.architecture import Architecture
from archspec.driver.known import known_of
from archspec.driver.networks import source_of
from archspec.graph import Graph
from archspec.pictures.reading import Reading, reading_of
from archspec.types import DType

_COLOURS = 3


class Seen(NamedTuple):
    """An image as the network sees it: the batch of one that it reads, and the same as pixels, uint8 [H, W, 1 or 3],
    resized and cropped alike, but not normalised."""

    name: str
    batch: Tensor
    pixels: Tensor

    @property
    def text(self) -> str:
        height, width, _ = self.pixels.shape
        return f"{self.name}, {height} x {width}, as it is read"


class Subject:
    """A network with weights. What costs time is made when somebody asks for it."""

    def __init__(self, architecture: Architecture, weights: str | None, rename: str | None, seed: int) -> None:
        self._source = source_of(architecture, weights, rename, (), None, (), None)
        self._known = known_of(self._source, seed)
        self._rename, self._seed = rename, seed

    @property
    def name(self) -> str:
        return self._source.architecture.name

    @property
    def title(self) -> str:
        """The network and its weights, in words."""
        whose = f"initial weights, seed {self._seed}" if self._source.initial else self._known.title
        return whose if whose.startswith(self.name) else f"{self.name}, {whose}"

    @property
    def graph(self) -> Graph:
        """With the sizes that stand in its spec."""
        return self._source.architecture.graph

    @cached_property
    def module(self) -> nn.Module:
        """In evaluation mode. Raises WeightsError."""
        return self._source.network(self._rename, self._seed).module.eval()

    @cached_property
    def reading(self) -> Reading:
        """How it reads an image. Raises SamplesError where it doesn't."""
        return reading_of(self._source, self._known)

    @cached_property
    def sized_graph(self) -> Graph:
        """With the sizes that everything has for one image. Raises SamplesError where it reads none, and SpecError."""
        picture, (image,) = self.reading.picture, self.graph.inputs
        sizes = {"N": 1, "C": picture.channels, "H": picture.height, "W": picture.width}
        shape: list[int | str] = [sizes[axis or ""] for axis in image.type.axes]
        return self._source.architecture.with_inputs({image.name: shape}).graph

    @property
    def classes(self) -> tuple[str, ...]:
        """What its classes are called; empty where nobody has said so."""
        return self._known.classes

    def see(self, path: Path) -> Seen:
        """An image file. Raises SamplesError for one that holds no image, and where the network reads none; OSError."""
        picture = self.reading.picture
        plain = picture._replace(normalized=False, channels_last=True, dtype=DType.uint8)
        return Seen(path.name, picture.read(path), plain.read(path)[0, ..., :_COLOURS])
