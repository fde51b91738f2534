"""Parity is a real test: what an emitter may get wrong is found, by the numbers alone, and traced to its layer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import onnx_ir as ir
import pytest

import archspec
from archspec.backends.onnx import AttributeCheck, folding
from archspec.parity import ParityError
from archspec.parity.structure import inspect
from tests.parity.mutants import MUTANTS, TEXT, Mutant


@pytest.fixture(scope="module")
def network() -> archspec.Architecture:
    return archspec.load(TEXT)


@pytest.fixture
def numbers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that looks at a file without running it is switched off."""
    monkeypatch.setattr("archspec.backends.onnx.emitter._differ", lambda *args: False)
    monkeypatch.setattr("archspec.backends.onnx.check", lambda path: None)
    monkeypatch.setattr("archspec.parity.comparison.check_attributes", lambda graph, model: AttributeCheck())
    monkeypatch.setattr("archspec.parity.proof.inspect", lambda *args: replace(inspect(*args), problems=()))


def test_without_a_mutant_all_is_well(network: archspec.Architecture, tmp_path: Path) -> None:
    report = archspec.export(network, tmp_path / "net.onnx")
    assert report is not None
    assert (report.verdict, report.problems, report.diagnosis) == ("pass", (), None)


@pytest.mark.usefixtures("numbers_alone")
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_found_by_its_numbers_and_traced(
    mutant: Mutant, network: archspec.Architecture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant.inject(monkeypatch)
    with pytest.raises(ParityError) as caught:
        archspec.export(network, tmp_path / "mutant.onnx")
    assert not list(tmp_path.iterdir())
    report = caught.value.report
    assert ([output.verdict for output in report.outputs], report.problems) == (["fail"], ())
    diagnosis = report.diagnosis
    assert diagnosis is not None
    assert (diagnosis.at_fault, diagnosis.layer) == ("file", mutant.layer)
    assert diagnosis.sentence.startswith(f"`{mutant.layer}` (<text>:{mutant.line}:")
    assert ("is not the module's" in diagnosis.sentence) == bool(mutant.tensor)
    assert not diagnosis.alone["disabled"] < 1e-5


@pytest.mark.usefixtures("numbers_alone")
def test_a_fold_that_forgets_epsilon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forget(graph: ir.Graph, layer: ir.Node, norm: ir.Node) -> None:
        norm.attributes["epsilon"] = ir.AttrFloat32("epsilon", 0.0)
        merge(graph, layer, norm)

    merge = folding._merge
    monkeypatch.setattr(folding, "_merge", forget)
    network = archspec.load(TEXT.replace("bn: BatchNorm2d", "bn: {op: BatchNorm2d, eps: 1.0e-3}"))
    with pytest.raises(ParityError) as caught:
        archspec.export(network, tmp_path / "mutant.onnx", fold_bn=True)
    assert caught.value.report.first_divergence == "bn"


def test_what_no_numbers_show_is_found_in_the_attributes(
    network: archspec.Architecture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Mutant("BatchNorm with 1.1e-5 for 1e-5", "bn", {"eps": 1.1e-5}).inject(monkeypatch)
    with pytest.raises(ParityError) as caught:
        archspec.export(network, tmp_path / "mutant.onnx")
    report = caught.value.report
    assert [output.verdict for output in report.outputs] == ["pass"]
    assert report.problems == ("bn: epsilon is 1.1e-05 in the file, and 1e-05 in the network",)
    assert (report.verdict, report.diagnosis) == ("fail", None)
