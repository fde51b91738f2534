"""The report, for people and for machines."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from archspec.parity import OutputParity, ParityError, ParityReport, Verdict
from archspec.parity.measure import Run, judge

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


def test_the_json_form_says_all() -> None:
    found = json.loads(json.dumps(report("pass", "fail").as_dict(), allow_nan=False))
    assert found.keys() == {
        *("name", "verdict", "outputs", "problems", "first_divergence", "attributes_checked", "weights"),
        *("device", "provider", "seed", "sizes", "versions", "sha256"),
    }
    assert found["outputs"][0].keys() == {
        *("name", "verdict", "reason", "tolerance", "max_abs", "mean_abs", "rel_l2", "error_over_std"),
        *("float64_rel_l2", "torch_float64_rel_l2", "torch_float64_error_over_std", "top1_agreement"),
    }


def test_the_text_fits_a_terminal_and_names_the_trouble() -> None:
    text = report("pass", "fail", problems=("a problem",), first_divergence="layer1.0.conv1").text()
    assert max(map(len, text.splitlines())) <= 80
    assert text.splitlines()[:2] == ["parity: fail (CPUExecutionProvider)", "given weights"]
    assert "aux: relative L2 is" in text
    assert text.splitlines()[-2:] == ["a problem", "the first layer that differs is layer1.0.conv1"]


def test_the_error_carries_the_report() -> None:
    found = report("fail")
    error = ParityError(found)
    assert (error.report, str(error)) == (found, found.text())
