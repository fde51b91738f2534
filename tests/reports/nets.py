"""Small networks for the tests of reports, put together by hand from ops, and run by torch."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from archspec import ops
from archspec.backends.torch.formulas import call_source
from archspec.dims import Dim, symbol
from archspec.graph import Graph, Node, Origin, Output, Scope, Value
from archspec.ops.base import TorchExpression, TorchModule
from archspec.source import SourceFile
from archspec.types import TensorType

ORIGIN = Origin(SourceFile("net.yaml", "").span(0, 0))


class Net:
    """A graph under construction: `add` appends a layer, by default behind the previous one."""

    def __init__(self, *shape: Dim, **inputs: tuple[Dim, ...]) -> None:
        shapes = {"image": (symbol("N"), *shape)} if shape else inputs
        self.inputs = {name: Value(name, TensorType.of(sizes)) for name, sizes in shapes.items()}
        self.root = Scope("", "root", "", None, tuple(self.inputs.values()), tuple(self.inputs))
        self.nodes: list[Node] = []
        self.values = dict(self.inputs)
        self.last = next(iter(self.inputs))

    def add(self, op: str, *read: str, path: str = "", owner: str = "", train: bool = False, **arguments: Any) -> str:
        """Append a layer and give its path: its number, unless it is given one."""
        path = path or str(len(self.nodes))
        found = ops.find(op)
        assert found is not None
        inputs = () if op in ("Parameter", "Buffer") else tuple(self.values[name] for name in read or [self.last])
        node = Node(path, found(**arguments), inputs, self.scope(path), ORIGIN, owner or path, training_only=train)
        types = node.op.infer(*node.input_types)
        if isinstance(types, TensorType):
            node.outputs = (Value(path, types, node),)
        else:
            node.outputs = tuple(Value(f"{path}.{k}", type_, node, k) for k, type_ in enumerate(types))
        self.values.update((value.name, value) for value in node.outputs)
        self.nodes.append(node)
        node.scope.steps.append(node)
        scope: Scope | None = node.scope
        while scope:
            scope.output, scope = node.outputs[0], scope.parent
        self.last = node.outputs[0].name
        return path

    def scope(self, path: str) -> Scope:
        """The scope of a layer, made where it is not there yet."""
        scope = self.root
        for name in path.split(".")[:-1]:
            inner = f"{scope.path}.{name}".lstrip(".")
            known = [step for step in scope.steps if isinstance(step, Scope) and step.path == inner]
            if not known:
                known = [Scope(inner, "block", inner, scope, (), label="Block")]
                scope.steps.extend(known)
            scope = known[0]
        return scope

    def graph(self, *outputs: str, training: tuple[str, ...] = ()) -> Graph:
        results = [Output(name, self.values[name]) for name in outputs or [self.last]]
        results += [Output(name, self.values[name], training=True) for name in training]
        return Graph("net", tuple(self.inputs.values()), tuple(results), self.root, self.nodes)


def run(graph: Graph, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Every value of a network, in evaluation mode, by the recipes of its ops; all weights are positive."""
    values = dict(inputs)
    for node in graph.nodes:
        read = [values[value.name] for value in node.inputs]
        result = call(node, read)
        results = (result,) if isinstance(result, Tensor) else result
        values.update((value.name, tensor) for value, tensor in zip(node.outputs, results, strict=True))
    return values


def call(node: Node, read: list[Tensor]) -> Any:
    recipe = node.op.to_torch(*node.input_types)
    if isinstance(recipe, TorchExpression):
        return eval(recipe.source.format(*(f"read[{k}]" for k in range(len(read)))), {"torch": torch, "read": read})
    if not isinstance(recipe, TorchModule):
        return torch.ones([int(str(size)) for size in node.outputs[0].type.shape])
    home, _, name = recipe.target.rpartition(".")
    module: nn.Module = getattr(import_module(home), name)(**recipe.arguments).to(read[0].dtype).eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(0.5, 1.0)
    return called(module, recipe, read)


def called(module: nn.Module, recipe: TorchModule, read: list[Tensor]) -> Any:
    """What a module gives for what it reads."""
    source = call_source(recipe, len(read)).format(*(f"read[{k}]" for k in range(len(read))), module="module")
    return eval(source, {"torch": torch, "read": read, "module": module})
