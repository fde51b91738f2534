"""The long run over single ops: it agrees with itself, and finds what is planted."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest

from archspec.types import TensorType
from tests.ops.cases import op_class
from tests.proof.campaign import draw_of, fuzz

pytestmark = pytest.mark.filterwarnings("ignore")


def options(**given: Any) -> Namespace:
    return Namespace(**{"draws": 60, "seed": 0, "only": "ReLU", "jobs": 1, "replay": "", **given})


def test_it_counts_what_it_draws(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz(options(only="ReLU,Concat")) == 0
    printed = capsys.readouterr().out.split("\n\n")[0].splitlines()
    rows = {row.split()[0]: list(map(int, row.split()[1:4])) for row in printed[1:]}
    assert rows.keys() == {"ReLU", "Concat", "all"}
    assert sum(rows["ReLU"]) == 30
    assert rows["all"] == [a + b for a, b in zip(rows["ReLU"], rows["Concat"], strict=True)]


def test_a_draw_is_the_same_whenever_it_is_named() -> None:
    assert draw_of("Conv2d", 0, 7) == draw_of("Conv2d", 0, 7) != draw_of("Conv2d", 1, 7)


def test_it_finds_a_wrong_shape_and_names_the_simplest_draw(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def wrong(self: Any, *inputs: TensorType) -> TensorType:
        return inputs[0]._replace(shape=tuple(size + 1 if size in (3, 4) else size for size in inputs[0].shape))

    monkeypatch.setattr(op_class("ReLU"), "infer", wrong)
    assert fuzz(options()) == 1
    printed = capsys.readouterr().out
    assert "types differ: ReLU() on 3:" in printed
    name = printed.split("--replay ")[1].split()[0]
    assert fuzz(options(replay=name)) == 1
    assert "types differ" in capsys.readouterr().out
