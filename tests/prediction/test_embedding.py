"""Images into vectors: what torchvision's modules give at the same place, and files that are whole or not there."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision import models
from torchvision.transforms._presets import ImageClassification

import archspec
from archspec import PredictionError, UnknownPathError
from tests.prediction.conftest import COLOURS, SPECS, Trained


def hooked(module: nn.Module, path: str, images: Tensor) -> Tensor:
    """What a module gives inside, by a hook of torch's."""
    found: list[Tensor] = []
    handle = module.get_submodule(path).register_forward_hook(lambda _, __, output: found.append(output.clone()))
    with torch.no_grad():
        module(images)
    handle.remove()
    return found[0]


def test_alexnets_4096_numbers_before_its_last_layer(tmp_path: Path, whole: list[Path]) -> None:
    torch.manual_seed(0)
    ours = archspec.build("alexnet")
    with torch.device("meta"):
        theirs = models.alexnet().eval()
    theirs.load_state_dict(ours.state_dict(), assign=True)
    preset = models.AlexNet_Weights.DEFAULT.transforms()
    stated = {"resize": 256, "crop": 224, "mean": preset.mean, "std": preset.std}
    found = archspec.embed(ours, whole[:2], "classifier.5", path=tmp_path / "vectors.npy", **stated)
    images = torch.stack([preset(Image.open(path).convert("RGB")) for path in whole[:2]])
    vectors = np.load(tmp_path / "vectors.npy")
    assert (vectors.shape, vectors.dtype) == ((2, 4096), np.float32)
    np.testing.assert_allclose(vectors, hooked(theirs, "classifier.5", images).numpy(), rtol=1e-4, atol=1e-5)
    assert found.vectors.tolist() == vectors.tolist()
    assert (found.shape, found.layer) == ((4096,), "classifier.5")


def images_of(files: list[Path]) -> Tensor:
    preset = ImageClassification(crop_size=16, resize_size=24, mean=(0.5,), std=(0.25,))
    return torch.stack([preset(Image.open(path).convert("RGB")) for path in files])


STATED: dict[str, Any] = {"resize": 24, "crop": 16, "mean": [0.5], "std": [0.25], "interpolation": "bilinear"}


def test_a_map_is_flattened_or_averaged(trained: dict[str, Trained], photos: Path, whole: list[Path]) -> None:
    network = trained[COLOURS]
    expected = hooked(network.module, "relu", images_of(whole))
    found = archspec.embed(network.folder, photos, "relu", batch_size=2, **STATED)
    assert found.shape == (16, 14, 14)
    np.testing.assert_allclose(found.vectors, expected.flatten(1), rtol=1e-4, atol=1e-6)
    found = archspec.embed(network.module, photos, "relu", pool="mean", **STATED)
    assert found.shape == (16,)
    np.testing.assert_allclose(found.vectors, expected.mean((2, 3)), rtol=1e-4, atol=1e-6)
    assert found.files == tuple(map(str, whole))
    assert {Path(file).name for file in found.unreadable} == {"broken.jpg", "text.png"}


TOKENS = """archspec: 1
name: tokens
inputs: {image: [N, 3, 16, 16]}
outputs: {windows: windows, one: split.0, other: split.1, number: number}
layers:
  conv: {op: Conv2d, out_channels: 8, kernel_size: 4, stride: 4}
  flatten: {op: Flatten, start_dim: 2}
  tokens: {op: Permute, dims: [0, 2, 1]}
  split: {op: Split, split_size_or_sections: 4, dim: -1}
  windows: {op: Reshape, shape: [-1, 4, 8], from: tokens}
  token: {op: Select, dim: 1, index: 0, from: tokens}
  number: {op: Select, dim: 1, index: 5}
"""


def test_tokens_halves_and_what_has_no_row_for_each_image(whole: list[Path]) -> None:
    module = archspec.build(TOKENS).eval()
    flat = archspec.embed(module, whole, "tokens", **STATED)
    mean = archspec.embed(module, whole, "tokens", pool="mean", **STATED)
    assert (flat.shape, mean.shape) == ((16, 8), (8,))
    np.testing.assert_allclose(flat.vectors.reshape(5, 16, 8).mean(1), mean.vectors, rtol=1e-4, atol=1e-6)
    half = archspec.embed(module, whole, "split.1", **STATED)
    assert half.shape == (16, 4)
    number = archspec.embed(module, whole, "number", **STATED)
    assert (number.shape, number.vectors.tolist()) == ((1,), flat.vectors[:, 5:6].tolist())
    with pytest.raises(UnknownPathError, match=r"`split` has several outputs: write `split.0` .. `split.1`"):
        archspec.embed(module, whole, "split", **STATED)
    with pytest.raises(PredictionError, match=r"`windows` of tokens is 4\*N x 4 x 8, which has no row for each image"):
        archspec.embed(module, whole, "windows", **STATED)
    with pytest.raises(UnknownPathError, match="has no layer or input `tokns`; did you mean `tokens`"):
        archspec.embed(module, whole, "tokns", **STATED)
    with pytest.raises(PredictionError, match="the pooling `max` is none of flatten, mean"):
        archspec.embed(module, whole, "tokens", pool="max", **STATED)


def test_a_fixed_batch_is_filled(whole: list[Path], trained: dict[str, Trained]) -> None:
    fixed = archspec.build(SPECS[COLOURS].replace("[N", "[3"))
    fixed.load_state_dict(trained[COLOURS].module.state_dict())
    found = archspec.embed(fixed, whole, "fc", **STATED)
    expected = archspec.embed(trained[COLOURS].module, whole, "fc", **STATED)
    np.testing.assert_allclose(found.vectors, expected.vectors, rtol=1e-5, atol=1e-5)


def test_the_table_says_whose_each_row_is(trained: dict[str, Trained], photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "vectors.npy"
    found = archspec.embed(trained[COLOURS].folder, photos, "conv", path=path, batch_size=2)
    with (tmp_path / "vectors.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == list(found.files)
    assert [int(row["row"]) for row in rows] == [*range(5)]
    assert {(row["layer"], row["shape"]) for row in rows} == {("conv", "16x14x14")}
    in_memory = archspec.embed(trained[COLOURS].folder, photos, "conv").vectors
    np.testing.assert_allclose(np.load(path), in_memory, rtol=1e-5, atol=1e-5)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["vectors.csv", "vectors.npy"]


def test_both_files_or_none(
    trained: dict[str, Trained], photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, path = trained[COLOURS].folder, tmp_path / "vectors.npy"
    archspec.embed(folder, photos, "fc", path=path)
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}

    def stop(done: int, of: int) -> None:
        if done > 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archspec.embed(folder, photos, "conv", path=path, batch_size=1, tell=stop)
    with pytest.raises(PredictionError, match=r"no image can be read: .*text\.png is no image"):
        archspec.embed(folder, photos / "text.png", "conv", path=path)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before


def test_nothing_of_others_is_replaced(trained: dict[str, Trained], photos: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("file,label\n")
    with pytest.raises(PredictionError, match=r"labels\.csv is there, and no table of vectors"):
        archspec.embed(trained[COLOURS].folder, photos, "fc", path=tmp_path / "labels.npy")
    with pytest.raises(PredictionError, match=r"vectors\.txt has to end in \.npy"):
        archspec.embed(trained[COLOURS].folder, photos, "fc", path=tmp_path / "vectors.txt")
    assert [each.name for each in tmp_path.iterdir()] == ["labels.csv"]
