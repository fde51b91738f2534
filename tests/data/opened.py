"""Data sets as recipes ask for them, and folders of images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from archspec.data import ImageData, ImageType, open_data
from archspec.deployment import Preprocessing
from archspec.recipes.recipe import Recipe

RANDOM = np.random.default_rng(0)


def recipe(data: dict[str, Any], **keys: Any) -> Recipe:
    return Recipe.model_validate({"recipe": 1, "model": {"target": "it"}, "data": data, **keys})


def opened(
    data: dict[str, Any],
    size: tuple[int, int, int],
    classes: int,
    folder: Path = Path(),
    weights: Preprocessing | None = None,
    **keys: Any,
) -> ImageData:
    return open_data(recipe(data, **keys), ImageType(*size), classes, weights, folder)


def noise(*size: int) -> Image.Image:
    """A random image, as large as [height, width] or [height, width, channels]."""
    return Image.fromarray(RANDOM.integers(0, 256, size, np.uint8))


def paint(path: Path, *size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise(*(size or (9, 12, 3))).save(path)
    return path


def paint_folder(root: Path, classes: str = "cat dog", images: int = 5, *size: int) -> Path:
    for name in classes.split():
        for number in range(images):
            paint(root / name / f"{number}.png", *size)
    return root
