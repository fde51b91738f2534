"""Conditions between sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from archspec.dims.polynomial import Dim, evaluate, symbols


class Condition(NamedTuple):
    """What has to hold between two sizes."""

    left: Dim
    relation: Literal["==", ">="]
    right: Dim

    @property
    def symbols(self) -> frozenset[str]:
        """The names that it depends on."""
        return symbols(self.difference)

    @property
    def difference(self) -> Dim:
        """What is compared with 0."""
        return self.left - self.right

    def at(self, **sizes: int) -> bool:
        """Whether it holds at numbers for all its symbols."""
        return self.admits(evaluate(self.difference, sizes))

    def with_sizes(self, sizes: Mapping[str, Dim]) -> Condition:
        """The same with some symbols replaced."""
        return Condition(evaluate(self.left, sizes), self.relation, evaluate(self.right, sizes))

    def admits(self, difference: Dim) -> bool:
        """Whether it holds where its sides differ by this."""
        assert isinstance(difference, int), f"{self} needs a number for every symbol"
        return difference == 0 if self.relation == "==" else difference >= 0

    def __str__(self) -> str:
        return f"{self.left} {self.relation} {self.right}"


def counterexample(a: Dim, b: Dim, upto: int = 64) -> dict[str, int] | None:
    """Sizes at which a and b differ, looked for along the diagonal and around it; None: none found."""
    names = sorted(symbols(a) | symbols(b))
    diagonal: Iterable[tuple[int, ...]] = ((n,) * len(names) for n in range(1, upto + 1))
    shifted = (tuple(n + i for i in range(len(names))) for n in range(1, upto + 1))
    for values in (*diagonal, *shifted):
        sizes = dict(zip(names, values, strict=True))
        if evaluate(a, sizes) != evaluate(b, sizes):
            return sizes
    return None
