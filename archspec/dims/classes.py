"""Sizes on residue classes.

A size with floors is not a polynomial, but it is one on every residue class: with x = period k + r, all its
floors come out whole. There it is written by its forward differences at k = 0,

    p(k) = c0 + c1 k + c2 k (k - 1) / 2 + ...

which integers decide: it vanishes where all of them are 0, it never falls below c0 where none of the others
is negative, and it stays c0 modulo their greatest common divisor. Several symbols have differences along each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product
from math import lcm, prod

from archspec.dims.polynomial import Dim, Floor, Symbolic, evaluate, symbols

MOST_CLASSES = 4096
"""Residue classes that are looked at, over all symbols of a condition; beyond, nothing is proved."""


def over_classes(dim: Symbolic) -> Iterator[list[int]]:
    """The forward differences of a size on every combination of residue classes of its symbols; nothing if
    there are too many of these."""
    names = sorted(symbols(dim))
    periods = [period(dim, name) for name in names]
    if prod(periods) > MOST_CLASSES:
        return
    degrees = [degree(dim, name) for name in names]
    for residues in product(*(range(1, size + 1) for size in periods)):
        yield differences(dim, names, residues, periods, degrees)


def differences(
    dim: Symbolic, names: list[str], residues: Iterable[int], periods: list[int], degrees: list[int]
) -> list[int]:
    """The forward differences at k = 0 of a size where each symbol is period k + residue, in every order up to
    the degrees; the first is its value."""
    axes = [
        [residue + size * k for k in range(order + 1)]
        for residue, size, order in zip(residues, periods, degrees, strict=True)
    ]
    table = [_number(dim, dict(zip(names, point, strict=True))) for point in product(*axes)]
    stride = 1
    for order in reversed(degrees):
        for step in range(order):
            for place in range(len(table) - 1, -1, -1):
                if place // stride % (order + 1) > step:
                    table[place] -= table[place - stride]
        stride *= order + 1
    return table


def _number(dim: Dim, sizes: dict[str, int]) -> int:
    found = evaluate(dim, sizes)
    assert isinstance(found, int)
    return found


def period(dim: Dim, name: str) -> int:
    """A number p such that dim is a polynomial in k where `name` is p k + r, whatever r is."""
    if isinstance(dim, int):
        return 1
    floors = (atom for monomial in dim.terms for atom in monomial if isinstance(atom, Floor))
    return lcm(*(_floor_period(floor, name) for floor in floors))


def step(dim: Dim) -> int:
    """How coarsely a size grows: its period along all its symbols."""
    return prod(period(dim, name) for name in symbols(dim))


@lru_cache(maxsize=4096)
def _floor_period(floor: Floor, name: str) -> int:
    return period(floor.numerator, name) * floor.divisor if name in symbols(floor.numerator) else 1


def degree(dim: Dim, name: str) -> int:
    """The degree of that polynomial."""
    if isinstance(dim, int):
        return 0
    return max(sum(_atom_degree(atom, name) for atom in monomial) for monomial in dim.terms)


def _atom_degree(atom: object, name: str) -> int:
    return degree(atom.numerator, name) if isinstance(atom, Floor) else int(getattr(atom, "name", "") == name)
