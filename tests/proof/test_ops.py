"""Every op against torch, over draws from Hypothesis: the same verdict, types, parameters, MACs and values.
docs/testing.md says what is compared, and tools/fuzz.py does the same for longer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from inspect import signature
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, seed, settings

from archspec import ops
from tests.proof.draws import Draw, Hint, broken, plausible
from tests.proof.hints import HINTS
from tests.proof.judge import judge
from tests.proof.rules import RULES
from tests.proof.slips import SLIPS
from tests.proof.source import Source, drawn_by
from tests.proof.values import fields

LEAST = 200
"""Draws that archspec takes, and draws that it refuses, for each op."""
ROUND = 100
ROUNDS = 30
bounded = settings(
    max_examples=ROUND, database=None, phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck)
)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ops.names())
def test_an_op_is_what_torch_makes_of_it(name: str) -> None:
    seen: Counter[bool] = Counter()
    for number in range(ROUNDS):
        if min(seen[True], seen[False]) >= LEAST:
            break
        generator = plausible if seen[True] <= seen[False] else broken
        check(name, generator, number, seen)
    assert min(seen[True], seen[False]) >= LEAST, seen


def check(name: str, generator: Callable[[Source, str, Hint], Draw], number: int, seen: Counter[bool]) -> None:
    """A round of draws, meant well or broken on purpose; none is left out."""

    @seed(number)
    @bounded
    @given(drawn_by(generator)(name, HINTS[name]))
    def agrees(draw: Draw) -> None:
        judgement = judge(draw, HINTS[name])
        seen[judgement.accepted] += 1
        assert judgement.disagreement is None, str(judgement.disagreement)

    agrees()


def test_every_op_has_its_hint() -> None:
    assert sorted(HINTS) == sorted(ops.names())


@pytest.mark.parametrize("name", ops.names())
def test_no_argument_of_torch_is_left_out(name: str) -> None:
    arguments = signature(HINTS[name].torch or getattr(torch.nn, name)).parameters.values()
    known = {each.name for each in arguments if each.kind in (each.KEYWORD_ONLY, each.POSITIONAL_OR_KEYWORD)}
    if isinstance(HINTS[name].torch or getattr(torch.nn, name), type):
        assert known - fields(name).keys() - {"device", "dtype"} == LEFT_OUT.get(name, set())


LEFT_OUT = {
    "Embedding": {"max_norm", "norm_type", "_weight", "_freeze"},
    "Hardtanh": {"min_value", "max_value"},
}
"""Arguments of torch's that an op lacks: with `max_norm` a forward pass changes the weights, the next two are torch's
way to make it from weights, and the last are deprecated names."""


def test_every_rule_by_which_archspec_is_stricter_is_written_down() -> None:
    page = (Path(__file__).parents[2] / "docs/testing.md").read_text(encoding="utf-8")
    assert [name for name in (*RULES, *SLIPS) if f"| {name} |" not in page] == []
