"""Graphs built by hand, layer by layer, as elaboration would build them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from archspec.diagnostics import whole_file
from archspec.dims import Dim, symbol
from archspec.graph import Graph, Kind, Node, Origin, Output, Scope, Value
from archspec.ops import find
from archspec.types import TensorType

_ORIGIN = Origin(whole_file("sketch"))


class Sketch:
    """A graph in the making. `with sketch.scope(...)` opens a scope, `sketch.node(...)` adds a layer
    to the innermost open one, and reads the previous layer unless told otherwise."""

    def __init__(self, name: str = "net", **inputs: tuple[int | str, ...]) -> None:
        self.name = name
        self.inputs = tuple(Value(key, TensorType.of(_dims(shape))) for key, shape in inputs.items())
        self.root = Scope("", "root", "", None, self.inputs, tuple(inputs))
        self.scopes = [self.root]
        self.nodes: list[Node] = []
        self.previous = self.inputs[0]

    def node(self, name: str, op: str, *inputs: Value, owner: str | None = None, **arguments: Any) -> Any:
        """Add a layer; gives its value, or a tuple of them."""
        scope = self.scopes[-1]
        kind = find(op)
        assert kind is not None, op
        made = kind(**arguments)
        read = inputs or (() if kind.inputs == (0, 0) else (self.previous,))
        place = _join(scope.owner, name) if owner is None else owner
        node = Node(_join(scope.path, name), made, tuple(read), scope, _ORIGIN, place)
        types = made.infer(*node.input_types)
        if made.multiple:
            node.outputs = tuple(Value(f"{node.path}.{i}", type_, node, i) for i, type_ in enumerate(types))
        else:
            assert isinstance(types, TensorType)
            node.outputs = (Value(node.path, types, node),)
        scope.steps.append(node)
        self.nodes.append(node)
        if kind.inputs != (0, 0):
            self.previous = node.outputs[0]
        return node.outputs if made.multiple else node.outputs[0]

    @contextmanager
    def scope(
        self,
        name: str,
        kind: Kind,
        *inputs: Value,
        names: tuple[str, ...] = ("x",),
        label: str = "",
        owner: str | None = None,
    ) -> Iterator[Scope]:
        """A scope whose output is the last value of what is added inside."""
        around = self.scopes[-1]
        place = _join(around.owner, name) if owner is None else owner
        scope = Scope(_join(around.path, name), kind, place, around, inputs or (self.previous,), names, label)
        around.steps.append(scope)
        self.scopes.append(scope)
        self.previous = scope.inputs[0]
        yield scope
        scope.output = self.previous
        self.scopes.pop()

    def graph(self, *, init: dict[str, Any] | None = None, training: tuple[str, ...] = (), **outputs: Value) -> Graph:
        """The finished graph; the outputs named in `training` are given in training mode only."""
        named = outputs or {self.previous.name: self.previous}
        results = tuple(Output(name, value, name in training) for name, value in named.items())
        self.root.output = results[-1].value
        needed = {output.value for output in results if not output.training}
        for node in reversed(self.nodes):
            node.training_only = needed.isdisjoint(node.outputs)
            if not node.training_only:
                needed.update(node.inputs)
        return Graph(self.name, self.inputs, results, self.root, self.nodes, init or {})


def _dims(shape: tuple[int | str, ...]) -> Iterator[Dim]:
    for size in shape:
        yield symbol(size) if isinstance(size, str) else size


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
