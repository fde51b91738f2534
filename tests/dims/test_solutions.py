"""Conditions against brute force: where they hold, at every size up to a few hundred."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from math import gcd

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archspec.dims import ALL, Condition, Dim, Sizes, counterexample, evaluate, holds, solve, symbol
from tests.dims.recipes import Recipe, recipes, symbolic

H, W = symbol("H"), symbol("W")
UPTO = 200
RELATIONS = st.sampled_from(["==", ">="])
ONE = recipes("H", leaves=5)
TWO = recipes("H", "W", leaves=4)


def works(condition: Condition) -> list[int]:
    return [size for size in range(1, UPTO + 1) if condition.at(H=size)]


@settings(max_examples=100)
@given(ONE, RELATIONS, st.one_of(ONE, st.tuples(st.just("number"), st.integers(-20, 150))))
def test_a_condition_on_one_symbol_is_solved(left: Recipe, relation: str, right: Recipe) -> None:
    condition = Condition(symbolic(left), relation, symbolic(right))  # type: ignore[arg-type]
    found = solve(condition)
    if found is None:
        return
    truth = works(condition)
    assert [size for size in range(1, UPTO + 1) if size in found] == truth
    assert list(islice(found, len(truth))) == truth
    assert found.least == (truth[0] if truth else found.least)
    if truth:
        assert all(size % found.multiple_of == 0 for size in truth)
    verdict = holds(condition)
    assert verdict is (True if found == ALL else None if found else False)


def test_windows_and_merges_are_always_solved() -> None:
    """What networks ask: chains of windows that fit, and maps that meet again."""
    for kernel in range(1, 8):
        for stride in range(1, 4):
            size: Dim = H
            for _ in range(4):
                size = (size - kernel + kernel // 2 * 2) // stride + 1
                assert solve(Condition(size, ">=", 3)) is not None
                assert solve(Condition(size * stride, "==", H)) is not None


@settings(max_examples=60)
@given(TWO, RELATIONS, TWO)
def test_a_verdict_on_two_symbols_is_right(left: Recipe, relation: str, right: Recipe) -> None:
    condition = Condition(symbolic(left), relation, symbolic(right))  # type: ignore[arg-type]
    verdict = holds(condition)
    if verdict is not None:
        assert all(condition.at(H=h, W=w) is verdict for h in range(1, 40) for w in range(1, 40))


def test_verdicts_are_reached_where_networks_need_them() -> None:
    half = (H - 1) // 2 + 1
    seen = Counter(
        (
            holds(Condition(half, ">=", 1)),
            holds(Condition(half * W, ">=", W)),
            holds(Condition((H + 3) // 4 + (W + 1) // 2, ">=", 2)),
            holds(Condition(H // 2 + (H - 1) // 2 + 1, "==", H)),
            holds(Condition(2 * H, "==", 2 * W + 1)),
            holds(Condition(H * W + 1, "==", 0)),
            holds(Condition(H, "==", W)),
            holds(Condition(H // 16 * (W // 16), "==", 196)),
        )
    )
    assert seen == {True: 4, False: 2, None: 2}


@given(ONE, ONE)
def test_a_counterexample_is_one(a: Recipe, b: Recipe) -> None:
    sizes = counterexample(symbolic(a), symbolic(b))
    if sizes is not None:
        assert evaluate(symbolic(a), sizes) != evaluate(symbolic(b), sizes)


SETS = st.builds(
    Sizes.of,
    st.frozensets(st.integers(1, 20)),
    st.integers(1, 21),
    st.just(6),
    st.frozensets(st.integers(0, 5)),
)


@given(SETS, SETS)
def test_intersections_are_those_of_sets(a: Sizes, b: Sizes) -> None:
    both = a & b
    assert [x for x in range(1, 100) if x in both] == [x for x in range(1, 100) if x in a and x in b]
    assert (a <= b) == all(x in b for x in range(1, 100) if x in a)
    assert both == b & a


@given(SETS)
def test_equal_sets_are_one(a: Sizes) -> None:
    """A set that is written longer than it needs to be has the same normal form."""
    early = frozenset(x for x in range(1, 60) if x in a)
    assert Sizes.of(early, 60, 2 * a.period, frozenset(x % (2 * a.period) for x in range(60, 84) if x in a)) == a


@given(SETS)
def test_what_is_said_of_a_set_is_true(a: Sizes) -> None:
    members = [x for x in range(1, 200) if x in a]
    assert bool(a) == bool(members)
    assert a.least == (members[0] if members else None)
    assert a.only == (members[0] if len(members) == 1 else None)
    assert a.multiple_of == (gcd(*members) if len(members) > 1 else 1)
    if (words := a.describe("H")) is not None:
        assert [x for x in range(1, 200) if eval(words, {"H": x})] == members


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Condition((H - 7) // 2 + 1, ">=", 1), "H >= 7"),
        (Condition(H // 8 * 8, "==", H), "H % 8 == 0"),
        (Condition((H - 1) // 2 * 2 + 1, "==", H), "H % 2 == 1"),
        (Condition(H // 32, "==", 7), "224 <= H <= 255"),
        (Condition((H - 4) * 16, "==", 384), "H == 28"),
        (Condition(H // 2 % 2, "==", 0), "H % 4 <= 1"),
        (Condition((H - 1) // 4 + 1, "==", (H - 1) // 8 * 2 + 2), "(H - 5) % 8 <= 3"),
        (Condition(50, ">=", H), "H <= 50"),
        (Condition(H, ">=", H), "H >= 1"),
    ],
)
def test_how_sizes_read(condition: Condition, words: str) -> None:
    sizes = solve(condition)
    assert sizes is not None
    assert sizes.describe("H") == words
