"""Layers that nobody wrote: one behind the other, in a scope of their own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from archspec.graph import Graph, Node, Origin, Scope, Value
from archspec.ops.base import Op
from archspec.types import TensorType


class DeployError(Exception):
    """What was asked for around a network does not suit it."""


class Layers:
    """A scope with layers one behind the other. Nobody wrote them: they have the place of the layer beside them."""

    def __init__(self, name: str, value: Value, origin: Origin) -> None:
        self.scope = Scope(name, "mapping", name, None, (value,))
        self.value = value
        self.origin = origin

    def add(self, name: str, op: Op) -> tuple[Value, ...]:
        """One more; its first value goes on."""
        path = f"{self.scope.path}.{name}"
        node = Node(path, op, (self.value,), self.scope, self.origin, path)
        found = op.infer(self.value.type)
        if isinstance(found, TensorType):
            node.outputs = (Value(path, found, node),)
        else:
            node.outputs = tuple(Value(f"{path}.{index}", type_, node, index) for index, type_ in enumerate(found))
        self.scope.steps.append(node)
        self.scope.output = self.value = node.outputs[0]
        return node.outputs

    def join(self, graph: Graph, at: int) -> None:
        """Take a place among the layers of a graph: the first, or behind the last."""
        self.scope.parent = graph.root
        graph.root.steps.insert(at, self.scope)
        graph.nodes[at:at] = self.scope.nodes()


def unused(name: str, used: set[str]) -> str:
    """The name, numbered if need be; it is used from now on."""
    numbered: Iterator[str] = (f"{name}_{number}" for number in count(1))
    found = name if name not in used else next(each for each in numbered if each not in used)
    used.add(found)
    return found
