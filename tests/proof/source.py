"""Where draws come from: one small interface over Hypothesis, whose failures shrink, and over a seeded
generator, which is quick. The first choice and the smallest number are the simplest."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Protocol, TypeVar

from hypothesis import strategies
from hypothesis.strategies import DrawFn

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
    """Draws from Hypothesis: several of ours from one of its integers, digit by digit, because each costs it as
    much as torch takes for a layer."""

    def __init__(self, draw: DrawFn) -> None:
        self._draw = draw
        self._digits, self._room = 0, 1

    def integer(self, low: int, high: int) -> int:
        count = high - low + 1
        if self._room < count:
            self._digits, self._room = self._draw(_WIDE), WIDTH
        self._digits, digit = divmod(self._digits, count)
        self._room //= count
        return low + digit

    def choice(self, items: Sequence[T]) -> T:
        return items[self.integer(0, len(items) - 1)]

    def chance(self, n: int) -> bool:
        return self.integer(1, n) == n


WIDTH = 2**24  # up to here Hypothesis draws integers evenly
_WIDE = strategies.integers(0, WIDTH - 1)


def drawn_by(generator: Any) -> Any:
    """The strategy of what `generator(source, ...)` gives."""

    @strategies.composite
    def strategy(draw: DrawFn, *arguments: Any) -> Any:
        return generator(Shrinking(draw), *arguments)

    return strategy
