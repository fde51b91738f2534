"""The report, for people and for machines."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from archspec.backends.onnx import AttributeCheck
from archspec.parity import OutputParity, ParityError, ParityReport, Verdict
from archspec.parity.forensics.diagnosis import Culprit, Diagnosis
from archspec.parity.measure import Run, judge
from archspec.parity.structure import Structure
from archspec.parity.third import Pair, ThirdOpinion

GOOD = np.random.default_rng(0).normal(size=(3, 10))
OUTPUTS: dict[str, OutputParity] = {
    "pass": judge("fc", [Run(GOOD, GOOD, GOOD)]),
    "fail": judge("aux", [Run(GOOD, GOOD + 1)]),
    "vacuous": judge("zero", [Run(GOOD * 0, GOOD * 0)]),
}


def report(*outputs: str, **changes: Any) -> ParityReport:
    whole = ParityReport(
        name="net",
        outputs=tuple(OUTPUTS[name] for name in outputs),
        problems=(),
        device="cpu",
        provider="CPUExecutionProvider",
        weights="given weights",
        seed=0,
        sizes=({"N": 1},),
        versions={"torch": "2"},
        sha256={"model": "abc"},
    )
    return replace(whole, **changes)


@pytest.mark.parametrize(
    ("outputs", "verdict"),
    [
        (["pass"], "pass"),
        (["pass", "vacuous"], "vacuous"),
        (["vacuous", "fail", "pass"], "fail"),
        ([], "fail"),
    ],
)
def test_the_worst_output_decides(outputs: list[str], verdict: Verdict) -> None:
    found = report(*outputs)
    assert (found.verdict, found.passed) == (verdict, verdict == "pass")


def test_a_problem_fails_whatever_the_numbers_are() -> None:
    assert report("pass", problems=("bn: epsilon is 1",)).verdict == "fail"


STRUCTURE = Structure(18, 8, 9, 9, 9, 1000, 0, 2, 8, 0, 0, ("fc.bias of the network is not in the file",))


DIAGNOSIS = Diagnosis("file", "the file and torch disagree on `conv1`", Culprit("conv1", "Conv2d", None))
OPINION = ThirdOpinion("agree", "all three agree", (Pair("torch", "onnxruntime", 1e-7, True),), 1.5, 7)


def test_the_json_form_is_pinned() -> None:
    """Scripts read it: a key that goes, or is called otherwise, breaks them."""
    whole = report(
        "pass",
        "fail",
        structure=STRUCTURE,
        attributes=AttributeCheck(7, 1, ()),
        diagnosis=DIAGNOSIS,
        third_opinion=OPINION,
    )
    found = json.loads(json.dumps(whole.as_dict(), allow_nan=False))
    assert found.keys() == {
        *("name", "verdict", "precision", "weights", "device", "provider", "seed", "sizes", "samples"),
        *("outputs", "problems", "notes", "assumptions", "structure", "attributes"),
        *("diagnosis", "third_opinion", "first_divergence", "quantization", "versions", "sha256"),
    }
    assert found["outputs"][0].keys() == {
        *("name", "verdict", "reason", "shapes", "tolerance", "limits", "limit_widened", "max_abs", "mean_abs"),
        "rel_l2",
        *("error_over_std", "float64_rel_l2", "torch_float64_rel_l2", "torch_float64_error_over_std"),
        "top1_agreement",
    }
    assert found["outputs"][0]["limits"].keys() == {"relative L2", "error / std", "relative L2 against float64"}
    assert found["structure"].keys() == {
        *("opset", "ir_version", "nodes", "values", "shapes_compared", "elements", "integers"),
        *("constants", "constant_bytes", "folded", "unfolded", "problems"),
    }
    assert found["attributes"] == {"layers": 7, "decomposed": 1}
    assert found["first_divergence"] == "conv1"
    assert found["diagnosis"].keys() == {"at_fault", "sentence", "culprit", "alone", "whole"}
    assert found["diagnosis"]["culprit"].keys() == {"path", "kind", "place", "within"}
    assert found["third_opinion"].keys() == {"vote", "sentence", "pairs", "seconds", "nodes"}


def test_parts_that_are_not_there_are_null() -> None:
    found = report("pass").as_dict()
    assert (found["structure"], found["diagnosis"], found["third_opinion"]) == (None, None, None)


def test_the_text_of_a_pass_is_a_few_lines() -> None:
    good = replace(STRUCTURE, problems=(), folded=3, unfolded=1)
    text = report("pass", structure=good, attributes=AttributeCheck(7, 1, ()), assumptions=("x is image",)).text()
    number = r"\d\.\de[+-]\d\d"
    assert re.sub(number, "<number>", re.sub(" +(?=" + number + ")", " ", text)).splitlines() == [
        "parity: pass (fp32 on CPUExecutionProvider)",
        "",
        "output  relative L2    limit  error/std    limit  top-1  verdict",
        "fc <number> <number> <number> <number>   100%  pass",
        "",
        "run with  given weights",
        "run at    N 1",
        "file      opset 18, 9 nodes, 1,000 weights, 2 constants, 3 of 4 BatchNorms",
        "          folded",
        "checked   every weight, 9 shapes by onnx's inference, attributes of 7 layers, 1",
        "          more taken apart",
        "assumed   x is image",
    ]


def test_the_text_of_a_failure_says_why_before_it_says_how() -> None:
    text = report("pass", "fail", problems=("a problem",), diagnosis=DIAGNOSIS).text()
    lines = text.splitlines()
    assert [line.split()[0] for line in lines[2:5]] == ["output", "aux", "fc"]  # the worst first
    assert lines[6].startswith("fail      aux: relative L2 is ")
    assert lines[7:10] == ["fail      a problem", "", DIAGNOSIS.sentence]


def test_many_outputs_with_long_names_fit_a_terminal() -> None:
    name = "encoder.layers.encoder_layer_11.self_attention.out_projection.with.a.long.name"
    outputs = tuple(judge(f"{name}.{k}", [Run(GOOD, GOOD * (1 + k * 1e-7), GOOD)]) for k in range(9))
    text = replace(report(), outputs=outputs, problems=("a word " * 40,) * 12).text()
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0][-2:] for line in lines if line.startswith("enc")] == [".8", ".7", ".6", ".5", ".4"]
    assert "+ 4 more, all pass" in lines
    assert "          + 4 more problems, which --report tells" in lines
    mixed = replace(report("fail"), outputs=(*outputs, OUTPUTS["fail"], OUTPUTS["vacuous"]) * 2).text()
    assert "+ 17 more, all pass" in mixed


def test_a_limit_that_torchs_own_rounding_widened_is_told() -> None:
    coarse = judge("fc", [Run(GOOD * 1.0005, GOOD * 1.0005, GOOD)])
    found = replace(report(), outputs=(coarse,))
    assert "pass, limit widened" in found.text()
    assert found.as_dict()["outputs"][0]["limit_widened"] is True


def test_a_reference_that_is_all_rounding_proves_nothing() -> None:
    chaotic = judge("fc", [Run(GOOD * 1.01, GOOD * 1.01, GOOD)])
    assert chaotic.verdict == "vacuous"
    assert chaotic.reason == "torch in float32 is itself 9.9e-03 off float64: rounding decides its numbers"


def test_an_output_that_is_empty_passes_by_its_shape() -> None:
    empty = judge("none", [Run(GOOD[:0], GOOD[:0])])
    found = replace(report(), outputs=(empty,))
    assert (found.verdict, found.notes) == ("pass", ("none: it is empty, and has torch's shape",))


def test_the_error_carries_the_report() -> None:
    found = report("fail")
    error = ParityError(found)
    assert (error.report, str(error)) == (found, found.text())
