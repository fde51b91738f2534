"""Batches of mutants in processes of their own. One that dies is replaced; the mutant that it died of is a finding."""

from __future__ import annotations

import resource
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple

SECONDS = 40  # of CPU time, after which the system kills a process that is still at the same mutant
BYTES = 6 * 2**30  # of address space beyond what a process has at its start
_CONTEXT = get_context("spawn")


class Batch(NamedTuple):
    """The mutants of a seed from `first` up to `end`; `only` of these kinds."""

    seed: int
    first: int
    end: int
    only: tuple[str, ...] = ()


class Death(NamedTuple):
    """The mutant at which a process died, and its exit code: minus the signal that killed it."""

    seed: int
    index: int
    code: int | None


Work = Callable[[Batch, Callable[[int], None]], Any]
"""What a process does with a batch; it calls the function with the number of each mutant before it is checked."""


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    at: Any
    batch: Batch


def results(work: Work, batches: Sequence[Batch], jobs: int) -> Iterator[Any | Death]:
    """What `work`, a function of a module, gives for each batch, as they end, and deaths."""
    left = deque(batches)
    workers: list[_Worker] = []
    try:
        while left or workers:
            while left and len(workers) < jobs:
                workers.append(_started(work, left.popleft()))
            for pipe in wait([worker.pipe for worker in workers]):
                worker = next(each for each in workers if each.pipe is pipe)
                try:
                    yield worker.pipe.recv()
                except (EOFError, ConnectionError):
                    workers.remove(worker)
                    worker.process.join()
                    batch, index = worker.batch, worker.at.value
                    yield Death(batch.seed, index, worker.process.exitcode)
                    rest = batch._replace(end=index), batch._replace(first=index + 1)
                    left.extend(each for each in rest if each.first < each.end)
                    continue
                if left:
                    worker.batch = left.popleft()
                    worker.pipe.send(worker.batch)
                else:
                    workers.remove(worker)
                    worker.pipe.send(None)
                    worker.process.join()
    finally:
        for worker in workers:
            worker.process.kill()


def _started(work: Work, batch: Batch) -> _Worker:
    ours, theirs = _CONTEXT.Pipe()
    at = _CONTEXT.Value("q", batch.first, lock=False)
    process = _CONTEXT.Process(target=_serve, args=(work, theirs, at), daemon=True)
    process.start()
    theirs.close()
    ours.send(batch)
    return _Worker(process, ours, at, batch)


def _serve(work: Work, pipe: Connection, at: Any) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started the process ends it

    def note(index: int) -> None:
        at.value = index
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # at whose end the system kills a process that does not listen

    limited = False
    while (batch := pipe.recv()) is not None:
        at.value = batch.first
        result = work(batch, note)
        signal.setitimer(signal.ITIMER_PROF, 0)
        pipe.send(result)
        if not limited:  # by now all is imported
            limit_memory()
            limited = True


def limit_memory() -> None:
    """Let what asks for too much memory fail, before the machine does."""
    with open("/proc/self/statm") as statm:
        size = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + BYTES, size + BYTES))
