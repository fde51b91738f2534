"""A network that was saved with what is known of it: exported, with pixels in and names out, and used by others."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import archspec
from archspec.cli import main
from archspec.deployment import DeployError, Preprocessing
from archspec.driver.known import known_of
from archspec.driver.networks import source_of
from archspec.weights import WeightsError
from archspec.weights.facts import Facts, facts_of
from tests.deployment.nets import run, session

GRAY = """archspec: 1
name: gray
args: {width: 4, classes: 3}
inputs: {image: [N, 1, 8, 8]}
layers:
  conv: {op: Conv2d, out_channels: width, kernel_size: 3, padding: 1}
  bn: BatchNorm2d
  relu: ReLU
  flatten: Flatten
  fc: {op: Linear, out_features: classes}
"""
FACTS = Facts(Preprocessing((8,), (8,), (0.3,), (0.4,), "bilinear"), "strokes", ("no", "\u662f", "sí"), "gray, trained")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a training: a network that was saved, with other files beside it; and the spec that it was of."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    Path("gray.yaml").write_text(GRAY, encoding="utf-8")
    archspec.save(archspec.build("gray.yaml"), "trained", facts=FACTS)
    Path("trained/recipe.yaml").write_text("model: {target: gray.yaml}\n", encoding="utf-8")
    return Path("trained")


def metadata(path: str) -> dict[str, str]:
    return {each.key: each.value for each in onnx.load(path).metadata_props}


def known(target: str, weights: str | None = None) -> Facts:
    return known_of(source_of(target, weights, None, (), {}, (), None), 0)


def test_a_saved_network_is_exported_with_all_that_is_known_of_it(folder: Path) -> None:
    """What torch gives for pixels of gray, the file gives, in parity; and it says the same of itself."""
    pixels = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1), np.uint8)
    scaled = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        expected = archspec.build(folder).eval()((scaled - 0.3) / 0.4).softmax(1).topk(2)
    for way, image in (("uint8-nhwc", pixels), ("normalize", scaled.numpy())):
        assert main(["export", "trained", "-o", "net.onnx", "--preprocess", way, "--head", "topk=2"]) == 0
        scores, classes = run(session(Path("net.onnx")), image)
        np.testing.assert_allclose(scores, expected.values, rtol=1e-5)
        assert classes.tolist() == expected.indices.tolist()
        assert facts_of(metadata("net.onnx")) == FACTS
        assert main(["verify", "net.onnx", "trained"]) == 0
    assert json.loads(metadata("net.onnx")["archspec.classes"]) == [*FACTS.classes]
    assert main(["export", "trained", "-o", "plain.onnx", "--external-data", "safetensors"]) == 0
    assert facts_of(metadata("plain.onnx")) == known("gray.yaml", "plain.safetensors") == FACTS


@pytest.mark.parametrize("weights", ["trained", "./trained", "trained/model.safetensors"])
def test_others_take_its_weights(weights: str, folder: Path) -> None:
    assert known("gray.yaml", weights) == FACTS
    model = archspec.build("gray.yaml", weights)
    assert torch.equal(model.fc.weight, archspec.build(folder).fc.weight)
    assert main(["weights", "plan", weights, "gray.yaml"]) == 0
    report = archspec.export("gray.yaml", "net.onnx", weights=weights, preprocess="normalize")
    assert report is not None
    assert report.passed


def test_another_number_of_classes_gets_a_fresh_head(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        model = archspec.build("gray.yaml", folder, classes=5)
    assert "the head is fresh and untrained, since trained/model.safetensors has another" in caplog.text
    assert torch.equal(model.conv.weight, archspec.build(folder).conv.weight)
    found = known_of(source_of(model, None, None, (), {}, (), None), 0)
    assert (found.title, found.classes) == ("gray, trained, changed since", ())
    assert (found.preprocessing, found.prepared_for) == (FACTS.preprocessing, "strokes")


def test_weights_of_another_spec_say_which_layers_differ(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = "2 layers of another shape: conv (weight 4x1x3x3 for 6x1x3x3), bn (weight 4 for 6)"
    with pytest.raises(WeightsError) as caught:
        archspec.build("gray.yaml", folder, width=6)
    assert told in str(caught.value)
    other = GRAY.replace("  conv:", "  stem:").replace("  bn: BatchNorm2d\n", "")
    with pytest.raises(WeightsError) as caught:
        archspec.build(other, folder)
    told = "1 layer missing: stem (weight 4x1x3x3); 2 layers unexpected: bn (bias 4), conv (bias 4)"
    assert told in str(caught.value)
    assert main(["export", "gray.yaml", "--weights", "trained", "--set", "width=6", "-o", "net.onnx"]) == 1
    printed = capsys.readouterr().err
    assert "  conv  weight 4x1x3x3 for 6x1x3x3, bias 4 for 6\n" in printed
    assert "  fc, the head  weight 3x256 for 3x384\n" in printed
    assert printed.endswith("they were saved with trained/model.yaml: trained is the TARGET that they fit\n")
    assert not Path("net.onnx").exists()


def test_facts_are_those_of_the_network_that_it_is_now(folder: Path) -> None:
    mixed = "mix: {op: Conv2d, out_channels: 1, kernel_size: 1}\n  conv: {"
    text = GRAY.replace("[N, 1, 8", "[N, 3, 8").replace("conv: {", mixed)
    coloured = Facts(Preprocessing((8,), (), (0.3,) * 3, (0.4,) * 3, "bilinear"), classes=FACTS.classes)
    model = archspec.build(text)
    archspec.save(model, "coloured", facts=coloured)
    assert known("coloured").preprocessing == coloured.preprocessing
    assert known("coloured").prepared_for == "coloured"
    assert known("gray.yaml", "coloured").preprocessing is None  # of three channels, and the network reads one
    with pytest.raises(DeployError, match="needs are not known of coloured; a spec may have Normalize"):
        archspec.export("gray.yaml", "net.onnx", weights="coloured", preprocess="normalize")


def test_malformed_facts_end_an_export_with_file_and_key(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes().replace(b'"archspec.std":"[0.4]"', b'"archspec.std":"[0,0]"'))
    for network in (["trained"], ["gray.yaml", "--weights", "trained"]):
        assert main(["export", *network, "-o", "net.onnx"]) == 1
        assert "model.safetensors has metadata on images that cannot be meant: mean and std" in capsys.readouterr().err
    assert not Path("net.onnx").exists()
