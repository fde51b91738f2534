"""Recipes of sizes, so that one size can be made of symbols and of numbers alike."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from archspec.dims import Dim, symbol

NAMES = ("H", "W", "N")

Recipe = tuple[Any, ...]


def recipes(*names: str, leaves: int = 8) -> st.SearchStrategy[Recipe]:
    """Sums, products, quotients and remainders over these symbols."""
    name = st.tuples(st.just("name"), st.sampled_from(names))
    leaf = st.one_of(name, st.tuples(st.just("number"), st.integers(-9, 9)))
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(["+", "-", "*"]), inner, inner),
            st.tuples(st.sampled_from(["//", "%"]), inner, st.integers(1, 8)),
        ),
        max_leaves=leaves,
    )


def make(recipe: Recipe, leaf: dict[str, Any]) -> Any:
    """The size, over symbols or over numbers: what stands in `leaf`."""
    sign, *parts = recipe
    if sign == "name":
        return leaf[parts[0]]
    if sign == "number":
        return parts[0]
    left, right = make(parts[0], leaf), parts[1] if sign in ("//", "%") else make(parts[1], leaf)
    return {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "//": lambda: left // right,
        "%": lambda: left % right,
    }[sign]()


def symbolic(recipe: Recipe) -> Dim:
    made: Dim = make(recipe, {name: symbol(name) for name in NAMES})
    return made
