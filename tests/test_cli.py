"""The command, in process but for what only a process shows: exit codes, what is printed where, what is left behind."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import onnx
import pytest
import torch

import archspec
from archspec.cli import main
from archspec.zoo import models

NET = """archspec: 1
name: small
args: {width: 4, act: ReLU}
inputs: {image: [N, 3, 8, 8]}
layers:
  conv: {op: Conv2d, out_channels: width, kernel_size: 3}
  bn: BatchNorm2d
  act: act
  flatten: Flatten
  fc: {op: Linear, out_features: 10}
"""
SKIP = """archspec: 1
name: skip
inputs: {image: [N, 3, H, W]}
layers:
  conv: {op: Conv2d, out_channels: 3, kernel_size: [1, 3]}
  down: {op: MaxPool2d, kernel_size: [2, 1]}
  up: {op: Upsample, scale_factor: [2, 1]}
  add: {op: Add, from: [conv, up]}
"""
BAD = NET.replace("Flatten", "Flaten").replace("width, k", "widht, k")


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command, in a folder that holds a good spec and a bad one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "library.yaml").write_text("archspec: 1\nblocks: {B: {layers: [ReLU]}}\n")

    def function(*argv: str) -> Result:
        code = main(argv)
        return Result(code, *capsys.readouterr())

    return function


# --- check ------------------------------------------------------------------------------------------------


def test_check_of_a_good_spec(run: Run) -> None:
    assert run("check", "net.yaml") == (0, "no mistakes in net.yaml\n", "")
    assert run("check", "./net.yaml", "library.yaml") == (0, "no mistakes in 2 files\n", "")


def test_check_tells_every_mistake_at_its_place(run: Run) -> None:
    result = run("check", "bad.yaml")
    assert (result.code, result.err) == (1, "")
    assert "--> bad.yaml:6:36" in result.out
    assert "--> bad.yaml:9:12" in result.out
    assert result.out.endswith("2 errors in bad.yaml\n")


def test_warnings_are_no_errors(run: Run, tmp_path: Path) -> None:
    (tmp_path / "warned.yaml").write_text(NET.replace("act: ReLU}", "act: ReLU, depth: 3}"))
    result = run("check", "warned.yaml")
    assert result.code == 0
    assert result.out.endswith("1 warning in warned.yaml\n")


@pytest.mark.parametrize(
    "target",
    ["nothing.yaml", "folder/", "./", "resnet51", ".", "", "folder/net.yaml", "no\0path.yaml", "x" * 5000 + "/"],
)
def test_targets_that_cannot_be_read_are_exit_code_2(target: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    result = run("check", target)
    assert result.code == 2
    assert result.out.startswith(("error[A001]", "error[A003]"))


def test_bad_and_missing_targets_together(run: Run) -> None:
    result = run("check", "net.yaml", "bad.yaml", "nothing.yaml")
    assert result.code == 2
    assert result.out.endswith("3 errors in 2 of 3 files\n")


def test_check_as_json(run: Run) -> None:
    result = run("check", "net.yaml", "bad.yaml", "--format", "json")
    assert (result.code, result.err) == (1, "")
    good, bad = json.loads(result.out)["files"]
    assert good == {"path": "net.yaml", "ok": True, "diagnostics": []}
    assert (bad["path"], bad["ok"]) == ("bad.yaml", False)
    assert bad["diagnostics"][1] == {
        "code": "A302",
        "severity": "error",
        "message": "there is no op or block `Flaten`",
        "path": "bad.yaml",
        "line": 9,
        "column": 12,
        "end_line": 9,
        "end_column": 18,
        "labels": [],
        "notes": [],
        "helps": ["did you mean `Flatten`?"],
    }


def test_check_as_json_of_what_cannot_be_read(run: Run) -> None:
    result = run("check", "nothing.yaml", "--format", "json")
    [file] = json.loads(result.out)["files"]
    assert (result.code, file["ok"], file["diagnostics"][0]["line"]) == (2, False, 1)


def test_check_for_services(run: Run) -> None:
    github = run("check", "bad.yaml", "--format", "github")
    assert github.out.startswith("::error file=bad.yaml,line=6,col=36,")
    sarif = json.loads(run("check", "bad.yaml", "--format", "sarif").out)
    assert [result["ruleId"] for result in sarif["runs"][0]["results"]] == ["A301", "A302"]


# --- options that change a spec -----------------------------------------------------------------------------


def test_args_are_set_from_outside(run: Run) -> None:
    result = run("summary", "net.yaml", "--format", "json", "--set", "width=2 + 3", "--set", "act=GELU")
    layers = {layer["path"]: layer for layer in json.loads(result.out)["layers"]}
    assert (layers["conv"]["output_shape"][1], layers["act"]["op"]) == (5, "GELU")


@pytest.mark.parametrize(
    ("setting", "code", "said"),
    [
        ("width=2.5", 1, "`width` has to be an integer, and is the number 2.5"),
        ("width=[1", 1, "does not parse"),
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
        ("", "empty"),
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


# --- summary ------------------------------------------------------------------------------------------------


def test_summary_as_json_is_what_torch_counts(run: Run) -> None:
    result = run("summary", "net.yaml", "--format", "json")
    assert (result.code, result.err) == (0, "")
    summary = json.loads(result.out)
    module = archspec.build("./net.yaml")
    count = sum(parameter.numel() for parameter in module.parameters())
    assert (summary["name"], summary["params"]) == ("small", {"total": count, "trainable": count})
    assert summary["macs"] == 4 * 36 * 27 + 144 * 10
    assert summary["weight_bytes"] >= 4 * count
    assert set(summary["activation_bytes"]) == {"sum", "peak"}
    assert [layer["path"] for layer in summary["layers"]] == ["conv", "bn", "act", "flatten", "fc"]
    assert summary["layers"][-1] == {
        "path": "fc",
        "op": "Linear",
        "inputs": ["flatten"],
        "output_shape": ["N", 10],
        "params": 1450,
        "macs": 1440,
        "activation_bytes": 40,
        "receptive_field": "whole",
        "receptive_stride": None,
        "receptive_start": None,
    }


def test_summary_in_other_forms(run: Run) -> None:
    text = run("summary", "net.yaml")
    assert text.code == 0
    assert "N x 4 x 6 x 6" in text.out
    rows = list(csv.DictReader(io.StringIO(run("summary", "net.yaml", "--format", "csv").out)))
    assert [row["path"] for row in rows] == ["conv", "bn", "act", "flatten", "fc"]
    assert "| conv" in run("summary", "net.yaml", "--format", "markdown").out


def test_summary_by_block_and_by_op(run: Run) -> None:
    blocks = run("summary", "resnet18", "--per", "block", "--depth", "1")
    assert blocks.code == 0
    assert re.search(r"^layer1 +\d+ +148\.0k ", blocks.out, re.MULTILINE)
    found = json.loads(run("summary", "net.yaml", "--per", "op", "--format", "json").out)
    assert [group["op"] for group in found["groups"]] == ["Conv2d", "Linear", "BatchNorm2d", "Flatten", "ReLU"]
    assert run("summary", "net.yaml", "--per", "op", "--format", "csv").out.startswith("op,layers,params,macs,")
    assert "| op | layers |" in run("summary", "net.yaml", "--per", "op", "--format", "markdown").out
    assert run("summary", "net.yaml", "--per", "scope").code == 2


def test_summary_says_what_its_columns_are(run: Run) -> None:
    text = run("summary", "--help").out
    assert "field:" in text
    assert "receptive field" in text


def test_summary_of_what_has_mistakes(run: Run) -> None:
    result = run("summary", "bad.yaml")
    assert (result.code, result.out) == (1, "")
    assert "2 errors in bad.yaml" in result.err
    assert run("summary", "nothing.yaml").code == 2
    library = run("summary", "library.yaml")
    assert (library.code, library.out) == (1, "")
    assert "is a library of blocks, not a network" in library.err


def test_summary_tells_warnings_beside_the_table(run: Run, tmp_path: Path) -> None:
    (tmp_path / "warned.yaml").write_text(NET.replace("act: ReLU}", "act: ReLU, depth: 3}"))
    result = run("summary", "warned.yaml", "--format", "json")
    assert result.code == 0
    assert json.loads(result.out)["name"] == "small"
    assert "A401" in result.err


# --- export and verify --------------------------------------------------------------------------------------


def test_export_writes_a_checked_file_and_a_report(run: Run, tmp_path: Path) -> None:
    result = run("export", "net.yaml", "-o", "net.onnx", "--report", "report.json")
    assert result.code == 0, result.err
    assert "parity: pass" in result.out
    assert "initial weights, seed 0" in result.out
    onnx.checker.check_model(tmp_path / "net.onnx", full_check=True)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["verdict"] == "pass"
    verified = run("verify", "net.onnx", "net.yaml")
    assert verified.code == 0
    assert "the file's weights" in verified.out
    assert "parity: pass" in verified.out


def test_verify_finds_another_network(run: Run) -> None:
    assert run("export", "net.yaml", "-o", "net.onnx", "--no-parity").code == 0
    result = run("verify", "net.onnx", "net.yaml", "--set", "act=GELU")
    assert result.code == 1
    assert "parity: pass" not in result.out


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["bad.yaml", "-o", "out.onnx"], 1),
        (["library.yaml", "-o", "out.onnx"], 1),
        (["nothing.yaml", "-o", "out.onnx"], 2),
        (["net.yaml", "-o", "nowhere/out.onnx"], 2),
        (["net.yaml", "-o", "."], 2),
        (["net.yaml", "-o", "out.onnx", "--report", "nowhere/report.json"], 2),
        (["net.yaml", "-o", "out.onnx", "--weights", "nothing.safetensors"], 1),
        (["net.yaml", "-o", "out.onnx", "--weights", "IMAGENET1K_V1"], 1),
        (["net.yaml", "-o", "out.onnx", "--opset", "3"], 1),
        (["net.yaml", "-o", "out.onnx", "--device", "tpu"], 2),
        (["net.yaml"], 2),
    ],
)
def test_an_export_that_fails_leaves_nothing_behind(options: list[str], code: int, run: Run, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    result = run("export", *options)
    assert result.code == code
    assert result.err
    assert "Traceback" not in result.err
    assert sorted(tmp_path.rglob("*")) == before


def test_an_export_that_fails_keeps_the_file_that_is_there(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out.onnx").write_text("precious")
    torch.save({"conv.weight": torch.zeros(1)}, tmp_path / "w.pt")
    assert run("export", "net.yaml", "-o", "out.onnx", "--weights", "w.pt").code == 1
    assert (tmp_path / "out.onnx").read_text() == "precious"


@pytest.mark.parametrize("data", [b"", b"not a model", bytes(range(256))])
def test_verify_of_what_is_no_model(data: bytes, run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(data)
    result = run("verify", "bad.onnx", "net.yaml")
    assert (result.code, result.out) == (2, "")
    assert "Traceback" not in result.err
    assert run("verify", "nothing.onnx", "net.yaml").code == 2


# --- schema and zoo -----------------------------------------------------------------------------------------


def test_schema(run: Run) -> None:
    result = run("schema")
    assert result.code == 0
    assert "archspec" in json.loads(result.out)["properties"]


def test_zoo_list(run: Run) -> None:
    names = [model.name for model in models()]
    assert [line.split()[0] for line in run("zoo", "list").out.splitlines()[1:]] == names
    found = json.loads(run("zoo", "list", "resnet", "--format", "json").out)
    assert [model["name"] for model in found] == [name for name in names if "resnet" in name]
    assert found[0]["expect"]["params"] == 11689512


def test_zoo_show(run: Run) -> None:
    result = run("zoo", "show", "resnet50")
    assert result.code == 0
    assert "25557032" in result.out
    shown = json.loads(run("zoo", "show", "resnet50", "--format", "json").out)
    assert (shown["spec"], shown["args"]["block"]) == ("resnet", "Bottleneck")
    unknown = run("zoo", "show", "resnet51")
    assert unknown.code == 2
    assert "did you mean `resnet50`?" in unknown.err


# --- usage --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "argv",
    [[], ["zoo"], ["check"], ["chek", "net.yaml"], ["check", "net.yaml", "--format", "xml"], ["check", "--fast"]],
)
def test_usage_errors_are_exit_code_2(argv: list[str], run: Run) -> None:
    result = run(*argv)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("usage: archspec")


def test_a_misspelt_command_is_met_with_the_near_one(run: Run) -> None:
    assert "did you mean `check`?" in run("chek", "net.yaml").err


def test_help_and_version(run: Run) -> None:
    assert run("--version") == (0, f"archspec {archspec.__version__}\n", "")
    assert run("--help").out.startswith("usage: archspec")


def test_the_process_exits_with_the_code_and_prints_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "bad.yaml").write_text(BAD)
    for target, code in (("net.yaml", 0), ("bad.yaml", 1), ("nothing.yaml", 2)):
        argv = [sys.executable, "-m", "archspec", "check", target]
        done = subprocess.run(argv, capture_output=True, text=True, cwd=tmp_path, timeout=60)
        assert (done.returncode, done.stderr) == (code, "")


def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    """`archspec schema | head -1`, in a shell that tells the command's own exit code."""
    script = f"{sys.executable} -m archspec schema | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.stdout == "{\n"
    assert done.stderr == ""
