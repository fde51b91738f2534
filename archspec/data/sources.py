"""Data sets, as a recipe names them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from archspec.data.extra import require
from archspec.data.moments import Moments
from archspec.data.splits import Parts, Split, split
from archspec.data.stores import Held, Noise, Store


@dataclass(frozen=True, slots=True)
class Source:
    """A data set: its images, their classes by number, and which are for what. Where they are known: height and width,
    if all images have the same; mean and std as they were published."""

    name: str
    classes: tuple[str, ...]
    store: Store
    labels: Sequence[int]
    split: Split
    size: tuple[int, int] | None = None
    moments: Moments | None = None


def digits(parts: Parts) -> Source:
    """scikit-learn's 1,797 handwritten digits, 8 x 8, in 17 shades of grey, which become 256. Raises ExtraError."""
    found = require("sklearn.datasets").load_digits()
    pixels = np.round(found.images * (255 / 16)).astype(np.uint8)[..., None]
    labels = found.target.tolist()
    classes = tuple(str(name) for name in found.target_names)
    divided = split(numbered(range(len(labels))), labels, range(len(labels)), parts)
    return Source("digits", classes, Held(pixels), labels, divided, (8, 8))


def fake(parts: Parts, images: int, classes: int, channels: int, size: tuple[int, int]) -> Source:
    """Noise around a pattern of each class, in the size that the network reads."""
    places = range(images)
    labels = [place % classes for place in places]
    names = tuple(f"class {label}" for label in range(classes))
    store = Noise(classes, channels, *size)
    return Source("fake", names, store, labels, split(numbered(places), labels, places, parts), size)


def numbered(places: Iterable[int]) -> list[str]:
    """Names for images that have none."""
    return [str(place) for place in places]
