"""How much may be spent on what is asked of symbolic sizes: beyond it, nothing is proved.

Each condition is cheap, but a short text may ask for thousands, each of sizes with floors in floors.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from math import prod

from archspec.dims.classes import MOST_CLASSES, period
from archspec.dims.conditions import Condition

_MOST = 100_000
"""Floors that are worked out, over all residue classes of all conditions."""

_OF_OTHERS = 30
"""What it costs to look at one more condition beside one, as those floors."""

_spent: ContextVar[list[int] | None] = ContextVar("spent", default=None)


@contextmanager
def proofs_bounded() -> Iterator[None]:
    """While a network is elaborated, conditions are looked at as long as all of them together cost no more than a
    limit."""
    token = _spent.set([0])
    try:
        yield
    finally:
        _spent.reset(token)


def proofs_spent() -> int:
    """How much was spent so far."""
    spent = _spent.get()
    return spent[0] if spent is not None else 0


def is_spent() -> bool:
    """Whether nothing more is looked at."""
    spent = _spent.get()
    return spent is not None and spent[0] > _MOST


def affordable(condition: Condition, others: int = 0) -> bool:
    """Whether a condition may still be looked at, together with so many others."""
    spent = _spent.get()
    if spent is None:
        return True
    spent[0] += _cost(condition) + _OF_OTHERS * others
    return spent[0] <= _MOST


@lru_cache(maxsize=4096)
def _cost(condition: Condition) -> int:
    difference = condition.difference
    classes = prod(period(difference, name) for name in condition.symbols)
    return classes * (1 + str(difference).count("floor")) if classes <= MOST_CLASSES else 1
