"""Exact sizes: integers and polynomials over symbols and floors, and what can be proved of them."""

from archspec.dims.bounds import proofs_bounded, proofs_spent
from archspec.dims.classes import step
from archspec.dims.conditions import Condition, counterexample
from archspec.dims.polynomial import (
    Atom,
    Dim,
    Floor,
    Monomial,
    Symbol,
    Symbolic,
    as_multiple,
    divide,
    evaluate,
    product_of,
    symbol,
    symbols,
)
from archspec.dims.proofs import equal, holds
from archspec.dims.reading import read
from archspec.dims.solutions import ALL, Sizes, solve
from archspec.dims.systems import System

__all__ = [
    "ALL",
    "Atom",
    "Condition",
    "Dim",
    "Floor",
    "Monomial",
    "Sizes",
    "Symbol",
    "Symbolic",
    "System",
    "as_multiple",
    "counterexample",
    "divide",
    "equal",
    "evaluate",
    "holds",
    "product_of",
    "proofs_bounded",
    "proofs_spent",
    "read",
    "solve",
    "step",
    "symbol",
    "symbols",
]
