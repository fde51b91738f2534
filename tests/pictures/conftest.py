"""Images, networks, and how to find numbers in a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits, load_sample_image

import archspec
from archspec.pictures.subject import Seen, Subject

SMALL = """
archspec: 1
name: small
inputs: {image: [N, 1, 8, 8]}
layers:
  conv1: {op: Conv2d, out_channels: 6, kernel_size: 3, padding: 1}
  relu1: ReLU
  pool: {op: AvgPool2d, kernel_size: 2}
  conv2: {op: Conv2d, out_channels: 5, kernel_size: 3}
  mean: {op: AdaptiveAvgPool2d, output_size: 1}
  flatten: Flatten
  fc: {op: Linear, out_features: 10}
"""


@pytest.fixture(scope="session")
def china(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("images") / "china.png"
    Image.fromarray(load_sample_image("china.jpg")).save(path)
    return path


@pytest.fixture(scope="session")
def digit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("images") / "three.png"
    Image.fromarray(np.round(load_digits().images[3] * 255 / 16).astype(np.uint8)).save(path)
    return path


@pytest.fixture(scope="session")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("specs") / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def small(spec: Path) -> Subject:
    return Subject(archspec.load(spec), None, None, 0)


@pytest.fixture(scope="session")
def seen(small: Subject, digit: Path) -> Seen:
    return small.see(digit)


def is_in(picture: bytes, block: np.ndarray[Any, np.dtype[np.uint8]]) -> bool:
    """Whether pixels [height, width, 3] stand somewhere in a PNG as they are."""
    import io

    with Image.open(io.BytesIO(picture)) as image:
        pixels = np.asarray(image.convert("RGB"))
    height, width = block.shape[:2]
    first = block[0].tobytes()
    for top in range(pixels.shape[0] - height + 1):
        row, at = pixels[top].tobytes(), -1
        while (at := row.find(first, at + 1)) >= 0:
            left = at // 3
            if at % 3 == 0 and np.array_equal(pixels[top : top + height, left : left + width], block):
                return True
    return False
