"""Every op against torch, over draws from Hypothesis: the same verdict, types, parameters, MACs and values.
docs/testing.md says what is compared, and tools/fuzz.py does the same for longer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, seed, settings

from archspec import ops
from tests.proof.draws import Draw, Hint, broken, plausible
from tests.proof.hints import HINTS
from tests.proof.judge import judge
from tests.proof.source import Source, drawn_by

LEAST = 200
"""Draws that archspec takes, and draws that it refuses, for each op."""
ROUND = 100
ROUNDS = 30
bounded = settings(
    max_examples=ROUND, database=None, phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck)
)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ops.names())
def test_an_op_is_what_torch_makes_of_it(name: str) -> None:
    seen: Counter[bool] = Counter()
    for number in range(ROUNDS):
        wanted = min((True, False), key=lambda verdict: seen[verdict])
        if seen[wanted] >= LEAST:
            return
        check(name, plausible if wanted else broken, number, seen)
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


def test_every_op_has_a_hint() -> None:
    assert sorted(set(ops.names()) - HINTS.keys()) == []
