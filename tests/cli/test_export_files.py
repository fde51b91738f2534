"""`archspec export` and the files that it is given: which it writes, which it refuses, and what it says of bad ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest
import torch
from safetensors.torch import load_file, save_file

import archspec
from archspec.backends.onnx import emission, weights_of
from tests.cli.conftest import Run

EXPORT = ("export", "net.yaml", "-o", "out.onnx", "--no-parity")


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine too, nothing is said of progress."""
    monkeypatch.setattr("archspec.cli.printing._PATIENCE_S", 1e6)


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_tensors_go_beside_the_model_where_that_is_asked_for(run: Run, tmp_path: Path) -> None:
    result = run("export", "net.yaml", "-o", "out.onnx", "--external-data", "safetensors")
    assert result.code == 0, result.err
    assert re.search(r"^wrote out\.onnx \(1\.. kB\) and out\.safetensors \(7\.3 kB\)$", result.out, re.MULTILINE)
    archspec.build("net.yaml").load_state_dict(load_file(tmp_path / "out.safetensors"), strict=True)
    assert run("verify", "out.onnx", "net.yaml").code == 0
    assert run(*EXPORT, "--seed", "3", "--external-data", "safetensors").code == 0
    assert run(*EXPORT, "--weights", "out.safetensors").code == 0
    found = load_file(tmp_path / "out.safetensors")
    assert all(np.array_equal(found[key], array) for key, array in weights_of(tmp_path / "out.onnx").items())


REFUSED: dict[str, tuple[tuple[str, ...], int, str]] = {
    "the spec": (("-o", "net.yaml"), 2, "net.yaml is read, and would be overwritten"),
    "the weights": (("-o", "w.safetensors", "--weights", "w.safetensors"), 2, "w.safetensors is read, and would be"),
    "the weights as data": (
        ("-o", "w.onnx", "--weights", "w.safetensors", "--external-data", "safetensors"),
        2,
        "w.safetensors is there already, and was not written with w.onnx: choose another name",
    ),
    "somebody's weights": (("-o", "w.onnx", "--external-data", "safetensors"), 2, "was not written with w.onnx"),
    "the report": (("--report", "out.onnx"), 2, "out.onnx cannot be two results at once"),
    "the spec as report": (("--report", "./net.yaml"), 2, "net.yaml is read, and would be overwritten"),
    "a device": (("-o", "/dev/null"), 2, "/dev/null: a pipe or a device cannot be replaced by a file"),
    "a folder": (("-o", "folder"), 2, "folder is a directory"),
    "a report in no folder": (("--report", "nowhere/r.json"), 2, "there is no directory nowhere"),
    "what is read-only": (("-o", "fixed.onnx"), 2, "fixed.onnx is read-only"),
    "data through a link": (("-o", "link.onnx", "--external-data", "safetensors"), 2, "link.onnx is a link, through"),
    "folded weights as safetensors": (("--fold-bn", "--external-data", "safetensors"), 1, "safetensors hold the netw"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_must_not_be_written_is_refused(case: str, run: Run, tmp_path: Path) -> None:
    save_file(archspec.build("net.yaml").state_dict(), tmp_path / "w.safetensors")
    (tmp_path / "folder").mkdir()
    (tmp_path / "fixed.onnx").write_bytes(b"fixed")
    (tmp_path / "fixed.onnx").chmod(0o444)
    (tmp_path / "link.onnx").symlink_to("folder/real.onnx")
    before = _contents(tmp_path)
    options, code, said = REFUSED[case]
    result = run(*EXPORT, *options)
    assert (result.code, result.out) == (code, "")
    assert said in result.err
    assert result.err.count("\n") == 1
    assert _contents(tmp_path) == before


def test_a_report_never_takes_the_place_of_what_is_verified(run: Run, tmp_path: Path) -> None:
    assert run(*EXPORT).code == 0
    before = _contents(tmp_path)
    for report in ("out.onnx", "net.yaml"):
        result = run("verify", "out.onnx", "net.yaml", "--report", report)
        assert (result.code, result.err.count("is read, and would be overwritten")) == (2, 1)
    assert _contents(tmp_path) == before


def _without(key: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda state: {name: tensor for name, tensor in state.items() if name != key}


MISFITS: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], tuple[str, ...]]] = {
    "missing": (_without("bn.weight"), ("missing, 1 layer:\n  bn  weight 4\n",)),
    "unexpected": (lambda state: {**state, "more": torch.zeros(2, 3)}, ("unexpected, 1 layer:\n  more  2x3\n",)),
    "another shape": (
        lambda state: {**state, "conv.weight": torch.zeros(4, 3, 5, 5)},
        ("other shape, 1 layer:\n  conv  weight 4x3x5x5 for 4x3x3x3\n",),
    ),
    "another head": (lambda state: {**state, "fc.bias": torch.zeros(5)}, ("  fc, the head  bias 5 for 10\n",)),
    "a prefix": (
        lambda state: {f"module.{key}": tensor for key, tensor in state.items()},
        (r"'module\.(.*)': '\1'", "`weights plan -o rename.yaml` writes them, to be reviewed; `--rename` takes them"),
    ),
}


@pytest.mark.parametrize("case", MISFITS)
def test_weights_that_do_not_fit_are_told_as_the_plan_tells_them(case: str, run: Run, tmp_path: Path) -> None:
    change, said = MISFITS[case]
    torch.save(change(archspec.build("net.yaml").state_dict()), tmp_path / "w.pt")
    (tmp_path / "out.onnx").write_bytes(b"precious")
    before = _contents(tmp_path)
    planned = run("weights", "plan", "w.pt", "net.yaml")
    result = run(*EXPORT, "--weights", "w.pt")
    assert (result.code, result.out) == (1, "")
    head = "archspec: the weights do not fit the network; `archspec weights plan` says:\n\n"
    assert result.err == head + planned.out
    assert all(text in result.err for text in said)
    assert max(map(len, result.err.splitlines())) <= 80
    assert _contents(tmp_path) == before


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_weights_that_are_cut_short_are_told(suffix: str, run: Run, tmp_path: Path) -> None:
    state = archspec.build("net.yaml").state_dict()
    path = tmp_path / f"w{suffix}"
    torch.save(state, path) if suffix == ".pt" else save_file(state, path)
    path.write_bytes(path.read_bytes()[:-100])
    result = run(*EXPORT, "--weights", path.name)
    assert (result.code, result.out, result.err.count("\n")) == (1, "", 1)
    assert not (tmp_path / "out.onnx").exists()


def test_a_file_that_is_not_in_parity_is_written_only_where_it_is_to_be_kept(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(*EXPORT, "--seed", "5").code == 0
    emit = emission.emit

    def wrong(*args: Any, **options: Any) -> ir.Model:
        model = emit(*args, **options)
        for node in model.graph:
            if node.op_type == "BatchNormalization":
                node.attributes["epsilon"] = ir.AttrFloat32("epsilon", 1e-2)
        return model

    def unsound(*args: Any, **options: Any) -> ir.Model:
        model = emit(*args, **options)
        model.graph.outputs[0].shape = ir.Shape([7, 7])
        return model

    monkeypatch.setattr(emission, "emit", unsound)
    for options, fate in ((), "nothing was written"), (("--keep-failed",), "the file is kept as out.onnx.failed"):
        result = run(*EXPORT, *options)
        assert (result.code, result.err.count("\n")) == (1, 2)
        assert result.err.startswith("archspec: onnx refuses the file: ")
        assert result.err.endswith(f"this is a bug of archspec; please report it: {fate}\n")
    (tmp_path / "out.onnx.failed").unlink()
    monkeypatch.setattr(emission, "emit", wrong)
    before = _contents(tmp_path)
    result = run("export", "net.yaml", "-o", "out.onnx", "--report", "r.json")
    assert (result.code, result.err) == (1, "archspec: not in parity: nothing was written\n")
    assert json.loads((tmp_path / "r.json").read_text())["verdict"] == "fail"
    (tmp_path / "r.json").unlink()
    assert _contents(tmp_path) == before
    for options in ((), ("--external-data", "safetensors")):
        result = run("export", "net.yaml", "-o", "out.onnx", "--keep-failed", *options)
        assert (result.code, result.err) == (1, "archspec: not in parity: the file is kept as out.onnx.failed\n")
        found = weights_of(tmp_path / "out.onnx.failed")
        assert not np.array_equal(found["fc.bias"], weights_of(tmp_path / "out.onnx")["fc.bias"])
    assert _contents(tmp_path).keys() == {*before, "out.onnx.failed", "out.safetensors.failed"}
    assert all(_contents(tmp_path)[name] == data for name, data in before.items())
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert run("verify", "out.onnx.failed", "net.yaml").code == 1
