"""Numbers and sizes as people read them.

Sizes that depend on symbols are mostly floors: `floor((H - 1)/4) + 1`. Where they would fill a table, a `Legend`
gives each floor a short name, in lower case as no symbol of a spec is, and says below the table what it stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

from archspec.dims import Dim, Floor, Symbolic, symbol, symbols

_FORMULA = 20  # characters of a formula that are shown in place of f(H, W)


class Legend:
    """Short names for the floors of some sizes. Where a size is a floor plus a number, the name is that size's."""

    def __init__(self, sizes: Iterable[Dim]) -> None:
        self._named: dict[Floor, tuple[str, int]] = {}  # and what a name has more than its floor
        distinct = dict.fromkeys(sizes)
        self._taken = {name for size in distinct for name in symbols(size)}
        for size in distinct:
            for floor in _floors(size):
                if floor not in self._named:
                    more = size - Symbolic({(floor,): 1})
                    self._named[floor] = (self._name(floor), more if isinstance(more, int) else 0)

    def _name(self, floor: Floor) -> str:
        word = "".join(sorted(symbols(floor.numerator))).lower()
        name = next(name for number in count(1) if (name := f"{word}{number}") not in self._taken)
        self._taken.add(name)
        return name

    def __call__(self, size: Dim) -> Dim:
        """The same size, spoken of by names."""
        if isinstance(size, int):
            return size
        total: Dim = 0
        for monomial, coefficient in size.terms.items():
            term: Dim = coefficient
            for atom in monomial:
                name, more = self._named.get(atom, ("", 0)) if isinstance(atom, Floor) else (atom.name, 0)
                term = term * (symbol(name) - more if name else Symbolic({(atom,): 1}))
            total = total + term
        return total

    def lines(self, width: int) -> list[str]:
        """What the names stand for, in as many columns as fit."""
        entries = [f"{name} = {Symbolic({(floor,): 1}) + more}" for floor, (name, more) in self._named.items()]
        longest = max(map(len, entries), default=0)
        columns = max(1, (width + 2) // (longest + 2))
        rows = [entries[first : first + columns] for first in range(0, len(entries), columns)]
        return ["  ".join(entry.ljust(longest) for entry in row).rstrip() for row in rows]


def _floors(size: Dim) -> Iterator[Floor]:
    if not isinstance(size, int):
        yield from (atom for monomial in size.terms for atom in monomial if isinstance(atom, Floor))


NAMELESS = Legend(())
"""Floors in full, for programs."""


def formula(*sizes: Dim, legend: Legend = NAMELESS) -> str:
    """The largest of sizes, as text."""
    texts = [str(legend(size)) for size in sizes]
    return texts[0] if len(texts) == 1 else f"max({', '.join(texts)})"


def plain(*sizes: Dim) -> int | str:
    """The largest of sizes as JSON has it: a number, or text where it depends on symbols."""
    return sizes[0] if len(sizes) == 1 and isinstance(sizes[0], int) else formula(*sizes)


def exact(*sizes: Dim, legend: Legend = NAMELESS) -> str:
    """The largest of sizes: a number with thousands separators, or a formula."""
    return f"{sizes[0]:,}" if len(sizes) == 1 and isinstance(sizes[0], int) else formula(*sizes, legend=legend)


def brief(size: Dim, legend: Legend = NAMELESS) -> str:
    """The same of one size, but in place of a long formula only what it depends on, as in f(H, W)."""
    text = exact(size, legend=legend)
    return text if isinstance(size, int) or len(text) <= _FORMULA else f"f({', '.join(sorted(symbols(size)))})"


def short(size: Dim, legend: Legend = NAMELESS) -> str:
    """Three or four digits and a unit, as in 118.0M; what is symbolic in brief."""
    if not isinstance(size, int):
        return brief(size, legend)
    for unit, one in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if size >= one:
            return f"{size / one:.{2 if unit == 'G' else 1}f}{unit}"
    return str(size)


def times(sizes: Iterable[Dim], legend: Legend = NAMELESS, close: bool = False) -> str:
    """A shape: N x 3 x (H - 2), or closely Nx3x(H-2)."""
    if close:
        texts = (str(legend(size)).replace(" ", "") for size in sizes)
        return "x".join(text if text.isalnum() else f"({text})" for text in texts) or "scalar"
    texts = (str(legend(size)) for size in sizes)
    return " x ".join(f"({text})" if " " in text else text for text in texts) or "scalar"


def in_bytes(*sizes: Dim) -> str:
    """The unit of a number of bytes, and it in KiB, MiB or GiB."""
    size = sizes[0]
    if not isinstance(size, int):
        return "bytes"
    return f"bytes, {sized(size)}"


def sized(size: int) -> str:
    """A number of bytes in KiB, MiB or GiB."""
    unit, one = next(((unit, one) for unit, one in (("GiB", 2**30), ("MiB", 2**20)) if size >= one), ("KiB", 2**10))
    return f"{size / one:,.1f} {unit}"
