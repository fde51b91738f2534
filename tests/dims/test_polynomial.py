"""Sizes against plain integers: whatever is done to symbols, evaluating the result gives what integers give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archspec.dims import Dim, Symbolic, counterexample, divide, evaluate, product_of, read, symbol, symbols
from tests.dims.recipes import NAMES, Recipe, make, recipes, symbolic

SIZES = st.fixed_dictionaries({name: st.integers(1, 60) for name in NAMES})
RECIPES = recipes(*NAMES)


@given(RECIPES, SIZES)
def test_arithmetic_is_that_of_integers(recipe: Recipe, sizes: dict[str, int]) -> None:
    assert evaluate(symbolic(recipe), sizes) == make(recipe, sizes)


@given(RECIPES, SIZES)
def test_printed_sizes_can_be_read_as_python(recipe: Recipe, sizes: dict[str, int]) -> None:
    def floor(value: float) -> int:
        return int(value // 1)

    assert eval(str(symbolic(recipe)), {"floor": floor, **sizes}) == make(recipe, sizes)


@given(RECIPES)
def test_printed_sizes_are_read_back(recipe: Recipe) -> None:
    assert read(str(symbolic(recipe))) == symbolic(recipe)


@pytest.mark.parametrize("text", ["", "f(", "a.b", "H/2", "1.5", "floor(H)", "floor(H/W)", "floor(H/0)", "H**2"])
def test_what_no_size_is_written_like_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no size"):
        read(text)


@given(RECIPES, RECIPES)
def test_a_counterexample_is_one(a: Recipe, b: Recipe) -> None:
    found = counterexample(symbolic(a), symbolic(b))
    if found is not None:
        sizes = dict.fromkeys(NAMES, 1) | found
        assert make(a, sizes) != make(b, sizes)


@given(RECIPES, RECIPES)
def test_a_product_divides_by_its_factors(a: Recipe, b: Recipe) -> None:
    left, right = symbolic(a), symbolic(b)
    if right != 0:
        assert divide(left * right, right) == left


@given(RECIPES, RECIPES, SIZES)
def test_a_quotient_is_exact(a: Recipe, b: Recipe, sizes: dict[str, int]) -> None:
    quotient = divide(symbolic(a), symbolic(b))
    if quotient is not None:
        assert evaluate(quotient, sizes) * make(b, sizes) == make(a, sizes)


@given(RECIPES, RECIPES)
def test_what_is_plainly_equal_is_one_object(a: Recipe, b: Recipe) -> None:
    left, right = symbolic(a), symbolic(b)
    assert (left + right) * 2 == right * 2 + left + left
    assert hash(left + right) == hash(right + left)


WINDOWS = st.lists(st.tuples(st.integers(1, 7), st.integers(1, 4), st.integers(0, 3)), min_size=1, max_size=4)


@given(WINDOWS, st.integers(200, 400))
def test_windows_compose_in_one_normal_form(windows: list[tuple[int, int, int]], size: int) -> None:
    """A chain of windows is one floor of H: floors inside floors are merged."""
    dim: Dim = symbol("H")
    number = size
    for kernel, stride, padding in windows:
        dim = (dim + 2 * padding - kernel) // stride + 1
        number = (number + 2 * padding - kernel) // stride + 1
    assert evaluate(dim, {"H": size}) == number
    assert str(dim).count("floor") <= 1


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        ((symbol("H") - 1) // 2 + 1, "floor((H - 1)/2) + 1"),
        ((symbol("H") + 1) // 2, "floor((H - 1)/2) + 1"),
        (symbol("H") // 2 * 2, "2*floor(H/2)"),
        ((4 * symbol("H") + 6) // 2, "2*H + 3"),
        (symbol("H") // 2 // 3, "floor(H/6)"),
        (symbol("H") * symbol("W") - symbol("W") * symbol("H"), "0"),
        (product_of([symbol("N"), 3, symbol("H")]), "3*H*N"),
    ],
)
def test_how_sizes_read(dim: Dim, text: str) -> None:
    assert str(dim) == text


def test_a_size_cannot_be_divided_by_nothing() -> None:
    with pytest.raises(ValueError, match="positive"):
        symbol("H") // 0
    assert divide(3, 0) is None


def test_symbols_are_found_inside_floors() -> None:
    assert symbols((symbol("H") + symbol("W")) // 3) == {"H", "W"}
    assert isinstance(symbol("H"), Symbolic)
