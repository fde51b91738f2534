"""The long run over single ops, behind `tools/fuzz.py ops`."""

from __future__ import annotations

import re
import warnings
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from time import perf_counter

import torch

from archspec import ops
from tests.proof.draws import Draw, broken, plausible
from tests.proof.hints import HINTS
from tests.proof.judge import Disagreement, judge
from tests.proof.source import Seeded

BATCH = 1000  # draws that a process takes at a time


@dataclass
class Tally:
    """What came of the draws of one op. A disagreement stands under what it says, with the name of its draw."""

    op: str
    verdicts: Counter[bool] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    found: dict[str, list[tuple[str, Disagreement]]] = field(default_factory=dict)
    quirks: dict[str, Draw] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, other: Tally) -> None:
        self.verdicts += other.verdicts
        self.rules += other.rules
        for key, found in other.found.items():
            self.found.setdefault(key, []).extend(found)
        self.quirks = other.quirks | self.quirks
        self.seconds += other.seconds


def fuzz(options: Namespace) -> int:
    """Runs draws over all ops, or those of `only`; prints a table, each disagreement once, and where torch's
    own devices differ. Gives 1 if archspec and torch disagree anywhere."""
    prepare()
    if options.replay:
        return _replay(options.replay)
    names = options.only.split(",") if options.only else ops.names()
    if unknown := sorted(set(names) - HINTS.keys()):
        raise SystemExit(f"there is no op {', '.join(unknown)}")
    tallies = {name: Tally(name) for name in names}
    for done in _batches(names, options):
        tallies[done.op].add(done)
    _print_table(tallies.values())
    _print_quirks(tallies.values())
    failed = [found for tally in tallies.values() for found in tally.found.values()]
    for found in failed:
        name, disagreement = min(found, key=lambda each: len(str(each[1].draw)))
        print(f"\n{len(found)} x {shrunk(disagreement)}\n  --replay {name}")
    return 1 if failed else 0


def prepare() -> None:
    """torch on one thread, and silent: it warns of what it takes all the same."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")


def draw_of(op: str, seed: int, index: int) -> Draw:
    """One draw of a run, by its name."""
    generator = (plausible, broken)[index % 2]
    return generator(Seeded(f"{op}:{seed}:{index}"), op, HINTS[op])


def _replay(name: str) -> int:
    op, seed, index = name.split(":")
    draw = draw_of(op, int(seed), int(index))
    judgement = judge(draw, HINTS[op], share=1)
    print(draw, "accepted" if judgement.accepted else "refused", sep="\n")
    print(judgement.disagreement or f"archspec and torch agree {judgement.rule or ''}")
    return 1 if judgement.disagreement else 0


def _batches(names: list[str], options: Namespace) -> Iterator[Tally]:
    """The tallies of batches of draws, as they are done."""
    each = -(-options.draws // len(names))
    batches = [(name, options.seed, at, min(at + BATCH, each)) for at in range(0, each, BATCH) for name in names]
    if options.jobs == 1:
        yield from (run(*batch) for batch in batches)
        return
    with ProcessPoolExecutor(options.jobs, get_context("spawn"), prepare) as pool:
        waiting = {pool.submit(run, *batch): batch for batch in batches}
        for future in as_completed(waiting):
            try:
                yield future.result()
            except BrokenProcessPool as error:
                raise SystemExit(f"a process died, at the latest in {waiting[future]}") from error


def run(op: str, seed: int, first: int, end: int) -> Tally:
    """The draws from `first` up to `end`."""
    tally, start = Tally(op), perf_counter()
    for index in range(first, end):
        draw = draw_of(op, seed, index)
        accepted, rule, disagreement, quirk = judge(draw, HINTS[op], meta=True)
        tally.verdicts[accepted] += 1
        if rule:
            tally.rules[rule] += 1
        if disagreement:
            tally.found.setdefault(gist(disagreement), []).append((f"{op}:{seed}:{index}", disagreement))
        if quirk:
            tally.quirks.setdefault(_without_numbers(quirk), draw)
    tally.seconds = perf_counter() - start
    return tally


def gist(disagreement: Disagreement) -> str:
    """What is the same in all disagreements of one cause."""
    accepted = "only" in disagreement.what
    reasons = [text for text in (disagreement.ours, disagreement.theirs) if not text.startswith("accepts")]
    return _without_numbers(f"{disagreement.what}: {' '.join(reasons) if accepted else ''}"[:90])


def _without_numbers(text: str) -> str:
    return re.sub(r"[-\d.]+|\[[^]]*\]|\([^)]*\)", "#", text)[:90]


def shrunk(disagreement: Disagreement) -> Disagreement:
    """The same disagreement of a simpler draw: as long as a smaller one shows it, that one is taken."""
    hint = HINTS[disagreement.draw.op]
    for _ in range(100):
        found = (judge(draw, hint, share=1).disagreement for draw in _simpler(disagreement.draw))
        smaller = next((each for each in found if each and gist(each) == gist(disagreement)), None)
        if smaller is None:
            break
        disagreement = smaller
    return disagreement


def _simpler(draw: Draw) -> Iterator[Draw]:
    for name, value in draw.arguments.items():
        others = {key: each for key, each in draw.arguments.items() if key != name}
        yield replace(draw, arguments=others)
        for simple in _lower(value):
            yield replace(draw, arguments={**draw.arguments, name: simple})
    for k, (shape, dtype) in enumerate(draw.inputs):
        for axis, size in enumerate(shape):
            for lower in {size // 2, size - 1} - {-1, size}:
                smaller = (*shape[:axis], lower, *shape[axis + 1 :])
                yield replace(draw, inputs=(*draw.inputs[:k], (smaller, dtype), *draw.inputs[k + 1 :]))


def _lower(value: object) -> Iterator[object]:
    """Simpler values of an argument."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        yield value - 1
    if isinstance(value, list) and value:
        yield value[0]
        yield from ([*value[:k], lower, *value[k + 1 :]] for k, each in enumerate(value) for lower in _lower(each))


def _print_table(tallies: Iterable[Tally]) -> None:
    total = Tally("all")
    print(f"{'op':24}{'accepted':>10}{'refused':>10}{'disagree':>10}{'draws/s':>10}")
    for tally in [*tallies, total]:
        draws = tally.verdicts.total()
        found = sum(map(len, tally.found.values()))
        speed = draws / (tally.seconds or 1)
        print(f"{tally.op:24}{tally.verdicts[True]:10}{tally.verdicts[False]:10}{found:10}{speed:10.0f}")
        if tally is not total:
            total.add(tally)
    print("\nrefused by a rule, though torch accepts:")
    for rule, count in total.rules.most_common():
        print(f"{count:10} {rule}")


def _print_quirks(tallies: Iterable[Tally]) -> None:
    """Each way in which torch's devices differ, once, with the ops and an example."""
    found: dict[str, list[Draw]] = {}
    for tally in tallies:
        for quirk, draw in tally.quirks.items():
            found.setdefault(quirk, []).append(draw)
    print("\nwhere torch's CPU and meta kernels differ:")
    for quirk, draws in sorted(found.items()):
        print(f"  {quirk}\n    {', '.join(draw.op for draw in draws)}; {draws[0]}")
