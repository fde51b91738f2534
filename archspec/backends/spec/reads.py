"""What is read in a scope, and what the same read is wherever that scope is applied again.

A flat spec says a shared scope once. A name in it may stand for a value around the scope only if every
application reads that same value there; else it has to be what the scope itself is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from archspec.graph import Graph, Node, Scope, Value

Step: TypeAlias = Node | Scope
Twins: TypeAlias = dict[Step, Step]
Pick: TypeAlias = Callable[[Step], Value]


class Read(NamedTuple):
    """A value; and for each scope around that is applied again, outermost first, what it is in those applications."""

    value: Value
    elsewhere: tuple[tuple[Value, ...], ...] = ()

    def seen_from(self, depth: int) -> Read:
        """The read as it is further out, inside of so many scopes that are applied again."""
        return Read(self.value, self.elsewhere[:depth])


class Spot(NamedTuple):
    """Where something is read: at a step, of which it is an input or the output."""

    step: Step
    pick: Pick


def input_of(step: Step, index: int = 0) -> Spot:
    return Spot(step, lambda each: each.inputs[index])


def output_of(step: Step) -> Spot:
    return Spot(step, _output)


def fixed(step: Step, value: Value) -> Spot:
    """A value that is no other in any application."""
    return Spot(step, lambda each: value)


def _output(step: Step) -> Value:
    value = step.outputs[0] if isinstance(step, Node) else step.output
    assert value is not None
    return value


class Applications:
    """`first` has the step that owns each path. `again` has, for each scope and each further application of it, which
    steps of that correspond to its own. Applications inside of further ones are left out: they follow from these."""

    def __init__(self, graph: Graph) -> None:
        self.first: dict[str, Step] = {}
        self.again: dict[Scope, dict[Scope, Twins]] = {}
        self._enter(graph.root)

    def _enter(self, scope: Scope) -> None:
        for step in scope.steps:
            if not step.shared:
                self.first[step.path] = step
            if isinstance(step, Scope):
                if step.shared:
                    self._note(step)
                else:
                    self._enter(step)

    def _note(self, step: Scope) -> None:
        first = self.first[step.owner]
        assert isinstance(first, Scope)
        self.again.setdefault(first, {})[step] = _paired(first, step)


def _paired(one: Scope, other: Scope) -> Twins:
    twins: Twins = {one: other}
    for mine, theirs in zip(one.steps, other.steps, strict=True):
        twins[mine] = theirs
        if isinstance(mine, Scope) and isinstance(theirs, Scope):
            twins |= _paired(mine, theirs)
    return twins
