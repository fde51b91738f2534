"""What happens to an image before a network sees it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

# As torchvision.transforms.InterpolationMode has them.
INTERPOLATIONS = ("bilinear", "bicubic", "nearest", "nearest-exact", "box", "hamming", "lanczos")
_LARGEST = 65_535  # pixels of a side, as JPEG has it


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """The shorter side resized (antialiased), the centre cropped, pixels scaled to 0..1, each channel normalised.

    `mean` and `std` have a number for each channel. Raises ValueError for what no image can undergo.
    """

    resize: tuple[int, ...]  # the shorter side, or height and width; empty: not resized
    crop: tuple[int, ...]  # the side of a square, or height and width; empty: not cropped
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str  # of the resize; empty: not resized

    def __post_init__(self) -> None:
        if not self.mean or len(self.mean) != len(self.std):
            channels = f"mean has {len(self.mean)}, and std {len(self.std)}"
            raise ValueError(f"mean and std have a number for each channel, and {channels}")
        if not all(map(math.isfinite, self.mean)):
            raise ValueError(f"mean is finite, and not {_listed(self.mean)}")
        if not all(math.isfinite(number) and number > 0 for number in self.std):
            raise ValueError(f"std is finite and greater than 0, and not {_listed(self.std)}")
        for name, sizes in (("resize", self.resize), ("crop", self.crop)):
            if len(sizes) > 2 or not all(1 <= size <= _LARGEST for size in sizes):
                raise ValueError(f"{name} is one size or two, from 1 to {_LARGEST:,}, and not {_listed(sizes)}")
        if (self.resize or self.interpolation) and self.interpolation not in INTERPOLATIONS:
            raise ValueError(f"interpolation is one of {', '.join(INTERPOLATIONS)}, and not `{self.interpolation}`")


def agreed(several: Iterable[Preprocessing]) -> Preprocessing | None:
    """What all of several have in common: their mean and std, and their sizes if those are the same too. None where
    they normalise differently, and of none at all."""
    known = [*several]
    if not known or any((each.mean, each.std) != (known[0].mean, known[0].std) for each in known):
        return None
    if all(each == known[0] for each in known):
        return known[0]
    return Preprocessing((), (), known[0].mean, known[0].std, "")


def _listed(numbers: Iterable[float]) -> str:
    return ", ".join(map(str, numbers))
