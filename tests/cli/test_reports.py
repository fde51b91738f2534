"""`archspec summary` and `schema`."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import archspec
from tests.cli.conftest import Run
from tests.cli.nets import NET


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


def test_schema(run: Run) -> None:
    result = run("schema")
    assert result.code == 0
    assert "archspec" in json.loads(result.out)["properties"]
