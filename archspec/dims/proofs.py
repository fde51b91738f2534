"""What is proved of sizes: a condition between two of them holds always, never, or at some sizes."""

from __future__ import annotations

from functools import lru_cache
from math import gcd

from archspec.dims.bounds import affordable
from archspec.dims.classes import over_classes
from archspec.dims.conditions import Condition
from archspec.dims.polynomial import Dim
from archspec.dims.solutions import ALL, solve


def equal(a: Dim, b: Dim) -> bool | None:
    """True: the same at every size. False: different at every size. None: it depends, or is not proved."""
    return holds(Condition(a, "==", b))


def holds(condition: Condition) -> bool | None:
    """True: whatever the symbols are. False: never. None: it depends on them, or is not proved."""
    return _held(condition) if affordable(condition) else None


@lru_cache(maxsize=4096)
def _held(condition: Condition) -> bool | None:
    difference = condition.difference
    if isinstance(difference, int):
        return condition.admits(difference)
    if (sizes := solve(condition)) is not None:
        return True if sizes == ALL else None if sizes else False
    verdict: bool | None = None
    for number, values in enumerate(over_classes(difference)):
        found = _verdict(values, condition.relation)
        if found is None or (number and found is not verdict):
            return None
        verdict = found
    return verdict


def _verdict(values: list[int], relation: str) -> bool | None:
    """What the forward differences of a residue class say; the first is the value at k = 0."""
    first, *others = values
    up, down = min(others, default=0) >= 0, max(others, default=0) <= 0
    if relation == ">=":
        return True if up and first >= 0 else False if down and first < 0 else None
    if not first and up and down:
        return True
    apart = (up and first > 0) or (down and first < 0) or first % (gcd(*others) or abs(first) + 1) != 0
    return False if apart else None
