"""Turns: whose they are, what counts, and what is told of the numbers."""

from __future__ import annotations

from itertools import count

import pytest

from archspec.latency import rounds
from archspec.latency.rounds import LEAST_ROUNDS, Spread, in_turns


def test_every_other_round_runs_in_reverse_and_the_first_call_of_a_turn_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rounds, "_TURN", 0.0)  # one call that counts
    called: list[str] = []
    ticks = count()
    clock = {"a": 1.0, "b": 10.0}

    def now() -> float:
        return float(next(ticks)) * (clock[called[-1]] if called else 1.0)

    found = in_turns([lambda: called.append("a"), lambda: called.append("b")], 0.0, rounds=3, clock=now)
    assert called == ["a", "a", "b", "b", "b", "b", "a", "a", "a", "a", "b", "b"]
    assert [len(numbers) for numbers in found] == [3, 3]


def test_without_a_number_of_rounds_time_decides_and_there_are_some_at_least() -> None:
    [found] = in_turns([lambda: None], seconds=0.0)
    assert len(found) == LEAST_ROUNDS
    assert all(number > 0 for number in found)


def test_a_spread_leaves_out_a_tenth_on_each_side() -> None:
    assert Spread.of([float(number) for number in range(101)]) == Spread(50.0, 10.0, 90.0)
    assert Spread.of([3.0]) == Spread(3.0, 3.0, 3.0)
