"""The long run over mutants of specs, behind `tools/fuzz.py front`."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple

import torch

from tests.proof.front_minimise import minimised
from tests.proof.front_mutants import Mutant
from tests.proof.front_oracle import Finding
from tests.proof.front_pool import Batch, Death, results
from tests.proof.front_prove import SAMPLED, Tally, mutant_of, prove
from tests.proof.front_run import STAGES, check, standing_in, workplace

BATCH = 200  # mutants that a process takes at a time
SAMPLED_KINDS = ("reader", "fix", "text and path", "check(text) raises", "build raises", "forward raises", "outputs")
REPORT = 2_000  # a line of counts after so many
PATIENCE = 8  # seconds for the shortest text of one finding


class Found(NamedTuple):
    """A finding, the name of its mutant, and the shortest text that shows it."""

    name: str
    finding: Finding
    text: str


@dataclass
class Report:
    """What a batch gave."""

    tally: Tally = field(default_factory=Tally)
    found: list[Found] = field(default_factory=list)

    def __iadd__(self, other: Report) -> Report:
        self.tally += other.tally
        for found in other.found:
            if all(found.finding[:2] != each.finding[:2] for each in self.found):
                _print_found(found)
            self.found.append(found)
        return self


def fuzz(options: Namespace) -> int:
    """Runs mutants, prints how far they came and each finding once. Gives 1 if there is any. An interrupt ends the run
    early, and well."""
    only = tuple(name for name in options.only.split(",") if name)
    if options.replay:
        return _replay(options.replay, only)
    ends = [min(at + BATCH, options.draws) for at in range(0, options.draws, BATCH)]
    batches = [Batch(options.seed, at * BATCH, end, only) for at, end in enumerate(ends)]
    report, start = Report(), perf_counter()
    with suppress(KeyboardInterrupt):
        for result in results(run, batches, options.jobs):
            before = report.tally.mutants // REPORT
            report += _of_death(result) if isinstance(result, Death) else result
            if report.tally.mutants // REPORT > before:
                _print_progress(report, perf_counter() - start)
    _print(report, perf_counter() - start)
    return 1 if report.found else 0


def _of_death(death: Death) -> Report:
    finding = Finding("death", str(death.code), f"the process ended with {death.code}")
    return Report(found=[Found(f"{death.seed}:{death.index}", finding, "")])


def run(batch: Batch, note: Callable[[int], None] = lambda index: None) -> Report:
    """Check the mutants of a batch."""
    torch.set_num_threads(1)
    report = Report()
    with workplace():
        for index in range(batch.first, batch.end):
            note(index)
            mutated = mutant_of(batch.seed, index, batch.only)
            found = prove(mutated, report.tally, sampled=index % SAMPLED == 0)
            for finding in _once(found):
                text = _shortest(mutated, finding) if _is_new(finding) else ""
                report.found.append(Found(f"{batch.seed}:{index}", finding, text))
    return report


def _once(found: list[Finding]) -> list[Finding]:
    return list({(each.kind, each.place): each for each in found}.values())


_seen: set[tuple[str, str]] = set()


def _is_new(finding: Finding) -> bool:
    """Whether this process has not met such a finding yet."""
    new = finding[:2] not in _seen
    _seen.add(finding[:2])
    return new


def _shortest(mutated: Mutant, finding: Finding) -> str:
    """The least of a mutant's text that still shows a finding; bytes that are no text as escapes."""

    def shows(data: bytes) -> bool:
        found = prove(mutated._replace(data=data), Tally(), sampled=finding.kind in SAMPLED_KINDS)
        return any(each[:2] == finding[:2] for each in found)

    data = minimised(mutated.data, shows, PATIENCE)
    return data.decode("utf-8", errors="backslashreplace")


def _replay(name: str, only: tuple[str, ...]) -> int:
    """One mutant: its text, the answer, and what is wrong with it."""
    seed, index = map(int, name.split(":"))
    mutated = mutant_of(seed, index, only)
    tally = Tally()
    with workplace():
        with standing_in(mutated):
            outcome = check(mutated.base, mutated.data)
        print(mutated.base, *mutated.kinds)
        print(mutated.data.decode("utf-8", errors="backslashreplace"))
        cost = f"{1000 * outcome.seconds:.0f} ms, {outcome.megabytes:.0f} MB, {outcome.layers} layers"
        print("---", outcome.stage, cost)
        print(outcome.printed or outcome.complaints)
        found = _once(prove(mutated, tally, sampled=True))
        for finding in found:
            print(f"--- {finding.kind}: {finding.place}: {finding.text}\n{_shortest(mutated, finding)}")
    return 1 if found else 0


def _print_progress(report: Report, seconds: float) -> None:
    tally = report.tally
    stages = ", ".join(f"{tally.stages[stage]} {stage}" for stage in STAGES)
    kinds = Counter(each.finding[:2] for each in report.found)
    print(f"{seconds:6.0f} s {tally.mutants} mutants: {stages}; {len(kinds)} kinds of findings", flush=True)


def _print(report: Report, seconds: float) -> None:
    tally = report.tally
    count = max(1, tally.mutants)
    each = f"{1000 * seconds / count:.1f} ms each, of which {1000 * tally.seconds / count:.1f} in check"
    print(f"{tally.mutants} mutants, {each}; {100 * tally.elaborated / count:.0f} % are elaborated")
    for stage in STAGES:
        print(f"  {stage:20}{tally.stages[stage]:8}")
    for title, counts in (("mutated in", tally.kinds), ("done", tally.done), ("mutants with", tally.codes)):
        print(f"\n{title}")
        for name, number in sorted(counts.items()):
            print(f"  {name:20}{number:8}")
    same: dict[tuple[str, str], list[Found]] = {}
    for found in report.found:
        same.setdefault((found.finding.kind, found.finding.place), []).append(found)
    for (kind, place), alike in same.items():
        print(f"{len(alike):8} x {kind}: {place}: --replay {alike[0].name}")


def _print_found(found: Found) -> None:
    """A finding, when it is met first."""
    kind, place, text = found.finding
    print(f"\n{kind}: {place}: {text}\n  --replay {found.name}\n{found.text}", flush=True)
