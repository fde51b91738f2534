"""What happens to an image before a network sees it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """The shorter side resized (antialiased), the centre cropped, pixels scaled to 0..1, each channel normalised."""

    resize: tuple[int, ...]
    crop: tuple[int, ...]  # empty: not cropped
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str


def agreed(several: Iterable[Preprocessing]) -> Preprocessing | None:
    """What all of several have in common: their mean and std, and their sizes if those are the same too. None where
    they normalise differently, and of none at all."""
    known = [*several]
    if not known or any((each.mean, each.std) != (known[0].mean, known[0].std) for each in known):
        return None
    if all(each == known[0] for each in known):
        return known[0]
    return Preprocessing((), (), known[0].mean, known[0].std, "")
