"""`archspec bench`: what it tells, and what it says of ways that are closed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
import torch

import archspec
from archspec.cli import main
from archspec.latency import WAYS, ways
from tests.cli.nets import NET


@pytest.fixture
def net(tmp_path: Path) -> str:
    path = tmp_path / "net.yaml"
    path.write_text(NET)
    return str(path)


@pytest.fixture
def without_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """No C++ compiler, and no onnxscript."""
    import torch._inductor.config

    monkeypatch.setattr(torch._inductor.config.cpp, "cxx", (None, "/nowhere/g++"))
    monkeypatch.setattr(ways, "find_spec", lambda name: None)


@pytest.mark.usefixtures("without_tools")
def test_each_way_has_its_row_or_says_why_not(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", net, "--batch", "1,2", "--threads", "1", "--rounds", "2", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert "batch 2, 1 thread" in err
    report = json.loads(out)
    assert [(row["way"], row["batch"], row["threads"], row["rounds"]) for row in report["rows"]] == [
        (way, batch, 1, 2) for batch in (1, 2) for way in ("eager", "ours")
    ]
    for row in report["rows"]:
        assert 0 < row["ms"]["p10"] <= row["ms"]["median"] <= row["ms"]["p90"]
    assert [row["of_eager"] for row in report["rows"] if row["way"] == "eager"] == [
        {"median": 1.0, "p10": 1.0, "p90": 1.0}
    ] * 2
    assert report["obstacles"].keys() == {"compile", "theirs"}
    assert "compiler" in report["obstacles"]["compile"]
    assert "pip install onnxscript" in report["obstacles"]["theirs"]
    assert (report["device"], report["inputs"]) == ("cpu", {"image": "N x 3 x 8 x 8"})
    assert report["files"]["ours"] == {"nodes": 4, "opset": 18}  # the BatchNorm and the ReLU are the Conv's
    assert report["pairs"] == []
    assert report["versions"]["onnxruntime"] == onnxruntime.__version__


def test_the_table_fits_and_compares_both_files(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    threads = torch.get_num_threads()
    assert main(["bench", net, "--only", "theirs,ours", "--threads", "1", "--rounds", "2"]) == 0
    assert torch.get_num_threads() == threads
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    lines = [line for line in text.splitlines() if line.startswith(tuple(WAYS.values()))]
    assert [line.split("  ")[0] for line in lines] == [WAYS["ours"], WAYS["theirs"]]
    assert "archspec / torch.onnx: " in text
    assert "nodes after basic optimisation: archspec 4 (opset 18), torch.onnx 4 (opset " in text
    assert "initial weights, seed 0, calibrated" in text


def test_the_module_of_a_python_caller_stays_as_it_is(net: str) -> None:
    from archspec.latency.measuring import measure

    module = archspec.build(net).train()
    before = {key: tensor.clone() for key, tensor in module.state_dict().items()}
    report = measure(module, ways=["eager", "ours"], threads=[1], rounds=1)
    assert report.weights == "its own weights"
    assert module.training
    assert all(torch.equal(tensor, before[key]) for key, tensor in module.state_dict().items())


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--only", "eager,our"], 2, "there is no way `our`; did you mean `ours`?"),
        (["--batch", "1,0"], 2, "has to be a whole number of at least 1, and is 0"),
        (["--threads", "100000"], 2, "processors, which is less than 100000"),
        (["--seconds", "nan"], 2, "has to be a number of seconds, and is nan"),
        (["--device", "cuda"], 1, "CUDA"),
        (["--input", "1x3x8x8", "--batch", "2"], 1, "no open batch size that could be 2"),
        (["--weights", "nothing.safetensors"], 1, "nothing.safetensors"),
    ],
)
def test_what_cannot_be_measured(
    options: list[str], code: int, said: str, net: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if "cuda" in options and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert main(["bench", net, "--rounds", "1", *options]) == code
    out, err = capsys.readouterr()
    assert (out, said in err) == ("", True), err


def test_sizes_that_are_open_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "open.yaml"
    path.write_text("archspec: 1\nname: open\ninputs: {image: [N, 3, H, W]}\nlayers: {act: ReLU}\n")
    assert main(["bench", str(path), "--only", "eager", "--threads", "1", "--rounds", "1"]) == 0
    assert "open, image N x 3 x H x W, H 64, W 64;" in capsys.readouterr().out


def test_fixed_sizes_are_one_setting(net: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--input", "2x3x8x8", "--only", "ours", "--threads", "1", "--rounds", "1", "--format", "json"]
    assert main(["bench", net, *options]) == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (report["inputs"], report["sizes"]) == ({"image": "2 x 3 x 8 x 8"}, {})
    assert [(row["batch"], row["of_eager"]) for row in report["rows"]] == [(None, None)]
