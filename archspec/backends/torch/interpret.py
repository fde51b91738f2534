"""Running a graph node by node on a model's modules, to see every value between the layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import torch

from archspec.dims import Symbolic, evaluate
from archspec.graph import Graph, Node
from archspec.ops.base import TorchExpression, TorchTensor


def run_values(model: torch.nn.Module, graph: Graph, inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Every value of the graph by its name, the inputs included, computed by the modules of `model` as they are: in
    evaluation mode as `model` itself computes it, bit for bit. In evaluation mode, values that only
    training outputs need are left out. All values are held in memory at once."""
    values = dict(inputs)
    sizes = _bound_sizes(graph, inputs)
    for node in graph.nodes:
        if model.training or not node.training_only:
            result = _run(model, node, [values[value.name] for value in node.inputs], sizes)
            results = result if node.op.multiple else (result,)
            values.update({value.name: each for value, each in zip(node.outputs, results, strict=True)})
    return values


def _run(model: torch.nn.Module, node: Node, inputs: list[torch.Tensor], sizes: Mapping[str, int]) -> Any:
    recipe = node.op.to_torch(*node.input_types)
    if isinstance(recipe, TorchExpression):
        return _function(recipe.source, len(inputs) + len(recipe.sizes))(
            *inputs, *(evaluate(size, sizes) for size in recipe.sizes)
        )
    if isinstance(recipe, TorchTensor):
        path, _, name = node.owner.rpartition(".")
        return getattr(model.get_submodule(path), name)
    module = model.get_submodule(node.owner)
    if getattr(module, "inplace", False):
        inputs = [each.clone() for each in inputs]  # the value that it would overwrite is one of ours
    return module(*inputs)


@cache
def _function(source: str, count: int) -> Callable[..., Any]:
    names = [f"v{number}" for number in range(count)]
    made: Callable[..., Any] = eval(f"lambda {', '.join(names)}: {source.format(*names)}", {"torch": torch})
    return made


def _bound_sizes(graph: Graph, inputs: Mapping[str, torch.Tensor]) -> dict[str, int]:
    """The symbols of the graph, by the sizes of actual inputs."""
    sizes: dict[str, int] = {}
    for value in graph.inputs:
        for size, actual in zip(value.type.shape, inputs[value.name].shape, strict=True):
            if isinstance(size, Symbolic):
                sizes[str(size)] = actual
    return sizes
