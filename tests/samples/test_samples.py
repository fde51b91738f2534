"""Folders of inputs: what is read, as what, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import ResNet18_Weights

import archspec
from archspec.deployment import Deployment, Preprocessing, deploy
from archspec.graph import Graph
from archspec.samples import SamplesError, read_samples

RANDOM = np.random.default_rng(0)
SHAPES = {
    "a.png": (300, 400, 3),
    "below/b.png": (500, 333, 3),
    "c.jpg": (64, 64),
    "d.png": (90, 70, 4),
    "e.png": (224, 224, 3),  # enlarged, and cropped again
}
PRESET = ResNet18_Weights.IMAGENET1K_V1.transforms()
FACTS = Preprocessing((256,), (224,), tuple(PRESET.mean), tuple(PRESET.std), "bilinear")
KNOWN = Deployment(preprocessing=FACTS, prepared_for="ResNet18_Weights")


def network(shape: str = "[N, 3, 224, 224]") -> Graph:
    return archspec.load(f"archspec: 1\ninputs: {{image: {shape}}}\nlayers:\n  act: ReLU\n").graph


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for name, shape in SHAPES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(RANDOM.integers(0, 256, shape, dtype=np.uint8)).save(folder / name)
    (folder / ".hidden").write_text("no input")
    return folder


def test_images_become_what_torchvisions_preset_makes_of_them(photos: Path) -> None:
    batches, note = read_samples(photos, network(), KNOWN, {"N": 1})
    files = sorted(photos / name for name in SHAPES)
    for (found,), path in zip(batches, files, strict=True):
        with Image.open(path) as image:
            assert torch.equal(found[0], PRESET(image.convert("RGB")))
    assert note == "images prepared as for ResNet18_Weights, 224 x 224"


def test_without_such_knowledge_they_are_resized_and_scaled(photos: Path) -> None:
    batches, note = read_samples(photos, network("[N, 1, 20, 30]"), Deployment(), {"N": 1})
    assert {tuple(found.shape) for (found,) in batches} == {(1, 1, 20, 30)}
    assert all(0 <= found.min() < found.max() <= 1 for (found,) in batches)
    assert note.startswith("images resized to 20 x 30, scaled to 0..1")


def test_another_size_is_cropped_in_proportion(photos: Path) -> None:
    (image, *_), _ = read_samples(photos, network("[N, 3, 448, 448]"), KNOWN, {"N": 1})
    halves = torch.nn.functional.avg_pool2d(image[0], 2)
    ((expected,), *_), _ = read_samples(photos, network(), KNOWN, {"N": 1})
    assert halves.shape == expected.shape
    assert torch.corrcoef(torch.stack([halves.ravel(), expected.ravel()]))[0, 1] > 0.5


def test_open_sizes_are_those_that_the_weights_were_made_for(photos: Path) -> None:
    graph = network("[N, 3, H, W]")
    assert read_samples(photos, graph, KNOWN, {"N": 1, "H": 40, "W": 50}).batches[0][0].shape == (1, 3, 224, 224)
    assert read_samples(photos, graph, Deployment(), {"N": 1, "H": 40, "W": 50}).batches[0][0].shape == (1, 3, 40, 50)


def test_what_the_model_does_itself_is_left_to_it(photos: Path) -> None:
    graph = network()
    raw = read_samples(photos, graph, KNOWN, {"N": 1}).batches[0][0]
    mean, std = (torch.tensor(numbers).reshape(-1, 1, 1) for numbers in (FACTS.mean, FACTS.std))
    for preprocess in ("normalize", "uint8-nhwc"):
        deployment = Deployment(preprocess, preprocessing=FACTS, prepared_for="it")  # type: ignore[arg-type]
        found = read_samples(photos, deploy(graph, deployment), deployment, {"N": 1}).batches[0][0]
        pixels = found.permute(0, 3, 1, 2) / 255 if preprocess == "uint8-nhwc" else found
        assert found.dtype == (torch.uint8 if preprocess == "uint8-nhwc" else torch.float32)
        torch.testing.assert_close((pixels - mean) / std, raw)


def test_arrays_are_samples_or_batches(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", RANDOM.normal(size=(3, 4)).astype(np.float32))
    np.save(tmp_path / "two.npy", RANDOM.normal(size=(2, 3, 4)).astype(np.float32))
    batches, note = read_samples(tmp_path, network("[N, 3, 4]"), Deployment(), {"N": 1})
    assert [tuple(found.shape) for (found,) in batches] == [(1, 3, 4), (2, 3, 4)]
    assert note == ""


def text(path: Path) -> None:
    path.write_text("no image")


def archive(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, one=np.zeros(1))


def saved(array: Any) -> Callable[[Path], None]:
    return lambda path: np.save(path, array, allow_pickle=True)


def cut_off(path: Path) -> None:
    Image.fromarray(RANDOM.integers(0, 256, (60, 60, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:3000])


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("labels.txt", text, "labels.txt is neither an image (.jpg, "),
        ("a.png", text, "a.png is no image"),
        ("a.png", cut_off, "a.png is a broken image: "),
        ("a.jpg", cut_off, "a.jpg is a broken image: "),
        ("a.npy", text, "a.npy is no .npy file of numbers"),
        ("a.npy", Path.touch, "a.npy is no .npy file of numbers"),
        ("a.npy", saved(np.array([{}])), "a.npy is no .npy file of numbers"),
        ("a.npy", archive, "a.npy is an archive of several arrays, and has to be one"),
        ("a.npy", saved(np.zeros((3, 8, 8))), "a.npy holds float64, and the network reads float32"),
        ("a.npy", saved(np.zeros((3, 8, 9), np.float32)), "holds 1 x 3 x 8 x 9, and the network reads N x 3 x 8 x 8"),
        ("a.npy", saved(np.zeros(3, np.float32)), "a.npy holds 3, and the network reads N x 3 x 8 x 8"),
        ("a.npy", saved(np.full((3, 8, 8), np.nan, np.float32)), "a.npy holds numbers that are not finite"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, make: Callable[[Path], None], message: str, tmp_path: Path) -> None:
    make(tmp_path / name)
    with pytest.raises(SamplesError, match=re.escape(message)):
        read_samples(tmp_path, network("[N, 3, 8, 8]"), Deployment(), {"N": 1})


def test_an_empty_folder_and_none_at_all(tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match="is empty: images or"):
        read_samples(tmp_path, network(), Deployment(), {"N": 1})
    with pytest.raises(FileNotFoundError):
        read_samples(tmp_path / "none", network(), Deployment(), {"N": 1})


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("[N, 12]", "reads no image: its input `image` is N x 12, float32"),
        ("[N, 7, 8, 8]", "reads no image: its input `image` is N x 7 x 8 x 8, float32"),
    ],
)
def test_a_network_that_reads_no_image(shape: str, message: str, photos: Path) -> None:
    with pytest.raises(SamplesError, match=re.escape(message)):
        read_samples(photos, network(shape), Deployment(), {"N": 1})


def test_a_network_of_several_inputs(photos: Path) -> None:
    two = "archspec: 1\ninputs: {a: [N, 3], b: [N, 3]}\nlayers:\n  sum: {op: Add, from: [a, b]}\n"
    with pytest.raises(SamplesError, match="reads 2 inputs, `a`, `b`: a file holds one"):
        read_samples(photos, archspec.load(two).graph, Deployment(), {"N": 1})
