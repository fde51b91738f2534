"""What the symbols of a network have to satisfy, once all its layers have asked: whether that is possible,
and how its sizes read where it holds.
"""

from __future__ import annotations

from archspec.diagnostics import Label
from archspec.dims import System
from archspec.elaborate.state import State
from archspec.graph import Requirement
from archspec.types import TensorType


def judge_symbols(state: State) -> None:
    """Report the first requirement that leaves no sizes; then write the types of all values as they read under the
    requirements."""
    system = System()
    for requirement in state.requirements.values():
        if system.add(requirement.condition) is False:
            _report_contradiction(requirement, state)
            return
    if not state.requirements:
        return
    for node in state.nodes:
        for value in node.outputs:
            value.type = _simplified(value.type, system)
        if node.settled is not None:
            node.settled = tuple(_simplified(type_, system) for type_ in node.settled)


def _simplified(type_: TensorType, system: System) -> TensorType:
    return type_._replace(shape=tuple(map(system.simplified, type_.shape)))


def _report_contradiction(last: Requirement, state: State) -> None:
    """The last requirement, and an earlier one that it contradicts, or all if it takes more than one."""
    before = [each for each in state.requirements.values() if each.condition.symbols == last.condition.symbols]
    before = before[: before.index(last)]
    rival = next((each for each in before if System([each.condition]).add(last.condition) is False), None)
    labels = [Label(rival.span, f"`{rival.layer}` needs {rival.condition}")] if rival else []
    notes = [] if rival else [f"`{each.layer}` needs {each.condition}" for each in before]
    names = ", ".join(sorted(last.condition.symbols))
    message = f"no size {names} suits all layers: `{last.layer}` needs {last.condition}"
    state.diagnostics.add("A509", message, last.span, labels=labels, notes=notes)
