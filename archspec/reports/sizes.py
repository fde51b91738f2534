"""Which sizes a network takes: for each symbol of its inputs the smallest one, what it has to be a multiple
of, whether it is fixed, and which layer asks for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any

from archspec.dims import ALL, Condition, Sizes, System, proofs_bounded, solve, symbols
from archspec.graph import Graph, Requirement
from archspec.reports import tables


@dataclass(frozen=True, slots=True)
class Statement:
    """What a layer asks of a symbol, in words, and what meets there, where that says more; `proved`: that there are
    sizes at which it holds, together with what is asked before it."""

    text: str
    layer: str
    line: int
    reason: str = ""
    proved: bool = True

    def as_dict(self) -> dict[str, Any]:
        found = {"text": self.text, "layer": self.layer, "line": self.line}
        return found if self.proved else {**found, "proved": False}

    def __str__(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.text}, from `{self.layer}`{reason}{'' if self.proved else ' (not proved to be possible)'}"


@dataclass(frozen=True, slots=True)
class SymbolSizes:
    """The sizes of a symbol. Where a layer couples it with others, they are those that go with the sizes that the
    spec itself gives to the others; `least` is None where none was found."""

    least: int | None
    multiple_of: int
    fixed: int | None
    statements: tuple[Statement, ...]

    def as_dict(self) -> dict[str, Any]:
        conditions = [each.as_dict() for each in self.statements]
        return {"min": self.least, "multiple_of": self.multiple_of, "fixed": self.fixed, "conditions": conditions}


@dataclass(frozen=True, slots=True)
class SizesReport:
    """The sizes of all symbols of a network's inputs."""

    name: str
    symbols: dict[str, SymbolSizes]

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"symbols": {name: each.as_dict() for name, each in self.symbols.items()}}

    def statements(self) -> list[Statement]:
        """Everything that is asked, each thing once."""
        return list(dict.fromkeys(each for found in self.symbols.values() for each in found.statements))

    def text(self) -> str:
        """For a terminal: a row for each symbol, and below it what layers ask."""
        if not self.symbols:
            return f"{self.name}: no input has a symbol for a size"
        head = ("symbol", "min", "multiple of", "fixed")
        rows = [
            (name, str(each.least or "none"), str(each.multiple_of), "" if each.fixed is None else str(each.fixed))
            for name, each in self.symbols.items()
        ]
        table = [head, *rows]
        lines = [self.name, "", *tables.aligned(table, tables.width_of(table), left=1)]
        asked = [f"  {each}" for each in self.statements()]
        return "\n".join([*lines, *(["", *asked] if asked else [])])

    def __str__(self) -> str:
        return self.text()


@proofs_bounded()
def sizes_of(graph: Graph) -> SizesReport:
    """What the network asks of each symbol of its inputs."""
    system = System(each.condition for each in graph.requirements)
    names = dict.fromkeys(
        name for value in graph.inputs for size in value.type.shape for name in sorted(symbols(size))
    )
    return SizesReport(graph.name, {name: _of_symbol(name, graph, system) for name in names})


@proofs_bounded()
def fixed_by(graph: Graph) -> dict[Requirement, dict[str, int]]:
    """The layers by which a symbol has one size alone, and that size: all those that leave it a number of sizes."""
    found: dict[Requirement, dict[str, int]] = {}
    for name, each in sizes_of(graph).symbols.items():
        asked = [each for each in graph.requirements if name in each.condition.symbols]
        for requirement in asked if each.fixed is not None else ():
            sizes = _solved(name, requirement, graph)
            if sizes is not None and sizes.is_finite and each.fixed is not None:
                found.setdefault(requirement, {})[name] = each.fixed
    return found


def _of_symbol(name: str, graph: Graph, system: System) -> SymbolSizes:
    asked = [each for each in graph.requirements if name in each.condition.symbols]
    together, solved, open_ = ALL, [], []
    for each in asked:
        sizes = _solved(name, each, graph)
        both = None if sizes is None else together.met(sizes)
        if sizes is None or both is None:
            open_.append(each)
        else:
            together = both
            solved.append((each, sizes))
    statements = [_in_words(name, each, sizes, graph) for each, sizes in _needed(solved)]
    statements += [_statement(str(each.condition), each, each.condition not in system.unsolved) for each in open_]
    least = system.least(name) if open_ else together.least
    return SymbolSizes(least, together.multiple_of, together.only, tuple(statements))


def _solved(name: str, requirement: Requirement, graph: Graph) -> Sizes | None:
    """The sizes of a symbol that a layer asks for, at the sizes that the spec itself gives to others."""
    others = {other: size for other, size in graph.declared.items() if other != name}
    return solve(requirement.condition.with_sizes(others))


def _all(sizes: Sequence[Sizes]) -> Sizes:
    return reduce(and_, sizes, ALL)


def _needed(solved: Sequence[tuple[Requirement, Sizes]]) -> list[tuple[Requirement, Sizes]]:
    """Those without which more sizes would do; of equal ones the first."""
    kept = list({sizes: (each, sizes) for each, sizes in reversed(solved)}.values())[::-1]
    together = _all([sizes for _, sizes in kept])
    for item in reversed(list(kept)):
        rest = [other for other in kept if other is not item]
        if _all([sizes for _, sizes in rest]) == together:
            kept = rest
    return kept


def _in_words(name: str, requirement: Requirement, sizes: Sizes, graph: Graph) -> Statement:
    words = sizes.describe(name)
    others = sorted(requirement.condition.symbols - {name})
    if words is None:
        return _statement(str(requirement.condition), requirement)
    where = " and ".join(f"{other} == {graph.declared[other]}" for other in others)
    return _statement(f"{words} where {where}" if where else words, requirement)


def _statement(text: str, requirement: Requirement, proved: bool = True) -> Statement:
    return Statement(text, requirement.layer, requirement.span.line, _reason(text, requirement.condition), proved)


def _reason(text: str, condition: Condition) -> str:
    if condition.relation == "==" and text != str(condition):
        shorter, longer = sorted((str(condition.left), str(condition.right)), key=len)
        return f"{longer} meets {shorter}"
    return ""
