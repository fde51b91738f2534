"""What would become of a checkpoint in a network, told before anything is built, with renames that would help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archspec.graph import Graph
from archspec.weights.checkpoint import Checkpoint, Shape
from archspec.weights.fitting import Fit, fit, heads_of, shapes_of
from archspec.weights.proposal import Proposal, propose
from archspec.weights.renames import Table


@dataclass(frozen=True, slots=True)
class Plan:
    """How a checkpoint fits a network as it is, and with the proposed renames."""

    checkpoint: Checkpoint
    network: str
    wanted: Mapping[str, Shape]
    now: Fit
    proposal: Proposal
    then: Fit
    table: Table  # the proposed entries, and behind them the user's own

    @property
    def whole(self) -> bool:
        """Whether all would load."""
        return self.now.whole

    @property
    def only_heads(self) -> bool:
        """Whether all but the head would load, which `build` leaves fresh then."""
        fit = self.now
        return not fit.whole and not (fit.missing or fit.unexpected) and all(each.in_head for each in fit.mismatched)

    def as_dict(self) -> dict[str, Any]:
        """The plan for programs; shapes are lists."""
        now = self.now
        return {
            "checkpoint": {
                "name": self.checkpoint.name,
                "format": self.checkpoint.format,
                "tensors": len(self.checkpoint.shapes),
                "inside": self.checkpoint.inside,
                "besides": list(self.checkpoint.besides),
            },
            "target": {"name": self.network, "tensors": len(self.wanted)},
            "ok": now.whole,
            "loads": [{"key": key, "name": name, "shape": list(self.wanted[name])} for key, name in now.loads.items()],
            "renamed": [
                {"key": key, "name": each.name, "by": list(each.by)} for key, each in now.renamed.items()
            ],
            "counters": list(now.counters),
            "missing": [{"name": name, "shape": list(self.wanted[name])} for name in now.missing],
            "unexpected": [{"key": key, "shape": list(self.checkpoint.shapes[key])} for key in now.unexpected],
            "mismatched": [
                {
                    "key": each.key,
                    "name": each.name,
                    "found": list(each.found),
                    "wanted": list(each.wanted),
                    "head": each.in_head,
                }
                for each in now.mismatched
            ],
            "proposal": {
                "rename": [
                    {"from": entry.old, "to": entry.new, "why": entry.why, "tensors": entry.tensors}
                    for entry in self.proposal.entries
                ],
                "notes": list(self.proposal.notes),
                "loads": len(self.then.loads),
                "ok": self.then.whole,
            },
        }


def plan(checkpoint: Checkpoint, graph: Graph, own: Table, family: Table) -> Plan:
    """How a checkpoint fits a graph, its keys renamed by the user's `own` table and then by that of the `family`, and
    which renames would make it fit better. Raises WeightsError for a table that gives two keys one name."""
    wanted = shapes_of(graph)
    heads = {key for keys in heads_of(graph).values() for key in keys}
    now = fit(checkpoint.shapes, wanted, [own, family], heads)
    unexpected = {key: checkpoint.shapes[key] for key in now.unexpected}
    missing = {name: wanted[name] for name in wanted if name in {*now.missing, *now.counters}}
    proposal = propose(unexpected, missing, wanted, family, checkpoint.is_ordered)
    table = {**proposal.table, **own}
    then = fit(checkpoint.shapes, wanted, [table, family], heads) if proposal.entries else now
    return Plan(checkpoint, graph.name, wanted, now, proposal, then, table)


def table_text(plan: Plan) -> str:
    """The proposed table as YAML, with the reason of each entry, and the user's own entries at its end."""
    lines = [f"# How the keys of {plan.checkpoint.name} are called in {plan.network}: proposed, to be reviewed."]
    why = ""
    for entry in plan.proposal.entries:
        if entry.why != why:
            lines.append(f"# {entry.why}")
            why = entry.why
        lines.append(line(entry.old, entry.new))
    others = [(old, new) for old, new in plan.table.items() if old not in plan.proposal.table]
    lines += ["# as given", *(line(old, new) for old, new in others)] if others else []
    return "\n".join([*lines, ""])


def line(old: str, new: str | None) -> str:
    """An entry of a table as YAML."""
    return f"{_quoted(old)}: {'null' if new is None else _quoted(new)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
