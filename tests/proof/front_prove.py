"""All that is asked of one mutant, and the count of what mutants there were."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import archspec
from tests.proof import front_build, front_fixes, front_oracle, front_reader
from tests.proof.front_corpus import Base
from tests.proof.front_mutants import Mutant, mutant
from tests.proof.front_oracle import Finding
from tests.proof.front_run import ELABORATED, STAGES, Outcome, check, standing_in
from tests.proof.source import Seeded

SAMPLED = 8  # one in so many is checked as a text, read by another parser, and built whatever its size
_COSTLY = ("slow", "memory")


@dataclass
class Tally:
    """How far mutants came, and what was done with them."""

    stages: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def __iadd__(self, other: Tally) -> Tally:
        for name in ("stages", "kinds", "codes", "done"):
            getattr(self, name).update(getattr(other, name))
        self.seconds += other.seconds
        return self

    @property
    def mutants(self) -> int:
        return sum(self.stages[stage] for stage in STAGES)

    @property
    def elaborated(self) -> int:
        return sum(self.stages[stage] for stage in ELABORATED)


def mutant_of(seed: int, index: int, only: tuple[str, ...] = ()) -> Mutant:
    """The mutant of a seed and a number."""
    return mutant(Seeded(f"front:{seed}:{index}"), only)


def prove(mutated: Mutant, tally: Tally, *, sampled: bool = False) -> list[Finding]:
    """Check a mutant and judge the answer. What costs too much is measured again before it counts."""
    with standing_in(mutated):
        outcome = check(mutated.base, mutated.data)
        _count(mutated, outcome, tally)
        found = front_oracle.findings(outcome)
        if any(each.kind in _COSTLY for each in found):
            found = _again(mutated, found)
        if outcome.error is None:
            found += _fixes(mutated.base, outcome, tally)
            if sampled:
                found += [*_as_text(mutated, outcome, tally), *front_reader.findings(mutated.data)]
                found += front_fixes.all_at_once(mutated.base, outcome)
            found += _build(outcome, tally, sampled)
    return found


def _count(mutated: Mutant, outcome: Outcome, tally: Tally) -> None:
    tally.stages[outcome.stage] += 1
    tally.kinds.update(set(mutated.kinds))
    tally.codes.update({item.code.name for item in outcome.items})
    tally.seconds += outcome.seconds


def _again(mutated: Mutant, found: list[Finding]) -> list[Finding]:
    """Without the costs that a second run does not have."""
    second = front_oracle.findings(check(mutated.base, mutated.data))
    kinds = {each.kind for each in second}
    return [each for each in found if each.kind not in _COSTLY or each.kind in kinds]


def _fixes(base: Base, outcome: Outcome, tally: Tally) -> list[Finding]:
    tally.done["with a fix"] += any(item.fix is not None for item in outcome.items)
    return list(front_fixes.findings(base, outcome))


def _build(outcome: Outcome, tally: Tally, sampled: bool) -> list[Finding]:
    if outcome.graph is None or not front_build.is_due(outcome.graph, sampled=sampled):
        tally.done["too large to build"] += outcome.graph is not None
        return []
    tally.done["built"] += 1
    return list(front_build.findings(outcome, outcome.graph))


def _as_text(mutated: Mutant, outcome: Outcome, tally: Tally) -> list[Finding]:
    """The same from `archspec.check`, where the text alone says everything."""
    base = mutated.base
    try:
        text = mutated.data.decode("utf-8")
    except UnicodeDecodeError:
        return []
    if base.settings or base.mutated != base.target or "\n" not in text or text.startswith("\ufeff"):
        return []
    tally.done["checked as a text"] += 1
    try:
        items = archspec.check(text)
    except Exception as error:
        return [front_oracle.raised("check(text)", error)]
    itself = rf"(extends|import|spec)\b.*{Path(base.target).stem}"  # a text is no file that may name itself
    if re.search(itself, text, re.DOTALL) or front_oracle.same(items, outcome.items):
        return []
    return [Finding("text and path", ",".join(sorted({item.code.name for item in items}))[:20], "differ")]
