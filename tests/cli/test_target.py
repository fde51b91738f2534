"""The options that change a TARGET: args, input shapes, limits; and `archspec sizes`."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest

from tests.cli.conftest import Run
from tests.cli.nets import NET

SKIP = """archspec: 1
name: skip
inputs: {image: [N, 3, H, W]}
layers:
  conv: {op: Conv2d, out_channels: 3, kernel_size: [1, 3]}
  down: {op: MaxPool2d, kernel_size: [2, 1]}
  up: {op: Upsample, scale_factor: [2, 1]}
  add: {op: Add, from: [conv, up]}
"""


def test_args_are_set_from_outside(run: Run) -> None:
    result = run("summary", "net.yaml", "--format", "json", "--set", "width=2 + 3", "--set", "act=GELU")
    layers = {layer["path"]: layer for layer in json.loads(result.out)["layers"]}
    assert (layers["conv"]["output_shape"][1], layers["act"]["op"]) == (5, "GELU")


@pytest.mark.parametrize(
    ("setting", "code", "said"),
    [
        ("width=2.5", 1, "`width` has to be an integer, and is the number 2.5"),
        ("width=[1", 1, "never closed"),
        ("widht=3", 1, "did you mean `width`?"),
        ("act=Relu", 1, "did you mean `ReLU`?"),
        ("width", 2, "sets nothing"),
        ("width=", 2, "sets nothing"),
        ("=3", 2, "sets nothing"),
    ],
)
def test_args_that_cannot_be_set(setting: str, code: int, said: str, run: Run) -> None:
    result = run("check", "net.yaml", "--set", setting)
    assert result.code == code
    assert said in result.out + result.err


@pytest.mark.parametrize("shape", ["1x3x16x16", "image=2,3,16,16", "image=N,3,16,16", "N,3,4*4,16"])
def test_input_shapes_are_set_from_outside(shape: str, run: Run) -> None:
    result = run("summary", "net.yaml", "--format", "json", "--input", shape)
    assert json.loads(result.out)["layers"][0]["output_shape"][2:] == [14, 14]


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ("mask=1x3", "there is no input `mask`"),
        ("1x3x2x2", "does not fit"),
        ("1x3xh", "a symbolic size has a capital"),
        ("1,3,-8,8", "has to be at least 0"),
        ("", "no sizes are given"),
    ],
)
def test_input_shapes_that_cannot_be(shape: str, said: str, run: Run) -> None:
    result = run("check", "net.yaml", "--input", shape)
    assert result.code == 1
    assert said in result.out


def test_symbols_of_inputs_stay_symbols(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pooled.yaml").write_text(NET.replace("flatten: Flatten", "flatten: {op: Mean, dim: [2, 3]}"))
    result = run("summary", "pooled.yaml", "--format", "json", "--input", "image=N,3,H,W")
    summary = json.loads(result.out)
    assert summary["layers"][0]["output_shape"] == ["N", 4, "H - 2", "W - 2"]
    assert isinstance(summary["macs"], str)


def test_sizes_as_a_table_and_as_json(run: Run) -> None:
    code, out, _ = run("sizes", "alexnet", "--format", "json")
    found = json.loads(out)["symbols"]
    assert code == 0
    assert list(found) == ["N", "H", "W"]
    [condition] = found["H"].pop("conditions")
    assert found["H"] == {"min": 63, "multiple_of": 1, "fixed": None}
    assert condition.keys() == {"text", "layer", "line"}
    assert (condition["text"], condition["layer"]) == ("H >= 63", "features.12")
    assert "H        63            1" in run("sizes", "alexnet").out
    assert "H " not in run("sizes", "alexnet", "--input", "N,3,224,W").out


def test_check_tells_what_symbols_have_to_be(run: Run) -> None:
    result = run("check", "unet", "--input", "N,3,H,W")
    assert result.code == 0
    assert "unet takes these sizes:\n  H % 16 == 0, from `up4.concat`: 16*floor(H/16) meets H" in result.out
    assert "takes these sizes" not in run("check", "unet").out


def test_an_exported_file_carries_what_symbols_have_to_be(run: Run, tmp_path: Path) -> None:
    spec = tmp_path / "skip.yaml"
    spec.write_text(SKIP, encoding="utf-8")
    assert run("export", str(spec), "-o", str(tmp_path / "skip.onnx")).code == 0
    model = onnx.load(tmp_path / "skip.onnx")
    assert {each.key: each.value for each in model.metadata_props}["archspec.sizes"] == "H % 2 == 0\nW >= 3"
    for value in (model.graph.input[0], model.graph.output[0]):
        assert [axis.dim_param for axis in value.type.tensor_type.shape.dim][2] == "H"


def test_limits_are_raised_and_lowered(run: Run) -> None:
    assert run("check", "net.yaml", "--max-layers", "5").code == 0
    assert "A603" in run("check", "net.yaml", "--max-layers", "4").out
    assert "A601" in run("check", "net.yaml", "--max-bytes", "50").out
    assert run("check", "net.yaml", "--max-layers", "0").code == 2
