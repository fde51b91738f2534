"""What a file says of itself, and what is known of the weights that it holds."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch
from torchvision import models

import archspec
from archspec.deployment import DeployError, Deployment, Preprocessing, deploy
from archspec.driver.known import known_of
from archspec.driver.metadata import metadata_of
from archspec.driver.networks import Source, source_of
from archspec.weights.facts import Facts

HASHES = {"spec": "a" * 64, "weights": "b" * 64}
PLAIN = """archspec: 1
name: plain
inputs: {image: [N, 3, 8, 8]}
layers:
  conv: {op: Conv2d, out_channels: 4, kernel_size: 3}
"""
COLLECTION = """models:
  plain_s:
    spec: plain
    weights: {V1: ../weights/first.safetensors}
"""


def metadata(path: Path) -> dict[str, str]:
    return {each.key.removeprefix("archspec."): each.value for each in onnx.load(path).metadata_props}


def source(target: str | torch.nn.Module, weights: str | None = None, zoo: Path | None = None) -> Source:
    return source_of(target, weights, None, (), {}, (), zoo)


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file where torch.hub keeps the weights of squeezenet1_1, under the name by which they were published."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    torch.save(models.squeezenet1_1().state_dict(), folder / "squeezenet1_1-b8a52dc0.pth")
    return folder / "squeezenet1_1-b8a52dc0.pth"


def test_a_file_tells_how_its_published_weights_are_used(published: Path, tmp_path: Path) -> None:
    archspec.export("squeezenet1_1", tmp_path / "a.onnx", weights="DEFAULT", parity=False)
    found = metadata(tmp_path / "a.onnx")
    theirs = models.SqueezeNet1_1_Weights.DEFAULT
    preset = theirs.transforms()
    assert found["weights"] == found["preprocessing_of"] == str(theirs)
    assert json.loads(found["classes"]) == theirs.meta["categories"]
    assert json.loads(found["mean"]) == preset.mean
    assert json.loads(found["std"]) == preset.std
    assert json.loads(found["resize"]) == preset.resize_size
    assert json.loads(found["crop"]) == preset.crop_size
    assert found["interpolation"] == preset.interpolation.value
    assert (found["model"], found["spec"], found["version"]) == ("squeezenet1_1", "squeezenet", archspec.__version__)
    assert (found["input_layout"], found["input_range"], found["head"]) == ("NCHW", "normalised", "logits")
    assert "license" not in found
    assert not any(str(tmp_path) in text for text in found.values())
    archspec.export("squeezenet1_1", tmp_path / "b.onnx", weights=published, preprocess="uint8-nhwc", parity=False)
    again = metadata(tmp_path / "b.onnx")
    changed = {"input_layout": "NHWC", "input_range": "0..255", "preprocess": "uint8-nhwc"}
    assert again == {**found, **changed}


def test_the_licence_is_told_where_it_is_known() -> None:
    architecture = archspec.load("vit_b_16")
    name = "IMAGENET1K_SWAG_LINEAR_V1"
    known = known_of(Source(architecture, name), 0)
    found = metadata_of(architecture, architecture.graph, Deployment(), known, HASHES)
    assert found["archspec.license"] == models.ViT_B_16_Weights[name].meta["license"]


def test_a_module_is_theirs_until_it_changes(published: Path) -> None:
    module = archspec.build("squeezenet1_1", weights="DEFAULT")
    title = str(models.SqueezeNet1_1_Weights.DEFAULT)
    theirs = known_of(source(module), 0)
    assert (theirs.title, len(theirs.classes)) == (title, 1000)
    module.features[0].bias.data.add_(1)  # whose classes are the same, as far as anybody knows
    assert known_of(source(module), 0) == replace(theirs, title=f"{title}, changed since")
    module.classifier[1].bias.data.add_(1)
    assert known_of(source(module), 0) == replace(theirs, title=f"{title}, changed since", classes=())
    tuned = archspec.build("squeezenet1_1", weights="DEFAULT", num_classes=5)
    assert known_of(source(tuned), 0) == replace(theirs, title=f"{title}, changed since", classes=())


def test_weights_that_nobody_published_have_the_name_of_their_file(tmp_path: Path) -> None:
    assert known_of(source(PLAIN), 3) == Facts(title="initial, seed 3")
    assert known_of(source(archspec.build(PLAIN)), 0) == Facts()
    archspec.save(archspec.build(PLAIN), tmp_path / "saved")
    assert known_of(source(str(tmp_path / "saved")), 0) == Facts(title="saved")
    images = Preprocessing((8,), (), (0.5,) * 3, (0.2,) * 3, "bicubic")
    archspec.save(archspec.build(PLAIN), tmp_path / "saved", facts=Facts(images, title="first of all"))
    for folder in ("specs", "zoo", "weights"):
        (tmp_path / "acme" / folder).mkdir(parents=True)
    (tmp_path / "acme" / "specs" / "plain.yaml").write_text(PLAIN, encoding="utf-8")
    (tmp_path / "acme" / "zoo" / "plain.yaml").write_text(COLLECTION, encoding="utf-8")
    shutil.copy(tmp_path / "saved" / "model.safetensors", tmp_path / "acme" / "weights" / "first.safetensors")
    own = known_of(source("plain_s", "V1", tmp_path / "acme"), 0)
    assert own == Facts(images, "plain_s V1", title="plain_s V1")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (PLAIN, "not known of initial weights; a spec may have Normalize in front of its layers"),
        ("vgg16", "not known of initial weights, and the published ones of vgg16 differ in them: name some by"),
        (PLAIN.replace("3, 8", "4, 8"), r"no image \[N, 1, H, W\] or \[N, 3, H, W\] .* but image \[N, 4, 8"),
    ],
)
def test_mean_and_std_are_never_guessed(target: str, message: str, tmp_path: Path) -> None:
    sizes = {} if "\n" in target else "N,3,32,32"
    with pytest.raises(DeployError, match=message):
        archspec.export(target, tmp_path / "net.onnx", preprocess="normalize", inputs=sizes)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_known_is_not_said(tmp_path: Path) -> None:
    archspec.export(PLAIN, tmp_path / "net.onnx", parity=False)
    assert metadata(tmp_path / "net.onnx").keys() == {
        *("version", "model", "spec", "spec_sha256", "weights", "weights_sha256", "input_layout", "head")
    }
    two = deploy(archspec.load(PLAIN.replace("8]}", "8], mask: [N, 3, 6, 6]}") + MASKED).graph, Deployment())
    found = metadata_of(archspec.load(PLAIN), two, Deployment(), Facts(), HASHES)
    assert "archspec.input_layout" not in found


MASKED = "  masked: {op: Conv2d, out_channels: 4, kernel_size: 1, from: mask}\n  add: {op: Add, from: [conv, masked]}\n"
