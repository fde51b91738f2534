"""What is known of the known data sets before they are opened."""

from __future__ import annotations

from typing import NamedTuple

from archspec.recipes.recipe import Data


class DataFacts(NamedTuple):
    """What is known of the images of a data set. `channels` and `size` are None where every image has its own."""

    name: str
    classes: int
    channels: int | None = None
    size: tuple[int, int] | None = None


KNOWN = {
    "cifar10": DataFacts("cifar10", 10, 3, (32, 32)),
    "cifar100": DataFacts("cifar100", 100, 3, (32, 32)),
    "digits": DataFacts("digits", 10, 1, (8, 8)),
}


def facts_of(data: Data, classes: int) -> DataFacts:
    """What is known of data before they are opened. Of a folder's images that is nothing, and `fake` has whatever the
    network wants: they have the network's `classes`."""
    if data.source in KNOWN:
        return KNOWN[data.source]
    return DataFacts(data.source or "the folder", classes)
