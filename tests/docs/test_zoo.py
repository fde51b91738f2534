"""docs/zoo.md has a row for every network of the zoo, in which everything holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archspec import zoo
from archspec.verification import CLAIMS
from archspec.zoo import ZooModel

PAGE = Path(__file__).parents[2] / "docs" / "zoo.md"
MODELS = list(zoo.models())


@pytest.fixture(scope="module")
def rows() -> dict[str, list[str]]:
    """The cells of every network's row by its name."""
    lines = re.findall(r"^\| (\w+) \| ([\d,]+ \|.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: cells.split(" | ") for name, cells in lines}


def test_every_model_has_a_row(rows: dict[str, list[str]]) -> None:
    assert sorted(rows) == sorted(model.name for model in MODELS)


def test_everything_holds(rows: dict[str, list[str]]) -> None:
    assert {cells[-2] for cells in rows.values()} == {f"{len(CLAIMS)} of {len(CLAIMS)} hold"}


@pytest.mark.parametrize("model", [each for each in MODELS if not each.weights_args], ids=lambda model: model.name)
def test_numbers_are_those_of_the_zoo(model: ZooModel, rows: dict[str, list[str]]) -> None:
    params, gmacs, _, smallest, *_ = rows[model.name]
    found = {"params": int(params.replace(",", "")), "gmacs": float(gmacs), "min_size": int(smallest)}
    assert found == model.expect
