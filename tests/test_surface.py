"""The public surface at its edges: what a user may well type, and what then has to hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

import archspec
from archspec.cli import main
from archspec.diagnostics import MOST_ERRORS
from archspec.elaborate.reserved import MODULE_NAMES, SEQUENCE_NAMES
from archspec.weights import WeightsError

HEAD = "archspec: 1\nname: sample\ninputs: {image: [N, 3, 8, 8]}\n"
TEXT = (
    HEAD
    + """layers:
  conv: {op: Conv2d, out_channels: 4, kernel_size: 3}
  flatten: Flatten
  fc: {op: Linear, out_features: 2}
"""
)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (HEAD.replace("3", "-3") + "layers: {r: ReLU}", "A305", "-3"),
        (HEAD + "layers: {_parameters: ReLU}", "A205", "_parameters"),
        (HEAD + "layers: {__class__: ReLU}", "A205", "__class__"),
        (HEAD + "layers: {__private: ReLU}", "A205", "__private"),
        (HEAD + "layers: {_archspec: ReLU}", "A205", "_archspec"),
        (HEAD + "outputs: {image: r}\nlayers: {r: ReLU}", "A311", "image"),
        (HEAD + "outputs: {image: image, r: r}\nlayers: {r: ReLU}", "A311", "image"),
    ],
)
def test_what_cannot_be_built_or_exported_is_a_diagnostic(text: str, code: str, place: str) -> None:
    [item] = archspec.check(text + "\n")
    assert (item.code.name, item.span.text) == (code, place)


def test_private_names_of_torchs_modules_are_reserved_and_others_are_free() -> None:
    private = {name for name in dir(nn.Sequential()) if name.startswith("_") and not name.startswith("__")}
    assert private <= MODULE_NAMES | SEQUENCE_NAMES
    assert archspec.check(HEAD + "layers: {_conv_stem: ReLU, _bn0: GELU}\n") == ()


def test_the_only_input_takes_its_shape_as_a_text() -> None:
    assert archspec.load(TEXT, inputs="1x3x16x16").inputs[0].type.shape == (1, 3, 16, 16)


def test_a_file_of_other_sizes_is_told_as_weights_that_do_not_fit(tmp_path: Path) -> None:
    archspec.export(TEXT, tmp_path / "two.onnx", parity=False)
    with pytest.raises(WeightsError, match="do not fit"):
        archspec.verify(tmp_path / "two.onnx", TEXT.replace("out_features: 2", "out_features: 3"))


def test_a_mapping_that_is_no_state_dict_is_told(tmp_path: Path) -> None:
    torch.save({1: torch.ones(1)}, tmp_path / "numbers.pt")
    with pytest.raises(WeightsError, match="no state_dict"):
        archspec.build(TEXT, weights=str(tmp_path / "numbers.pt"))


@pytest.mark.parametrize("seed", [0, 2])
def test_a_mean_over_a_large_map_is_rounding_and_no_difference(tmp_path: Path, seed: int) -> None:
    """onnxruntime adds up in order, torch pairwise: twenty times torch's own error, and all of it rounding."""
    text = HEAD.replace("8, 8", "224, 224") + "layers: {gap: {op: AdaptiveAvgPool2d, output_size: 1}}\n"
    report = archspec.export(text, tmp_path / "gap.onnx", seed=seed)
    assert report is not None
    assert report.passed


def test_a_failed_export_leaves_its_report_and_the_file_that_was_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, weights, onnx, report = (tmp_path / name for name in ("net.yaml", "nan.pt", "net.onnx", "report.json"))
    spec.write_text(TEXT, encoding="utf-8")
    onnx.write_bytes(b"of yesterday")
    torch.save({key: value * float("nan") for key, value in archspec.build(TEXT).state_dict().items()}, weights)
    argv = ["export", str(spec), "-o", str(onnx), "--weights", str(weights), "--report", str(report)]
    assert main(argv) == 1
    assert json.loads(report.read_text(encoding="utf-8"))["verdict"] == "fail"
    assert onnx.read_bytes() == b"of yesterday"
    assert "nothing was written" in capsys.readouterr().err


@pytest.mark.parametrize("item", ["[a{0}, a{0}]", '"[a{0}, a{0}]"', '"[a{0} for k in range(2)]"', '"[a{0}] * 2"'])
def test_lists_of_lists_cost_no_more_than_their_limit(item: str) -> None:
    doubled = "".join(f"  a{i + 1}: {item.format(i)}\n" for i in range(40))
    text = HEAD + f"let:\n  a0: [1, 2]\n{doubled}layers: {{r: {{op: ReLU, if: a40 == a40}}}}\n"
    assert [item.code.name for item in archspec.check(text)] == ["A307"]


def test_thousands_of_misspelt_names_are_told_without_a_search_among_thousands() -> None:
    layers = "".join(f"  layer{i}: {{op: ReLU, from: layr{i}}}\n" for i in range(2000))
    items = archspec.check(f"{HEAD}layers:\n{layers}")
    assert {item.code.name for item in items} == {"A308"}
    assert len(items) == MOST_ERRORS
    assert items[1].helps == ("did you mean `layer0`?",)
    assert "there may be more" in items[-1].notes[-1]
