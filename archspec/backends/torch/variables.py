"""The variables of a forward: named so that it reads well, and reused so that tensors are freed early.

A result that one later statement reads goes on in the variable of what it was made from, so that a chain
reads `x = self.conv1(x)`, `x = self.bn1(x)`. A result that several statements read gets a variable
of its own, named after its layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from archspec.backends.torch.dataflow import Slot
from archspec.backends.torch.identifiers import local_name, unused
from archspec.backends.torch.plan import Call, Plan


@dataclass(slots=True, eq=False)
class Variable:
    """What holds the results of `layers`, one after the other, from one statement to another (`end`
    is the last that reads it)."""

    layers: list[str]
    start: int
    end: int
    name: str = ""

    def meets(self, other: Variable) -> bool:
        return self.start < other.end and other.start < self.end


def name_results(plan: Plan, parameters: Mapping[Slot, str]) -> list[str]:
    """The variable of each of the plan's assignments, given the names of the forward's parameters."""
    readers = _readers(plan)
    flowing: dict[Slot, Variable] = {}
    for slot, name in parameters.items():
        if name == "x" and len(readers.get(slot, ())) == 1:
            flowing[slot] = Variable(["x"], -1, readers[slot][0], "x")
    assigned = []
    for number, call in enumerate(plan.assignments):
        ends = [reader for slot in call.results for reader in readers.get(slot, ())]
        variable = Variable([], number, number)
        if not call.multiple and len(ends) == 1:
            variable = _continued(call, flowing) or variable
            flowing[call.results[0]] = variable
        variable.layers.append(call.name)
        variable.end = max(ends, default=number)
        assigned.append(variable)
    _choose_names(dict.fromkeys(assigned), set(parameters.values()))
    return [variable.name for variable in assigned]


def _readers(plan: Plan) -> dict[Slot, list[int]]:
    """The statements that read each slot; the return comes last."""
    readers: dict[Slot, list[int]] = {}
    for number, slots in enumerate([*(call.reads for call in plan.calls), plan.returned]):
        for slot in dict.fromkeys(slots):
            readers.setdefault(slot, []).append(number)
    return readers


def _continued(call: Call, flowing: Mapping[Slot, Variable]) -> Variable | None:
    """The variable among those that end here in which the result goes on. Where branches of one layer
    each meet, there is none: `branch1` would be a wrong name for what they make together."""
    ending = [flowing[slot] for slot in dict.fromkeys(call.reads) if slot in flowing]
    if len(ending) == 1:
        return ending[0]
    return next((variable for variable in ending if len(variable.layers) > 1), None)


def _choose_names(variables: Iterable[Variable], parameters: set[str]) -> None:
    taken = set(parameters)
    chains = []
    for variable in variables:
        if len(variable.layers) > 1:
            chains.append(variable)
        else:
            variable.name = unused(local_name(variable.layers[0]), taken)
            taken.add(variable.name)
    for variable in chains:
        if variable.name:
            continue
        meeting = {other.name for other in chains if other.meets(variable)}
        free = (name for name in ("x", "out") if name not in taken and name not in meeting)
        variable.name = next(free, "") or unused(local_name(variable.layers[-1]), taken | meeting)
