"""Where draws come from: one small interface over Hypothesis, whose failures shrink, and over a seeded
generator, which is quick. The first choice and the smallest number are the simplest."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Any, Protocol, TypeVar

from hypothesis import strategies
from hypothesis.strategies import DrawFn, SearchStrategy

T = TypeVar("T")


class Source(Protocol):
    def integer(self, low: int, high: int) -> int:
        """A number from low to high, both included."""

    def choice(self, items: Sequence[T]) -> T:
        """One of the items, which are not none."""

    def chance(self, n: int) -> bool:
        """True once in n times."""


class Seeded:
    """Draws from a seeded generator."""

    def __init__(self, seed: object) -> None:
        self._random = Random(str(seed))

    def integer(self, low: int, high: int) -> int:
        return low + int(self._random.random() * (high - low + 1))

    def choice(self, items: Sequence[T]) -> T:
        return items[int(self._random.random() * len(items))]

    def chance(self, n: int) -> bool:
        return self._random.random() * n >= n - 1


class Shrinking:
    """Draws from Hypothesis."""

    def __init__(self, draw: DrawFn) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        return self._draw(_integers(low, high))

    def choice(self, items: Sequence[T]) -> T:
        return items[self.integer(0, len(items) - 1)]

    def chance(self, n: int) -> bool:
        return self.integer(1, n) == n


@cache
def _integers(low: int, high: int) -> SearchStrategy[int]:
    return strategies.integers(low, high)


def drawn_by(generator: Any) -> Any:
    """The strategy of what `generator(source, ...)` gives."""

    @strategies.composite
    def strategy(draw: DrawFn, *arguments: Any) -> Any:
        return generator(Shrinking(draw), *arguments)

    return strategy
