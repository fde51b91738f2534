"""Symbolic sizes as expressions: of the symbols themselves, or of the axes of values that have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from archspec.dims import Dim, Floor, Symbolic
from archspec.dims import symbol as size_called
from archspec.types import TensorType

Spell = Callable[[Symbolic], str | None]
"""How a size is written as it is; None: not at all."""


class Shown(NamedTuple):
    """A value whose sizes an expression may read."""

    path: str
    type: TensorType


def of_symbols(size: Symbolic) -> str | None:
    """A symbol is called by its name, as in `inputs`."""
    name = str(size)
    return name if name.isidentifier() else None


def of_axes(shown: Sequence[Shown]) -> Spell:
    """A size is read off an axis that has it, or that has some of it: H off one of 2*H + 1."""

    def spell(size: Symbolic) -> str | None:
        axes = [(path, axis, type_) for path, type_ in shown for axis in range(type_.rank)]
        for path, axis, type_ in axes:
            if type_.shape[axis] == size:
                return _axis(path, axis, type_)
        for path, axis, type_ in axes:
            found = type_.shape[axis]
            factor, rest = _coefficients(found, size)
            if factor > 0 and isinstance(found, Symbolic) and (found - rest) // factor == size:
                text = _axis(path, axis, type_)
                return f"{f'({text} - {rest})' if rest > 0 else f'({text} + {-rest})' if rest else text} // {factor}"
        return None

    return spell


def spelled(size: Dim, spell: Spell) -> str | None:
    """A size as an expression; None where `spell` lacks a symbol of it."""
    if isinstance(size, int):
        return str(size)
    if (whole := spell(size)) is not None:
        return whole
    text = ""
    for monomial, coefficient in size.terms.items():
        factors = [_atom(atom, spell) for atom in monomial]
        if None in factors:
            return None
        shown = [str(abs(coefficient))] * (abs(coefficient) != 1 or not monomial) + [str(factor) for factor in factors]
        sign = "-" if coefficient < 0 else "+"
        text += (f" {sign} " if text else "-" if coefficient < 0 else "") + " * ".join(shown)
    return text


def _atom(atom: object, spell: Spell) -> str | None:
    if isinstance(atom, Floor):
        numerator = spelled(atom.numerator, spell)
        return f"(({numerator}) // {atom.divisor})" if numerator else None
    found = spell(size_called(str(atom)))
    return f"({found})" if found and " " in found else found


def _coefficients(size: Dim, symbol: Symbolic) -> tuple[int, int]:
    """a and b of a size a * symbol + b; a is 0 for any other."""
    (wanted,) = list(symbol.terms)[:1]
    terms = size.terms if isinstance(size, Symbolic) else {}
    return (terms.get(wanted, 0), terms.get((), 0)) if terms.keys() <= {wanted, ()} else (0, 0)


def _axis(path: str, axis: int, type_: TensorType) -> str:
    label = type_.axes[axis]
    return f"{path}.{label}" if label else f"{path}.shape[{axis}]"
