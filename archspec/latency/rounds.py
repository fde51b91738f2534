"""Taking turns: what disturbs a machine disturbs all that are compared."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TypeAlias

Call: TypeAlias = Callable[[], object]

LEAST_ROUNDS = 5
_TURN = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some numbers, and what a tenth of them lie below and above."""

    median: float
    p10: float
    p90: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Spread:
        """Of one number or more."""
        tenths = quantiles(numbers, n=10, method="inclusive") if len(numbers) > 1 else list(numbers)
        return cls(median(numbers), tenths[0], tenths[-1])


def in_turns(
    calls: Sequence[Call],
    seconds: float,
    rounds: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> list[list[float]]:
    """What each of the calls takes, in seconds by this clock, a number for each round: exactly so many rounds, or as
    many as fit into the time, 5 at least. Every other round runs in reverse. A turn starts with a call that is not
    measured, which wakes threads and fills caches; then its number is the median of as many as fill it."""
    found: list[list[float]] = [[] for _ in calls]
    end = time.perf_counter() + seconds
    done = 0
    gc.collect()
    while done < rounds if rounds is not None else done < LEAST_ROUNDS or time.perf_counter() < end:
        order = range(len(calls))
        for number in order if done % 2 == 0 else reversed(order):
            found[number].append(_turn(calls[number], clock))
        done += 1
    return found


def _turn(call: Call, clock: Callable[[], float]) -> float:
    call()
    times: list[float] = []
    end = time.perf_counter() + _TURN
    while not times or time.perf_counter() < end:
        start = clock()
        call()
        times.append(clock() - start)
    return median(times)
