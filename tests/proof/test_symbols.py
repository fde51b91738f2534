"""Symbolic sizes against brute force. The long run, up to 200, is `tools/fuzz.py symbols`."""

from __future__ import annotations

import pytest

from archspec.dims import Sizes
from archspec.ops import conditions
from tests.proof.symbols import Disagreement, Tally, prove
from tests.proof.symbols_campaign import packaged, run, subject_of

NETWORKS = 60
UPTO = 48


@pytest.fixture(scope="module")
def proof() -> tuple[Tally, list[tuple[str, Disagreement]]]:
    return run([f"0:{index}" for index in range(NETWORKS)], UPTO)


def test_conditions_hold_where_networks_work(proof: tuple[Tally, list[tuple[str, Disagreement]]]) -> None:
    _, found = proof
    assert not found, f"tools/fuzz.py symbols --replay {found[0][0]}\n{found[0][1]}"


def test_networks_ask_for_everything_that_sizes_can_be_asked(
    proof: tuple[Tally, list[tuple[str, Disagreement]]],
) -> None:
    tally, _ = proof
    assert tally.networks - tally.open - tally.refused >= 40
    assert 0.2 * tally.sizes <= tally.working <= 0.8 * tally.sizes
    assert tally.conditions >= 250
    assert tally.fixed >= 3
    assert tally.multiples >= 15
    assert tally.unproved == 0


@pytest.mark.parametrize("name", packaged())
def test_what_is_said_of_packaged_specs_is_so(name: str) -> None:
    subject = subject_of(name)
    assert subject is not None
    near = [(size, size) for size in (1, 7, 8, 14, 15, 20, 21, 28, 29, 31, 32, 33, 62, 63, 64)]
    prove(subject, [*near, subject.declared], Tally())


@pytest.mark.parametrize("mutant", ["least", "multiple_of"])
def test_a_wrong_summary_is_found(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = getattr(Sizes, mutant).fget
    monkeypatch.setattr(Sizes, mutant, property(lambda self: (right(self) or 0) + 1))
    _, found = run([f"0:{index}" for index in range(12)], 1)
    assert found


def test_a_condition_that_is_forgotten_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(condition: conditions.Condition) -> bool:
        return True if condition.relation == ">=" else may_hold(condition)

    may_hold = conditions._may_hold
    monkeypatch.setattr(conditions, "_may_hold", forgetful)
    _, found = run([f"0:{index}" for index in range(12)], 8)
    assert any("all conditions hold" in str(disagreement) for _, disagreement in found)


def test_a_condition_too_many_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def strict(condition: conditions.Condition) -> bool:
        more = condition._replace(right=condition.right + 1) if condition.relation == ">=" else condition
        return may_hold(more)

    may_hold = conditions._may_hold
    monkeypatch.setattr(conditions, "_may_hold", strict)
    _, found = run([f"0:{index}" for index in range(12)], 40)
    assert any("the network is fine" in str(disagreement) for _, disagreement in found)
