"""docs/parity.md names every key of the report, and the limits that are held."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from archspec.parity import ParityReport
from archspec.parity.measure import FLOAT16, FLOAT32, INT8, TF32, Run, judge
from archspec.parity.structure import Structure

PAGE = (Path(__file__).parents[2] / "docs" / "parity.md").read_text(encoding="utf-8")


def rows(first: str) -> list[list[str]]:
    """The cells of the table whose first heading this is."""
    [table] = re.findall(rf"^\| {first} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table.splitlines()]


def test_the_keys_of_the_report_are_all_explained() -> None:
    output = judge("fc", [Run(np.eye(2), np.eye(2), np.eye(2))])
    structure = Structure(18, 8, 1, 1, 1, 1, 0, 0, 0, 0, 0, ())
    report = ParityReport("net", (output,), (), "cpu", "", "", 0, (), {}, {}, structure=structure).as_dict()
    told = {key: text for keys, text in rows("key") for key in re.findall(r"`(\w+)`", keys)}
    assert told.keys() == report.keys()
    assert set(re.findall(r"`(\w+)`", told["structure"])) == {*report["structure"], "verify"}
    assert set(re.findall(r"`(\w+)`", told["outputs"])) <= report["outputs"][0].keys()


def test_the_limits_are_those_that_are_held() -> None:
    table = {precision: [float(each) for each in re.findall(r"\d[\d.e-]*", " ".join(gates[:2]))]
             for precision, *gates in rows("precision")}
    assert table == {
        "fp32": [FLOAT32.rel_l2, FLOAT32.error_over_std],
        "tf32": [TF32.rel_l2],
        "fp16": [FLOAT16.rel_l2],
        "int8": [INT8.rel_l2, 20],
    }
