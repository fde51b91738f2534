"""Images as tensors: a data set's part, for torch's DataLoader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from archspec.data.drawing import number, undisturbed
from archspec.data.stores import Held, Store
from archspec.samples.images import Picture, pixels


class Draw(NamedTuple):
    """An image of a part, in an epoch of a training: its augmentation follows from these three alone."""

    seed: int
    epoch: int
    place: int


@dataclass(frozen=True, slots=True)
class Images(Dataset[Any]):
    """A part of a data set: (float32 [C, H, W], class). A place in it gives the image as it is evaluated; a `Draw` as
    it is trained on. Raises DataError where it can't be read."""

    store: Store
    places: Sequence[int]  # in the store
    labels: Sequence[int]  # of all in the store
    picture: Picture
    augmented: Callable[[Image.Image], Image.Image] | None = None

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, key: int | Draw) -> tuple[Tensor, int]:
        return self.__getitems__([key])[0]

    def __getitems__(self, keys: Sequence[int | Draw]) -> list[tuple[Tensor, int]]:
        places = [self.places[key.place if isinstance(key, Draw) else key] for key in keys]
        images = self.picture.batch(self._pixels(keys, places))
        return list(zip(images.unbind(), [self.labels[place] for place in places], strict=True))

    def _pixels(self, keys: Sequence[int | Draw], places: Sequence[int]) -> Tensor:
        """uint8 [images, C, H, W]"""
        plain = self.augmented is None or not isinstance(keys[0], Draw)
        if plain and isinstance(self.store, Held) and self.store.suit(self.picture):
            return self.store.tensor(places)
        with undisturbed() as own:
            return pixels([self._one(key, place, own) for key, place in zip(keys, places, strict=True)])

    def _one(self, key: int | Draw, place: int, own: torch.Generator) -> Image.Image:
        image = self.store.image(place, self.picture)
        if self.augmented is None or not isinstance(key, Draw):
            return self.picture.sized(image)
        own.manual_seed(number(*key))
        return self.augmented(image)
