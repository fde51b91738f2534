"""The sizes of one symbol at which conditions hold: all that there are, however large.

Conditions over floors repeat themselves: from some size on, whether x works depends on x modulo a period
alone. So a set of sizes is the members before that, and the residues behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, islice
from math import gcd, lcm

from archspec.dims.classes import MOST_CLASSES, degree, differences, period
from archspec.dims.conditions import Condition
from archspec.dims.polynomial import Symbolic

_MOST_STEPS = 100_000  # sizes of a class that are looked at before they repeat themselves


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes from 1 on: the members of `early`, which are below `start`, and from there on every one whose
    remainder by `period` is in `residues`. In normal form: neither start nor period can be less."""

    early: frozenset[int]
    start: int
    period: int
    residues: frozenset[int]

    @classmethod
    def of(cls, early: frozenset[int], start: int, period: int, residues: frozenset[int]) -> Sizes:
        """The normal form."""
        for shorter in range(1, period):
            if period % shorter == 0 and residues == {(r + shorter) % period for r in residues}:
                period, residues = shorter, frozenset(r % shorter for r in residues)
                break
        while start > 1 and (start - 1 in early) == ((start - 1) % period in residues):
            start -= 1
        return cls(frozenset(size for size in early if size < start), start, period, residues)

    def __contains__(self, size: int) -> bool:
        return size in self.early if size < self.start else size % self.period in self.residues

    def __iter__(self) -> Iterator[int]:
        """The members in order; without end where they are."""
        yield from sorted(self.early)
        if self.residues:
            yield from (size for size in count(self.start) if size % self.period in self.residues)

    def __bool__(self) -> bool:
        return bool(self.early or self.residues)

    def __and__(self, other: Sizes) -> Sizes:
        start, period = max(self.start, other.start), lcm(self.period, other.period)
        early = frozenset(size for size in range(1, start) if size in self and size in other)
        residues = frozenset(
            r for r in range(period) if r % self.period in self.residues and r % other.period in other.residues
        )
        return Sizes.of(early, start, period, residues)

    def met(self, other: Sizes) -> Sizes | None:
        """The sizes that are in both; None where they have too many classes to look at."""
        return self & other if lcm(self.period, other.period) <= MOST_CLASSES else None

    def __le__(self, other: Sizes) -> bool:
        """Whether all members are members of `other`."""
        return self & other == self

    @property
    def is_finite(self) -> bool:
        """Whether there is a greatest member, or none at all."""
        return not self.residues

    @property
    def least(self) -> int | None:
        """The smallest member."""
        return next(iter(self), None)

    @property
    def only(self) -> int | None:
        """The member, if there is one only."""
        first = list(islice(self, 2))
        return first[0] if len(first) == 1 else None

    @property
    def multiple_of(self) -> int:
        """The largest number that divides every member; 1 where there is one member or none."""
        if self.only is not None or not self:
            return 1
        return gcd(*self.early, *(gcd(self.period, residue) for residue in self.residues))

    def describe(self, name: str) -> str | None:
        """In words, `H >= 33 and H % 32 == 0`; None where there is no short way to say it."""
        if not self.residues:
            return self._finite(name)
        if self.early:
            return None
        least, first = self.least, min(residue or self.period for residue in self.residues)
        parts = [f"{name} >= {least}"] if least is not None and least > first else []
        if self.period > 1:
            if (repeated := self._repeated(name)) is None:
                return None
            parts.append(repeated)
        return " and ".join(parts) or f"{name} >= 1"

    def _repeated(self, name: str) -> str | None:
        """The residues in words, where they are neighbours: `H % 4 <= 1`, `(H - 5) % 8 <= 3`."""
        [first, *others] = [residue for residue in self.residues if (residue - 1) % self.period not in self.residues]
        if others:
            return None
        size = len(self.residues)
        if size == 1:
            return f"{name} % {self.period} == {first}"
        if first + size == self.period:
            return f"{name} % {self.period} >= {first}"
        inside = f"({name} - {first})" if first else name
        return f"{inside} % {self.period} <= {size - 1}"

    def _finite(self, name: str) -> str | None:
        if not self.early:
            return None
        first, last = min(self.early), max(self.early)
        if first == last:
            return f"{name} == {first}"
        whole = last - first + 1 == len(self.early)
        return (f"{name} <= {last}" if first == 1 else f"{first} <= {name} <= {last}") if whole else None


ALL = Sizes(frozenset(), 1, 1, frozenset({0}))


@lru_cache(maxsize=4096)
def solve(condition: Condition) -> Sizes | None:
    """The sizes of its one symbol at which a condition holds. None: it has several symbols, or too many
    classes to look at."""
    difference = condition.difference
    if not isinstance(difference, Symbolic):
        return ALL if condition.admits(difference) else Sizes(frozenset(), 1, 1, frozenset())
    if len(condition.symbols) != 1:
        return None
    [name] = condition.symbols
    size, order = period(difference, name), degree(difference, name)
    if size > MOST_CLASSES:
        return None
    early: set[int] = set()
    forever: dict[int, int] = {}  # residue -> from which size on its whole class works
    start = 1
    for residue in range(1, size + 1):
        found = _along(condition, differences(difference, [name], [residue], [size], [order]))
        if found is None:
            return None
        members, settled, works = found
        early.update(residue + size * k for k in members)
        start = max(start, residue + size * settled)
        if works:
            forever[residue % size] = residue + size * settled
    early.update(x for x in range(1, start) if x >= forever.get(x % size, start))
    return Sizes.of(frozenset(early), start, size, frozenset(forever))


def _along(condition: Condition, values: list[int]) -> tuple[list[int], int, bool] | None:
    """Where on a class, k = 0, 1, ..., a condition holds, by the forward differences of its sides there: the
    members before it is settled, from which k on it is, and how. None: not soon enough."""
    members: list[int] = []
    for k in range(_MOST_STEPS):
        first, *others = values
        up, down = min(others, default=0) >= 0, max(others, default=0) <= 0
        if (up and down) or (up and first > 0) or (down and first < 0):
            return members, k, condition.admits(first)
        if condition.admits(first):
            members.append(k)
        values = [a + b for a, b in zip(values, [*others, 0], strict=True)]
    return None
