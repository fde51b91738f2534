"""Images, and small networks whose weights say what they expect of them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import archspec
from archspec.deployment import Preprocessing
from archspec.weights.facts import Facts

COLOURS, GREY = "colours", "grey"
CLASSES = ("tabby", "golden retriever", "espresso", "a class whose name is longer than any table has room for it")
FACTS = {
    COLOURS: Facts(
        Preprocessing((24,), (16,), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "bicubic"), "photos", CLASSES
    ),
    GREY: Facts(Preprocessing((), (), (0.3,), (0.7,), "bilinear"), "digits", tuple("0123")),
}
SPECS = {
    name: f"""archspec: 1
name: {name}
inputs: {{image: [N, {channels}, {size}, {size}]}}
layers:
  conv: {{op: Conv2d, out_channels: 16, kernel_size: 3}}
  relu: ReLU
  gap: {{op: AdaptiveAvgPool2d, output_size: 1}}
  flatten: Flatten
  fc: {{op: Linear, out_features: 4}}
"""
    for name, channels, size in ((COLOURS, 3, 16), (GREY, 1, 8))
}


class Trained(NamedTuple):
    """A network with weights that would tell images apart, and the folder in which it was saved."""

    module: nn.Module
    folder: Path


@pytest.fixture(scope="package")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trained]:
    found = {}
    for name, text in SPECS.items():
        torch.manual_seed(0)
        module = archspec.build(text).eval()
        with torch.no_grad():
            module.get_submodule("fc").weight.mul_(100)
        folder = archspec.save(module, tmp_path_factory.mktemp(name) / name, facts=FACTS[name])
        found[name] = Trained(module, folder)
    return found


@pytest.fixture(scope="package")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five images in a folder and below it, each of another kind, two files that are no whole images, and others."""
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(0)
    shapes = {"a.png": (30, 40, 3), "b.jpg": (64, 20, 3), "below/c.png": (25, 25), "d.PNG": (90, 33, 4)}
    shapes["e.bmp"] = (16, 16)
    for number, (name, shape) in enumerate(shapes.items()):
        (folder / name).parent.mkdir(exist_ok=True)
        pixels = random.integers(0, 50 * (number + 1), shape, dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
    (folder / "broken.jpg").write_bytes((folder / "b.jpg").read_bytes()[:300])
    (folder / "text.png").write_text("no image")
    (folder / ".hidden.png").write_text("no image")
    (folder / "notes.txt").write_text("no image")
    return folder


@pytest.fixture
def whole(photos: Path) -> list[Path]:
    """The images that can be read, in their order."""
    return [photos / name for name in ("a.png", "b.jpg", "below/c.png", "d.PNG", "e.bmp")]
