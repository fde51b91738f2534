"""Several conditions at once, against brute force."""

from __future__ import annotations

from itertools import islice, product

from hypothesis import given, settings
from hypothesis import strategies as st

from archspec.dims import Condition, System, evaluate, symbol
from tests.dims.recipes import Recipe, recipes, symbolic

H, W = symbol("H"), symbol("W")
CONDITIONS = st.builds(
    lambda a, relation, b: Condition(symbolic(a), relation, symbolic(b)),
    recipes("H", "W", leaves=3),
    st.sampled_from(["==", ">="]),
    recipes("H", "W", leaves=3),
)


@settings(max_examples=60)
@given(st.lists(CONDITIONS, max_size=3))
def test_examples_satisfy_all_and_contradictions_have_none(conditions: list[Condition]) -> None:
    system, verdicts = System(), []
    for condition in conditions:
        verdicts.append(system.add(condition))
        if verdicts[-1] is False:
            break
    kept = [condition for condition, verdict in zip(conditions, verdicts, strict=False) if verdict is not None]
    if False in verdicts:
        assert not any(all(each.at(H=h, W=w) for each in kept) for h, w in product(range(1, 40), repeat=2))
        return
    examples = list(islice(system.examples(), 5))
    assert all(each.at(**{"H": 1, "W": 1, **example}) for each in kept for example in examples)
    assert examples


def test_couplings_are_met() -> None:
    tokens = System([Condition(H // 16 * (W // 16), "==", 196), Condition(H, ">=", 16)])
    assert next(tokens.examples()) == {"H": 224, "W": 224}
    assert tokens.least("H") == 16
    at = tokens.sizes_of("H", {"W": 32})
    assert at is not None
    assert at.describe("H") == "1568 <= H <= 1583"
    assert next(System([Condition(H, "==", W)]).examples()) == {"H": 1, "W": 1}


def test_what_is_not_solved_is_asked_of_every_size() -> None:
    steps = [Condition(H // step * step, "==", H) for step in (61, 67, 71)]
    system = System()
    assert [system.add(condition) for condition in steps] == [True, True, None]
    assert system.least("H") == 61 * 67 * 71
    assert next(system.examples()) == {"H": 61 * 67 * 71}


def test_what_contradicts_is_found() -> None:
    assert System([Condition(H // 2 * 2, "==", H)]).add(Condition(H // 2 * 2 + 1, "==", H)) is False
    assert System([Condition(H, ">=", 9)]).add(Condition(8, ">=", H)) is False
    assert System().add(Condition(H * H, "==", W * W * 2)) is None, "no size up to the limit: not proved"


@settings(max_examples=200)
@given(recipes("H", "W", leaves=5), st.sampled_from([2, 3, 4, 8, 12]), st.integers(1, 6), st.integers(1, 30))
def test_sizes_read_simpler_and_stay_what_they_are(recipe: Recipe, multiple: int, h: int, w: int) -> None:
    system = System([Condition(H % multiple, "==", 0)])
    sizes = {"H": h * multiple, "W": w}
    assert evaluate(system.simplified(symbolic(recipe)), sizes) == evaluate(symbolic(recipe), sizes)


def test_how_simplified_sizes_read() -> None:
    system = System([Condition(H % 32, "==", 0), Condition(W, "==", W)])
    texts = [
        str(system.simplified(size))
        for size in (H // 32 * 32, (H - 1) // 2 + 1, H // 16 * (H // 16), 16 * (H // 32), H // 64, H // 8 * W)
    ]
    assert texts == ["H", "floor(H/2)", "floor(H/32)*floor(H/8)", "floor(H/2)", "floor(H/64)", "W*floor(H/8)"]
