"""Two works measured side by side, in turns within one run."""

from __future__ import annotations

import gc
import os
import statistics
import sys
import time
import timeit
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
TURN = 0.1  # seconds
NOISE = 0.97  # what counts as 1.00: two runs of one and the same model differ by this much


class Result(NamedTuple):
    """Medians in seconds, and facts that have to hold besides the ratio."""

    ours: float
    theirs: float
    facts: tuple[tuple[str, bool], ...] = ()


def seconds(work: Callable[[], object], calls: int = 1, clock: Callable[[], float] = time.perf_counter) -> float:
    """The mean time of consecutive calls, measured by timeit: the garbage collector rests meanwhile."""
    gc.collect()
    return timeit.timeit(work, number=calls, timer=clock) / calls


def in_turns(
    ours: Callable[[], object],
    theirs: Callable[[], object],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Result:
    """The medians of both, measured in turns after one unmeasured round, so that what disturbs the machine
    disturbs both. A turn is one call, or as many as fill TURN; the order of the two alternates."""
    calls = {work: max(1, round(TURN / seconds(work, 2, clock))) for work in (ours, theirs)}
    times: dict[Callable[[], object], list[float]] = {ours: [], theirs: []}
    for turn in range(rounds):
        for work in (ours, theirs) if turn % 2 else (theirs, ours):
            times[work].append(seconds(work, calls[work], clock))
    return Result(statistics.median(times[ours]), statistics.median(times[theirs]))


def process(*arguments: str, code: int = 0, **variables: str) -> int:
    """Run a Python process to its end, which has to give this exit code; gives its peak resident memory in bytes.
    `variables` are of its environment."""
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    environment = {**os.environ, **variables}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # pip compiles what it installs; here the unmeasured round does
    child = os.posix_spawn(sys.executable, [sys.executable, *arguments], environment, file_actions=quiet)
    _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) != code:
        raise SystemExit(f"{' '.join(arguments)} failed")
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def family_by_family(names: Sequence[str], side_by_side: Callable[[str], Result]) -> Result:
    """The sums over families, and the ratio of each."""
    results = {name: side_by_side(name) for name in names}
    ratios = tuple((f"{name} {ratio_of(result)}", True) for name, result in results.items())
    return Result(sum(each.ours for each in results.values()), sum(each.theirs for each in results.values()), ratios)


def ratio_of(result: Result) -> str:
    """With as many decimals as say something."""
    ratio = result.theirs / result.ours
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}"
