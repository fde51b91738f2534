"""Collections of somebody's own: by their folder, or of an installed package."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import archspec
from archspec import zoo
from archspec.built import architecture_of
from archspec.cli import main
from archspec.weights import WeightsError
from tests.zoo import acme


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return acme.write(tmp_path / "acme")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Makes the installed package `NAME-nets`, whose module brings a collection as `NAME`."""
    made = []

    def install(name: str, module: str = "", **files: str) -> Path:
        site = tmp_path / f"site-{name}"
        acme.write(site / f"{name}_nets", **files)
        (site / f"{name}_nets" / "__init__.py").write_text("raise AssertionError('nobody needs to import this')\n")
        info = site / f"{name}_nets-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-nets\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[archspec.zoo]\n{name} = {module or f'{name}_nets'}\n")
        monkeypatch.syspath_prepend(str(site))
        made.append(f"{name}_nets")
        return site / f"{name}_nets"

    yield install
    for name in made:
        sys.modules.pop(name, None)


def test_names_of_a_folder_s_models_and_specs(folder: Path) -> None:
    assert archspec.load("widget_s", zoo=folder).summary().weights.parameters == 394
    assert archspec.load("widget_l", zoo=str(folder)).feature_info["stem"].channels == 32
    assert archspec.load("widget", zoo=folder, width=16).feature_info["stem"].channels == 16
    assert archspec.load("resnet26", zoo=folder).summary().weights.parameters == 15_995_176
    assert archspec.load("resnet18", zoo=folder).name == "resnet18"


def test_a_folder_s_names_come_before_archspec_s_own(folder: Path) -> None:
    acme.write(folder, other="models: {resnet18: {spec: widget}}\n")
    assert archspec.load("resnet18", zoo=folder).outputs[0].name == "head"
    assert archspec.load("resnet18").outputs[0].name == "fc"


def test_weights_of_one_s_own_by_name_with_their_args(folder: Path) -> None:
    acme.write_weights(folder)
    assert archspec.build("widget_s", "V1", zoo=folder).head.out_features == 10
    model = archspec.build("widget_s", "DEFAULT", zoo=folder)  # the last that the file tells
    assert model.head.out_features == 12
    copied = pickle.loads(pickle.dumps(model))
    assert architecture_of(copied).name == "widget_s"
    image = torch.randn(1, 3, 32, 32)
    assert torch.equal(copied.eval()(image), model.eval()(image))
    with pytest.raises(WeightsError, match="no weights `V3`"):
        archspec.build("widget_s", "V3", zoo=folder)


def test_export_and_verify_take_names_of_a_collection(folder: Path, tmp_path: Path) -> None:
    report = archspec.export("widget_l", tmp_path / "widget.onnx", zoo=folder)
    assert report is not None
    assert report.passed
    assert archspec.verify(tmp_path / "widget.onnx", "widget_l", zoo=folder).passed


def test_a_misspelt_name_is_compared_with_those_of_the_folder(folder: Path) -> None:
    with pytest.raises(archspec.SpecError, match="widgit_s") as caught:
        archspec.load("widgit_s", zoo=folder)
    assert [str(each) for each in caught.value.diagnostics[0].helps] == ["did you mean `widget_s`?"]


@pytest.mark.parametrize(
    ("where", "text"),
    [("nowhere", "nowhere is no directory"), ("acme/zoo", "acme/zoo has neither specs/ nor"), ("", ". has neither")],
)
def test_a_folder_that_is_no_collection(
    where: str, text: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder.parent)
    assert main(["check", "widget_s", "--zoo", where]) == 2
    assert text in capsys.readouterr().out
    assert main(["zoo", "--path", where, "list"]) == 2
    assert capsys.readouterr().err.startswith(f"archspec: {text}")


def test_a_folder_of_the_same_name_is_another_one_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("one", "other"):
        files = tmp_path / place / "mine" / "zoo"
        files.mkdir(parents=True)
        (files / f"{place}.yaml").write_text(f"models: {{{place}: {{spec: resnet}}}}\n", encoding="utf-8")
        os.utime(files, (0, 0))  # as archives have it that are to be the same whenever they are made
        monkeypatch.chdir(tmp_path / place)
        assert [model.name for model in zoo.collection_called("mine").models()] == [place]


def test_a_model_of_a_spec_that_is_not_there(folder: Path) -> None:
    acme.write(folder, other="models: {lost: {spec: nowhere}}\n")
    with pytest.raises(archspec.SpecError, match=r"`lost` is one of the spec `nowhere`, which is not in .*specs"):
        archspec.load("lost", zoo=folder)


def test_installed_collections_need_no_option(install: object) -> None:
    install("acme")  # type: ignore[operator]
    assert archspec.load("widget_s").name == "widget_s"
    assert archspec.load("widget_s", zoo="acme").name == "widget_s"
    assert [each.name for each in zoo.installed()] == ["acme"]


def test_installed_collections_are_not_looked_at_for_a_name_of_archspec_s_own(
    install: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("acme", other="models: {resnet18: {spec: widget}}\n")  # type: ignore[operator]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: pytest.fail("entry points were looked up"))
    assert archspec.load("resnet18").outputs[0].name == "fc"
    assert archspec.load("resnet").name == "resnet"


def test_a_name_in_two_installed_collections_asks_which(install: object) -> None:
    for name in ("acme", "umbrella"):
        install(name)  # type: ignore[operator]
    with pytest.raises(archspec.SpecError, match="`widget_s` is in the collections `acme` and `umbrella`"):
        archspec.load("widget_s")
    assert archspec.load("widget_s", zoo="umbrella").name == "widget_s"


@pytest.mark.parametrize(("module", "text"), [("acme_gone", "is not there"), ("archspec.zoo", "has neither specs/")])
def test_an_entry_point_that_leads_to_no_collection(module: str, text: str, install: object) -> None:
    install("acme", module)  # type: ignore[operator]
    with pytest.raises(archspec.SpecError, match=f"the collection `acme` of the package acme-nets .*{text}"):
        archspec.load("widget_s")


def test_a_name_stands_in_one_file(folder: Path) -> None:
    acme.write(folder, other="models: {widget_s: {spec: widget}}\n")
    with pytest.raises(zoo.ZooError, match=r"`widget_s` stands in other\.yaml already"):
        list(zoo.collection_called(str(folder)).models())


def test_what_a_collection_says_of_its_networks_is_verified(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    acme.write_weights(folder)
    assert main(["zoo", "--path", str(folder), "verify", "widget*"]) == 0, capsys.readouterr()
    capsys.readouterr()
    acme.write(folder, widget=acme.FILES["zoo/widget.yaml"].replace("412", "394"))  # of V1, which is not the default
    assert main(["zoo", "--path", str(folder), "verify", "widget_s"]) == 1
    assert "394" in capsys.readouterr().out
