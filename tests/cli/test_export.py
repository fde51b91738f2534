"""`archspec export` and `verify`: what they write, and that nothing is left of what fails."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
import torch

from tests.cli.conftest import Run


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


def test_verify_finds_another_network(run: Run, tmp_path: Path) -> None:
    assert run("export", "net.yaml", "-o", "net.onnx", "--no-parity").code == 0
    result = run("verify", "net.onnx", "net.yaml", "--set", "act=GELU", "--reproduce", "alone", "--report", "r.json")
    assert result.code == 1
    assert "parity: pass" not in result.out
    assert "`act` (net.yaml:8:3): the file's Relu gives other values than torch" in result.out
    assert result.out.endswith(f"python {Path('alone', 'run.py')} shows it alone\n")
    assert len(list((tmp_path / "alone").iterdir())) == 5
    found = json.loads((tmp_path / "r.json").read_text())["diagnosis"]
    assert (found["at_fault"], found["culprit"]["path"], found["culprit"]["place"]["line"]) == ("file", "act", 8)
    assert run("verify", "net.onnx", "net.yaml", "--reproduce", "net.yaml").code == 2


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
        (["net.yaml", "-o", "out.onnx", "--head", "top5"], 2),
        (["net.yaml", "-o", "out.onnx", "--head", "topk=5000"], 1),
        (["net.yaml", "-o", "out.onnx", "--preprocess", "normalize"], 1),
        (["net.yaml", "-o", "out.onnx", "--dynamic", "N,Q"], 1),
        (["net.yaml", "-o", "out.onnx", "--no-parity", "--report", "r.json"], 2),
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
