"""A recipe's data, ready to be trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archspec.data.augmentation import image_transform
from archspec.data.cifar import cifar
from archspec.data.errors import DataError
from archspec.data.folders import image_folder
from archspec.data.images import Images
from archspec.data.preparing import picture_for
from archspec.data.sources import Source, digits, fake
from archspec.data.splits import Parts, require_every_class
from archspec.deployment import Preprocessing
from archspec.recipes.classifier import ImageType
from archspec.recipes.recipe import Data, Recipe
from archspec.render import count


@dataclass(frozen=True, slots=True)
class ImageData:
    """Images for training, validation and testing, of which the last two may have none; the names of their classes;
    and what is done to each before the network sees it."""

    name: str
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    train: Images
    validation: Images
    test: Images

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is worth writing down, as plain values."""
        return {
            "name": self.name,
            "classes": len(self.classes),
            "train": len(self.train),
            "validation": len(self.validation),
            "test": len(self.test),
        }


def folder_of(data: Data, folder: Path) -> Source | None:
    """The images in a folder, whose classes and size nobody knows before they are looked at; None for other data.
    `folder`: where relative paths begin. Raises DataError, OSError."""
    if data.image_folder is None:
        return None
    return image_folder(folder / data.image_folder, Parts(data.validation, data.test))


def open_data(
    recipe: Recipe,
    image: ImageType,
    classes: int,
    weights: Preprocessing | None,
    folder: Path,
    source: Source | None = None,
) -> ImageData:
    """The data of a recipe for a network that reads such images and tells so many classes apart. `weights`: what those
    that it begins with expect of images; `folder`: where relative paths begin; `source`: what `folder_of` has found.

    Raises DataError, ExtraError, OSError. CIFAR may be downloaded: of several processes let one be the first.
    """
    if image.channels not in (1, 3):
        raise DataError(f"the network reads {count(image.channels, 'channel')}, and images to train on have 1 or 3")
    source = source or folder_of(recipe.data, folder) or _source(recipe.data, image, classes, folder)
    if len(source.classes) != classes:
        raise DataError(
            f"{source.name} has {len(source.classes)} classes, and the network tells {classes} apart: an argument of "
            f"its spec, such as `num_classes: {len(source.classes)}`, makes it as many"
        )
    require_every_class(source.split, source.labels, source.classes, source.name)
    picture = picture_for(image, source, weights, recipe.normalization)
    assert picture.facts is not None
    augmented = image_transform(recipe.augmentation, picture)
    train, validation, test = (
        Images(source.store, places, source.labels, picture, augmented) for places in source.split
    )
    return ImageData(source.name, source.classes, picture.facts, train, validation, test)


def _source(data: Data, image: ImageType, classes: int, folder: Path) -> Source:
    parts = Parts(data.validation, data.test)
    match data.source:
        case "cifar10" | "cifar100" as name:
            return cifar(name, folder / data.folder, data.download, parts)
        case "digits":
            return digits(parts)
        case _:
            return fake(parts, data.samples, classes, image.channels, (image.height, image.width))
