"""The long run over random networks, behind `tools/fuzz.py networks`."""

from __future__ import annotations

import re
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from time import perf_counter

import torch

from tests.proof.networks import Disagreement, Tally, prove
from tests.proof.source import Seeded

BATCH = 200  # networks that a process takes at a time
ONNX = 10  # one in so many is run by onnxruntime as well

Found = list[tuple[str, Disagreement]]


def fuzz(options: Namespace) -> int:
    """Runs networks, prints what they were and each disagreement once. Gives 1 if there is any."""
    torch.set_num_threads(1)
    if options.replay:
        return _replay(options.replay)
    tally, found, start = Tally(), [], perf_counter()
    for some, mistakes in _batches(options):
        tally += some
        found += mistakes
    _print(tally, perf_counter() - start)
    kinds: dict[str, Found] = {}
    for name, disagreement in found:
        kinds.setdefault(_gist(disagreement), []).append((name, disagreement))
    for same in kinds.values():
        name, shortest = min(same, key=lambda each: len(str(each[1])))
        print(f"\n{len(same)} x {shortest}\n  --replay {name}")
    return 1 if found else 0


def run(seed: int, first: int, end: int) -> tuple[Tally, Found]:
    """The networks from `first` up to `end`."""
    torch.set_num_threads(1)
    tally, found = Tally(), []
    for index in range(first, end):
        try:
            prove(Seeded(f"networks:{seed}:{index}"), tally, onnx=index % ONNX == 0)
        except Disagreement as disagreement:
            found.append((f"{seed}:{index}", disagreement))
    return tally, found


def _replay(name: str) -> int:
    seed, index = map(int, name.split(":"))
    try:
        prove(Seeded(f"networks:{seed}:{index}"), Tally(), onnx=index % ONNX == 0)
    except Disagreement as disagreement:
        print(disagreement)
        return 1
    print("archspec and torch agree")
    return 0


def _batches(options: Namespace) -> Iterator[tuple[Tally, Found]]:
    batches = [(options.seed, at, min(at + BATCH, options.draws)) for at in range(0, options.draws, BATCH)]
    if options.jobs == 1:
        yield from (run(*batch) for batch in batches)
        return
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        for future in as_completed([pool.submit(run, *batch) for batch in batches]):
            yield future.result()


def _gist(disagreement: Disagreement) -> str:
    """What is the same in all disagreements of one cause."""
    return re.sub(r"[-\d.]+|\[[^]]*\]|\([^)]*\)|`[^`]*`", "#", str(disagreement).partition("\n")[0])[:80]


def _print(tally: Tally, seconds: float) -> None:
    print(f"{tally.networks} networks, {tally.layers} layers, {1000 * seconds / max(1, tally.networks):.0f} ms each")
    for name in ("valid", "invalid", "dead", "other_batch", "flat", "too_big"):
        print(f"  {name:12}{getattr(tally, name):8}")
    _print_counts("onnxruntime", Counter({name.partition(":")[0]: n for name, n in tally.onnx.items()}))
    _print_counts("networks with", tally.features)


def _print_counts(title: str, counts: Counter[str]) -> None:
    print(f"\n{title}")
    for name, count in sorted(counts.items()):
        print(f"  {name:28}{count:8}")
