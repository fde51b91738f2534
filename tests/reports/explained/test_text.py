"""What `explain` prints, read once; its JSON form; and what is not there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import archspec
from archspec.architecture import UnknownPathError
from archspec.cli import main
from tests.reports.explained.networks import SMALL, explained
from tests.reports.explained.reading import walked
from tests.reports.golden import check_golden

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "explained"
NETWORKS = Path(__file__).with_name("networks").relative_to(ROOT)
CASES = {
    "layer": ("resnet50", "layer3.0.conv2"),
    "absent": ("resnet50", "layer4.1.downsample"),
    "present": ("resnet50", "layer4.0.downsample"),
    "loop_with_let": (f"{NETWORKS}/base.yaml", "stage1.1"),
    "imported_block": (f"{NETWORKS}/base.yaml", "mix.down"),
    "block": (f"{NETWORKS}/base.yaml", "mix"),
    "parameter": (f"{NETWORKS}/base.yaml", "mix.scale"),
    "defaults": (f"{NETWORKS}/base.yaml", "bn"),
    "replaced": (f"{NETWORKS}/top.yaml", "fc"),
    "removed": (f"{NETWORKS}/top.yaml", "bn"),
    "arg_of_an_extending_spec": (f"{NETWORKS}/top.yaml", "stem"),
    "in_a_spec": (f"{NETWORKS}/back.yaml", "body.stem"),
    "symbols": (f"{NETWORKS}/back.yaml", "cat"),
    "input": (f"{NETWORKS}/back.yaml", "pixels"),
    "shared": (f"{NETWORKS}/shared.yaml", "again.conv"),
    "recursion": (f"{NETWORKS}/shared.yaml", "nest.inner.inner.conv"),
    "null_op": (f"{NETWORKS}/shared.yaml", "plain.act"),
    "output": (f"{NETWORKS}/base.yaml", "logits"),
}


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize("name", CASES)
def test_text(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    target, path = CASES[name]
    assert main(["explain", target, path]) == 0
    check_golden(GOLDEN / f"{name}.txt", capsys.readouterr().out)


@pytest.mark.parametrize("target", SMALL)
def test_one_path_is_told_as_it_is_among_all(target: str) -> None:
    """What is found does not depend on when, in the course of an elaboration, something was first asked for."""
    architecture = archspec.load(target)
    for path, found in explained(target)[1].items():
        assert architecture.explain(path).text() == found.text(), path


def test_what_is_given_on_the_command_line_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "resnet18", "fc", "--set", "num_classes=2 * 5", "--input", "1x3x64x64"]) == 0
    said = capsys.readouterr().out
    assert "num_classes = 10  set for resnet: `2 * 5`, --set num_classes" in said
    assert main(["explain", "resnet18", "image", "--input", "1x3x64x64"]) == 0
    assert "H = 64  --input" in capsys.readouterr().out


def test_what_a_module_was_changed_to_is_told() -> None:
    architecture = archspec.load("resnet18").with_arguments({"fc": {"out_features": 7}})
    [found] = [each for each in architecture.explain("fc").arguments if each.name == "out_features"]
    assert (found.value, found.source) == (7, "changed")


def test_json_says_what_the_text_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "resnet50", "layer3.0.conv2", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    stride = next(each for each in found["arguments"] if each["name"] == "stride")
    [argument] = stride["parts"]
    assert (stride["value"], stride["source"], stride["text"]) == (2, "written", "stride")
    assert (argument["source"], argument["text"]) == ("argument", "2 if s > 0 and i == 0 and not dilated else 1")
    assert [(part["name"], part["value"], part["source"]) for part in argument["parts"]] == [
        ("s", 2, "index"),
        ("i", 0, "index"),
        ("dilated", False, "let"),
    ]
    assert found["inside"][1]["calls"][0]["name"] == "Bottleneck"
    assert found["gives"][0] == {
        "value": "layer3.0.conv2",
        "shape": ["N", 256, 14, 14],
        "dtype": "float32",
        "arithmetic": dict.fromkeys(["2", "3"], "floor((28 + 2*1 - 1*(3 - 1) - 1) / 2) + 1"),
    }
    assert found["costs"]["MACs"]["product"] == "(14 * 14) * (256 * 256 * 3 * 3)"


def test_a_path_that_is_not_there_is_a_mistake_of_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "resnet18", "layer3.0.conv9"]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.startswith("archspec: `resnet18` has no layer, input or output `layer3.0.conv9`; did you mean")
    with pytest.raises(UnknownPathError, match="BasicBlock"):
        archspec.load("resnet18").explain("BasicBlock.conv1")


def test_long_chains_of_names_are_followed_as_far_as_anybody_reads() -> None:
    chain = "\n".join(f"  a{i}: a{i + 1} + 0 * a{i + 2}" for i in range(400))
    spec = f"archspec: 1\nname: deep\nlet:\n{chain}\n  a400: 4\n  a401: 5\ninputs: {{image: [N, 3, 8, 8]}}\n"
    found = archspec.load(spec + "layers:\n  conv: {op: Conv2d, out_channels: a0, kernel_size: 1}\n").explain("conv")
    names = [each.name for each in walked(*found.arguments)]
    assert "a20" in names
    assert "a30" not in names
    assert len(found.text().splitlines()) < 150
    assert len(json.dumps(found.as_dict())) < 100_000


def test_a_network_alone_is_no_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "resnet18"]) == 2
    assert "`archspec explain resnet18 PATH` tells of a layer" in capsys.readouterr().err


def test_colour_is_all_that_a_terminal_adds() -> None:
    found = archspec.load("resnet18").explain("layer1.0")
    plain, coloured = found.text(80), found.text(80, color=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    assert coloured.startswith("\x1b[1mlayer1.0\x1b[0m  BasicBlock")


def test_the_conditions_that_a_layer_asks_are_told() -> None:
    found = archspec.load(f"{NETWORKS}/back.yaml").explain("cat")
    assert found.requires == ("H == 2*floor((H - 1)/2) + 2", "W == 2*floor((W - 1)/2) + 2")
