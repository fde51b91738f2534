"""Exact sizes: integers, and polynomials over symbols and floors of them.

A size is an `int` wherever it is known, else a `Symbolic`: a sum of products of symbols (`H`) and of
floors (`floor((H - 1)/2)`), with integer coefficients, in one normal form, so that plainly equal
sizes are equal objects. Every symbol stands for an integer >= 1. Nothing here is ever rounded.

The normal form of `floor((p)/c)`: whole multiples of c are moved out of p, the constant left in p lies
in (-c, 0], common factors are cancelled, and a floor inside a floor is merged:
floor((floor(x/a) + m)/b) = floor((x + m a)/(a b)).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from math import gcd, prod
from typing import NamedTuple, TypeAlias


class Symbol(NamedTuple):
    """A size that has a name and no value yet."""

    name: str

    def __str__(self) -> str:
        return self.name


class Floor(NamedTuple):
    """floor(numerator / divisor), in normal form; made by `Symbolic.__floordiv__`."""

    numerator: Symbolic
    divisor: int

    def __str__(self) -> str:
        text = str(self.numerator)
        return f"floor(({text})/{self.divisor})" if " " in text else f"floor({text}/{self.divisor})"


Atom: TypeAlias = Symbol | Floor
Monomial: TypeAlias = tuple[Atom, ...]  # sorted, with repetition: H*H is (H, H)

_LONGEST_DIVISION = 100  # terms of a quotient; real shapes have a handful


class Symbolic:
    """A polynomial over atoms with integer coefficients that is not a plain number."""

    __slots__ = ("_hash", "_text", "terms")

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        self.terms = dict(sorted(terms.items(), key=lambda item: _order(item[0])))
        self._hash = hash(frozenset(self.terms.items()))
        self._text = ""

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbolic) and self.terms == other.terms

    def __add__(self, other: Dim) -> Dim:
        terms = dict(self.terms)
        for monomial, coefficient in _terms(other).items():
            terms[monomial] = terms.get(monomial, 0) + coefficient
        return _dim(terms)

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return self * -1

    def __sub__(self, other: Dim) -> Dim:
        return self + -other

    def __rsub__(self, other: Dim) -> Dim:
        return -self + other

    def __mul__(self, other: Dim) -> Dim:
        terms: dict[Monomial, int] = {}
        for (left, a), (right, b) in product(self.terms.items(), _terms(other).items()):
            monomial = tuple(sorted(left + right, key=str))
            terms[monomial] = terms.get(monomial, 0) + a * b
        return _dim(terms)

    __rmul__ = __mul__

    def __floordiv__(self, divisor: int) -> Dim:
        if divisor < 1:
            raise ValueError(f"a symbolic size is divided by a positive number only, not by {divisor}")
        whole: dict[Monomial, int] = {}
        rest: dict[Monomial, int] = {}
        for monomial, coefficient in self.terms.items():
            quotient, remainder = divmod(coefficient, divisor)
            if monomial == () and remainder:
                quotient, remainder = quotient + 1, remainder - divisor
            whole[monomial] = quotient
            if remainder:
                rest[monomial] = remainder
        return _dim(whole) + _floor(rest, divisor)

    def __mod__(self, divisor: int) -> Dim:
        return self - self // divisor * divisor

    def __str__(self) -> str:
        if not self._text:  # kept, because terms are ordered by it, and stand in each other
            self._text = self._written()
        return self._text

    def _written(self) -> str:
        text = ""
        for monomial, coefficient in self.terms.items():
            factors = [*([str(abs(coefficient))] if abs(coefficient) != 1 or not monomial else []), *map(str, monomial)]
            sign = "-" if coefficient < 0 else "+"
            text += f" {sign} " if text else "-" if coefficient < 0 else ""
            text += "*".join(factors)
        return text

    __repr__ = __str__


Dim: TypeAlias = int | Symbolic


def symbol(name: str) -> Symbolic:
    """The size called `name`."""
    return Symbolic({(Symbol(name),): 1})


def _order(monomial: Monomial) -> tuple[bool, int, str]:
    return monomial == (), -len(monomial), "*".join(map(str, monomial))


def _terms(dim: Dim) -> dict[Monomial, int]:
    return dim.terms if isinstance(dim, Symbolic) else {(): dim}


def _dim(terms: Mapping[Monomial, int]) -> Dim:
    kept = {monomial: coefficient for monomial, coefficient in terms.items() if coefficient}
    if not kept:
        return 0
    if kept.keys() == {()}:
        return kept[()]
    return Symbolic(kept)


def _floor(terms: dict[Monomial, int], divisor: int) -> Dim:
    """floor of reduced terms: every coefficient below the divisor, the constant in (-divisor, 0]."""
    constant = terms.pop((), 0)
    if not terms:
        return constant // divisor
    common = gcd(divisor, *terms.values())
    if common > 1:
        reduced: Dim = _dim({monomial: coefficient // common for monomial, coefficient in terms.items()})
        reduced += constant // common
        return reduced if divisor == common else reduced // (divisor // common)
    if len(terms) == 1:
        (monomial, coefficient), *_ = terms.items()
        atom = monomial[0]
        if coefficient == 1 and len(monomial) == 1 and isinstance(atom, Floor):
            return (atom.numerator + constant * atom.divisor) // (atom.divisor * divisor)
    numerator = _dim({**terms, (): constant})
    assert isinstance(numerator, Symbolic)
    return Symbolic({(Floor(numerator, divisor),): 1})


def symbols(dim: Dim) -> frozenset[str]:
    """The names that a size depends on."""
    if isinstance(dim, int):
        return frozenset()
    names: set[str] = set()
    for monomial in dim.terms:
        for atom in monomial:
            names |= {atom.name} if isinstance(atom, Symbol) else symbols(atom.numerator)
    return frozenset(names)


def as_multiple(dim: Dim, symbol: Symbol) -> tuple[int, int] | None:
    """The `a` and `b` of a size `a * symbol + b`; None for a size of another form."""
    if not isinstance(dim, Symbolic) or not dim.terms.keys() <= {(symbol,), ()} or (symbol,) not in dim.terms:
        return None
    return dim.terms[(symbol,)], dim.terms.get((), 0)


def evaluate(dim: Dim, sizes: Mapping[str, Dim]) -> Dim:
    """The size with some symbols replaced by numbers or other sizes; an int when no symbol is left."""
    if isinstance(dim, int):
        return dim
    total: Dim = 0
    for monomial, coefficient in dim.terms.items():
        value: Dim = coefficient
        for atom in monomial:
            if isinstance(atom, Floor):
                value = value * (evaluate(atom.numerator, sizes) // atom.divisor)
            else:
                value = value * (sizes[atom.name] if atom.name in sizes else symbol(atom.name))
        total = total + value
    return total


def divide(a: Dim, b: Dim) -> Dim | None:
    """a / b where that is a size again, by polynomial long division; else None."""
    if b == 0:
        return None
    quotient: Dim = 0
    divisor, coefficient = next(iter(_terms(b).items()))
    for _ in range(_LONGEST_DIVISION):
        if a == 0:
            return quotient
        lead, amount = next(iter(_terms(a).items()))
        rest = _without(lead, divisor)
        if rest is None or amount % coefficient:
            return None
        part = _dim({rest: amount // coefficient})
        quotient, a = quotient + part, a - part * b
    return None


def _without(monomial: Monomial, factors: Monomial) -> Monomial | None:
    left = list(monomial)
    for atom in factors:
        if atom not in left:
            return None
        left.remove(atom)
    return tuple(left)


def product_of(sizes: Iterable[Dim]) -> Dim:
    """The product of sizes, 1 for none."""
    return prod(sizes, start=1)
