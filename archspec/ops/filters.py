"""Interpolation in numbers: which positions make up a position of a resized axis, and with what weights."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import floor, pi, sin
from struct import pack, unpack
from typing import NamedTuple

REACH = {"bicubic": 2, "lanczos": 3}
"""How many positions a filter reaches to each side; 1 for all others."""


class Rule(NamedTuple):
    """How the positions between are made up, in torch's words."""

    mode: str
    align_corners: bool | None = None
    recompute: bool = False
    antialias: bool = False


def places(rule: Rule, size: int, target: int, step: float, small: bool) -> list[int]:
    """The positions nearest to those of an axis of size `target`, `step` apart. torch counts in single precision, and
    what that gives is what it takes: rounded once for a `small` map, else after a fused multiply and subtract, and
    again after the addition."""
    middle = 0.5 if rule.mode == "nearest-exact" else 0.0
    counted = [(o + middle) * step for o in range(target)]
    if not small:
        counted = [single(place - middle) + middle for place in counted]
    return [min(floor(single(place)), size - 1) for place in counted]


def even(step: Fraction) -> bool:
    """Whether positions so far apart come out the same however they are counted: where single precision gives whole
    numbers for whole numbers."""
    whole, parts = step.numerator, step.denominator
    return (parts == 1 and whole & (whole - 1) == 0) or (whole == 1 and single(1 / parts) * parts >= 1)


def single(value: float) -> float:
    """The float32 next to it."""
    found: float = unpack("f", pack("f", value))[0]
    return found


def weights(rule: Rule, size: int, target: int, step: float) -> list[list[float]]:
    """The matrix of `size` rows that resizes an axis to `target` positions, `step` apart."""
    matrix = [[0.0] * target for _ in range(size)]
    for column in range(target):
        for row, weight in _taps(rule, size, column, step):
            matrix[row][column] += weight
    return matrix


def _taps(rule: Rule, size: int, o: int, step: float) -> Iterator[tuple[int, float]]:
    """What makes up position o: against aliasing a filter as wide as the step, cut at the ends of the axis; else the
    neighbours, of which those beyond the ends are the last ones again."""
    reach = REACH.get(rule.mode, 1)
    if rule.antialias:
        stretch = max(step, 1.0)
        centre = (o + 0.5) * step
        first, last = int(centre - reach * stretch + 0.5), int(centre + reach * stretch + 0.5)
        around = range(max(first, 0), min(last, size))
        shares = [_filter(rule, (row + 0.5 - centre) / stretch) for row in around]
        yield from ((row, share / sum(shares)) for row, share in zip(around, shares, strict=True))
    else:
        centre = o * step if rule.align_corners else (o + 0.5) * step - 0.5
        for row in range(floor(centre) + 1 - reach, floor(centre) + 1 + reach):
            yield min(max(row, 0), size - 1), _filter(rule, row - centre)


def _filter(rule: Rule, x: float) -> float:
    """The weight of a position at a distance."""
    x = abs(x)
    if x >= REACH.get(rule.mode, 1):
        return 0.0
    if rule.mode == "lanczos":
        return 3 * sin(pi * x) * sin(pi * x / 3) / (pi * x) ** 2 if x else 1.0
    if rule.mode != "bicubic":
        return 1 - x
    a = -0.5 if rule.antialias else -0.75
    return ((a + 2) * x - (a + 3)) * x * x + 1 if x < 1 else a * (((x - 5) * x + 8) * x - 4)
