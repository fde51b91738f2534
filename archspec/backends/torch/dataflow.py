"""Which of a scope's layers its forward calls, in which order, and on what.

A forward is written once for a scope and runs wherever the scope is applied: on its own inputs, and on
other ones where the scope is shared. So it speaks of *slots*: a slot is one value for each application,
and two reads are of the same variable only if they are of the same slot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from archspec.backends.torch.formulas import Recipes
from archspec.graph import Node, Scope, Value

Slot: TypeAlias = tuple[Value, ...]


class Dataflow:
    """The flow of values through one scope. `applications` are the scope itself and those that share it,
    `returned` what its forward gives."""

    def __init__(self, scope: Scope, applications: Sequence[Scope], returned: Sequence[Slot], recipes: Recipes) -> None:
        self.scope = scope
        self.node_twins: dict[Node, tuple[Node, ...]] = {}
        self.scope_twins: dict[Scope, tuple[Scope, ...]] = {scope: tuple(applications)}
        self._recipes = recipes
        self._pair(self.scope_twins[scope])
        values = [slot[0] for slot in returned]
        self._live, self._inhabited = self._find_live(values)
        self._opened = self._find_opened(values)

    def _pair(self, scopes: tuple[Scope, ...]) -> None:
        """Note which steps correspond to each other in the applications."""
        for twins in zip(*(scope.steps for scope in scopes), strict=True):
            if isinstance(twins[0], Scope):
                inner = tuple(twin for twin in twins if isinstance(twin, Scope))
                self.scope_twins[twins[0]] = inner
                self._pair(inner)
            else:
                self.node_twins[twins[0]] = tuple(twin for twin in twins if isinstance(twin, Node))

    def inputs(self, scope: Scope) -> tuple[Slot, ...]:
        """The slots that this scope, or one inside it, has for its inputs."""
        return tuple(zip(*(twin.inputs for twin in self.scope_twins[scope]), strict=True))

    def reads(self, node: Node) -> tuple[Slot, ...]:
        """The slots that an inner node reads."""
        return tuple(zip(*map(self._recipes.reads, self.node_twins[node]), strict=True))

    def results(self, node: Node) -> tuple[Slot, ...]:
        """The slots that an inner node fills."""
        return tuple(zip(*(twin.outputs for twin in self.node_twins[node]), strict=True))

    def output(self, scope: Scope) -> Slot:
        """The slot that this scope, or one inside it, gives."""
        return tuple(twin.output for twin in self.scope_twins[scope] if twin.output is not None)

    def steps(self) -> Iterator[Node | Scope]:
        """What the forward calls, in order. A scope whose inner values are read from outside cannot be called as
        one: it is opened, and its steps are called one by one. What nothing depends on is left out."""
        return self._steps(self.scope)

    def _steps(self, scope: Scope) -> Iterator[Node | Scope]:
        for step in scope.steps:
            if isinstance(step, Node):
                if step in self._live:
                    yield step
            elif step in self._opened:
                yield from self._steps(step)
            elif step in self._inhabited:
                yield step

    def _around(self, node: Node) -> list[Scope]:
        """The scopes between this one and an inner node, outermost first."""
        around: list[Scope] = []
        scope: Scope | None = node.scope
        while scope is not None and scope is not self.scope:
            around.append(scope)
            scope = scope.parent
        return around[::-1]

    def _find_live(self, returned: Sequence[Value]) -> tuple[set[Node], set[Scope]]:
        """The calls that the returned values depend on, and the inner scopes that they stand in.
        Owned tensors are there without a call."""
        needed = set(returned)
        live: set[Node] = set()
        inhabited: set[Scope] = set()
        for node in reversed(self.node_twins):
            if node not in self._recipes.tensors and not needed.isdisjoint(node.outputs):
                needed.update(self._recipes.reads(node))
                live.add(node)
                inhabited.update(self._around(node))
        return live, inhabited

    def _find_opened(self, returned: Sequence[Value]) -> set[Scope]:
        """The inner scopes of which a value that is not their output is read from outside."""
        leaving = [(value, self._around(value.node)) for value in returned if value.node in self._live]
        for reader in self._live:
            for value in self._recipes.reads(reader):
                if value.node in self._live and value.node.scope is not reader.scope:
                    around_reader = self._around(reader)
                    left = [scope for scope in self._around(value.node) if scope not in around_reader]
                    leaving.append((value, left))
        opened: set[Scope] = set()
        while True:
            # An opened scope gives nothing as a whole, so its own output, too, has to be found inside it.
            found = {scope for value, left in leaving for scope in _until_output(value, left, opened)}
            if found <= opened:
                return opened
            opened |= found


def _until_output(value: Value, left: Sequence[Scope], opened: set[Scope]) -> Iterator[Scope]:
    """The scopes to open for a value that leaves them, from outside to inside."""
    for scope in left:
        if scope.output is value and scope not in opened:
            return
        yield scope
