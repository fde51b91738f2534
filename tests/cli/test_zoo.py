"""`archspec zoo list` and `show`; `test_zoo_verify` has `verify`."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

import archspec
from archspec.weights.published import describe
from archspec.zoo import ZooModel, model_named, models, spec_names
from tests.cli.conftest import Run
from tests.zoo import acme

_KINDS = {model.spec: model for model in models()}.values()  # a network of each spec


@pytest.fixture
def collection(tmp_path: Path, run: Run) -> Path:
    return acme.write(tmp_path / "acme")  # in the folder that the command runs in


def section(page: str, title: str) -> list[str]:
    """The lines below a heading."""
    lines = page.splitlines()
    start = lines.index(title) + 1
    return [line.strip() for line in lines[start : (*lines, "").index("", start)]]


def test_the_list_has_a_row_for_each_network_and_says_how_many(run: Run) -> None:
    names = [model.name for model in models()]
    head, *rows = run("zoo", "list").out.split("\n\n")[0].splitlines()
    assert head.split() == ["model", "family", "input", "params", "GMACs"]
    assert [row.split()[0] for row in rows] == names
    families = {model.family for model in models()}
    assert f"archspec: {len(names)} models of {len(families)} families" in run("zoo", "list").out
    assert max(map(len, rows)) <= 80


@pytest.mark.parametrize("pattern", ["vgg11", "vgg*_bn", "swin"])
def test_the_list_of_some(pattern: str, run: Run) -> None:
    found = json.loads(run("zoo", "list", pattern, "--format", "json").out)
    assert [model["name"] for model in found] == [model.name for model in models() if model.matches(pattern)]


@pytest.mark.parametrize("name", [model.name for model in _KINDS])
def test_the_listed_input_is_what_the_network_takes(name: str, run: Run) -> None:
    [found] = json.loads(run("zoo", "list", name, "--format", "json").out)[:1]
    assert found["input"] == "x".join(map(str, archspec.load(found["name"]).inputs[0].type.shape[1:]))


def test_a_page_tells_what_torchvision_and_the_summary_say(run: Run) -> None:
    result = run("zoo", "show", "resnet50")
    assert result.code == 0
    assert max(map(len, result.out.splitlines())) <= 88
    for text in ("25,557,032", "acc@1 80.858", "1,000: tench, goldfish", "427 x 427 pixels, at layer4", "He et al."):
        assert text in result.out
    shown = json.loads(run("zoo", "show", "resnet50", "--format", "json").out)
    summary = archspec.load("resnet50").summary()
    assert (shown["params"], shown["macs"]) == (summary.weights.parameters, summary.macs)
    assert (shown["args"]["block"], shown["args"]["num_classes"]) == ("Bottleneck", "1000")
    assert shown["set"] == ["block", "depths"]
    model = model_named("resnet50")
    assert model is not None
    assert [each["metrics"] for each in shown["weights"]] == [each.metrics for each in describe(model)]


def test_torchvision_need_not_be_asked(run: Run) -> None:
    shown = json.loads(run("zoo", "show", "resnet50", "--no-weights", "--format", "json").out)
    assert shown["weights"] is None
    assert "weights='DEFAULT'" in run("zoo", "show", "resnet50", "--no-weights").out


@pytest.mark.parametrize("model", _KINDS, ids=lambda model: model.name)
def test_every_kind_of_network_has_a_page(model: ZooModel, run: Run) -> None:
    result = run("zoo", "show", model.name, "--no-weights")
    assert result.code == 0, result.err
    assert [line.split()[0] for line in section(result.out, f"args of the spec {model.spec}")]
    body = result.out.partition("in Python")[0]
    assert max(map(len, body.splitlines())) <= 80


def test_a_network_that_is_not_there(run: Run) -> None:
    unknown = run("zoo", "show", "resnett50")
    assert unknown.code == 2
    assert "did you mean `resnet50`?" in unknown.err


def test_another_collection_and_what_its_page_says_works(collection: Path, run: Run) -> None:
    acme.write_weights(collection)
    for argv in (("zoo", "--path", "acme", "list"), ("zoo", "list", "--path", "acme")):
        out = run(*argv).out
        assert [line.split()[:2] for line in out.splitlines()[1:4]] == [
            [name, "widget"] for name in ("widget_s", "widget_l", "resnet26")
        ]
        assert "acme: 3 models of 1 family" in out
    page = run("zoo", "--path", "acme", "show", "widget_s").out
    names: dict[str, object] = {"archspec": archspec}
    for line in section(page, "in Python"):
        exec(line, names)
    assert archspec.build("./mine").head.out_features == 5
    for line in section(page, "on the command line"):
        result = run(*line.split()[1:])
        assert result.code == 0, result.err
    assert "num_classes: 12" in page
    assert "widget_s.v2.safetensors" in page


def test_a_folder_is_quoted_for_the_shell(tmp_path: Path, run: Run) -> None:
    acme.write(tmp_path / "our nets")
    page = run("zoo", "--path", "our nets", "show", "widget_s").out
    [line, *_] = section(page, "on the command line")
    assert run(*shlex.split(line)[1:]).code == 0


@pytest.mark.parametrize("command", ["check", "summary", "sizes", "expand"])
def test_every_command_takes_names_of_a_collection(command: str, collection: Path, run: Run) -> None:
    assert run(command, "widget_s", "--zoo", "acme").code == 0
    assert run(command, "widget_s").code == 2


def test_a_path_may_be_explained_in_a_collection(collection: Path, run: Run) -> None:
    assert "Gate" in run("explain", "widget_s", "gate", "--zoo", "acme").out


def test_packaged_specs_are_no_collection_s(collection: Path) -> None:
    assert "widget" not in spec_names()
