"""What an op needs of sizes that may be symbols.

An op asks where it would compare: `if not can_reach(found, 1): raise OpError(...)`. A number answers by
itself. A symbolic size answers no where no value of its symbols will do, and else yes; where that depends
on the symbols, what has to hold is noted for whoever gathers conditions, with the layer that asked.
"""

from __future__ import annotations

from contextvars import ContextVar

from archspec.dims import Condition, Dim, holds

_noted: ContextVar[list[Condition] | None] = ContextVar("conditions", default=None)


def can_equal(a: Dim, b: Dim) -> bool:
    """Whether two sizes may be the same."""
    return a is b or a == b or _may_hold(Condition(a, "==", b))


def can_reach(size: Dim, least: Dim) -> bool:
    """Whether a size may be `least` or more."""
    if isinstance(size, int) and isinstance(least, int):
        return size >= least
    return _may_hold(Condition(size, ">=", least))


def can_divide(divisor: int, size: Dim) -> bool:
    """Whether a size may be a multiple of `divisor`."""
    if isinstance(size, int):
        return size % divisor == 0
    return _may_hold(Condition(size // divisor * divisor, "==", size))


def _may_hold(condition: Condition) -> bool:
    verdict = holds(condition)
    if verdict is None and (noted := _noted.get()) is not None:
        noted.append(condition)
    return verdict is not False


class gathered:
    """A context that gives the conditions that ops note inside, in order. A class, because every inference is one."""

    __slots__ = ("_token",)

    def __enter__(self) -> list[Condition]:
        noted: list[Condition] = []
        self._token = _noted.set(noted)
        return noted

    def __exit__(self, *error: object) -> None:
        _noted.reset(self._token)
