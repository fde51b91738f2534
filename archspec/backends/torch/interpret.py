"""Running a graph node by node on a model's modules, to see every value between the layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, reduce
from operator import getitem
from typing import Any

import torch

from archspec.backends.torch.formulas import call_source, result_places
from archspec.dims import Symbolic, evaluate
from archspec.graph import Graph, Node
from archspec.ops.base import TorchExpression, TorchRecipe, TorchTensor


def run_values(model: torch.nn.Module, graph: Graph, inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Every value of the graph by its name, the inputs included, computed by the modules of `model` as they are: in
    evaluation mode as `model` itself computes it, bit for bit. In evaluation mode, values that only
    training outputs need are left out. All values are held in memory at once."""
    values = dict(inputs)
    sizes = _bound_sizes(graph, inputs)
    for node in graph.nodes:
        if model.training or not node.training_only:
            recipe = node.op.to_torch(*node.input_types)
            result = _run(model, node, recipe, [values[value.name] for value in node.inputs], sizes)
            for value, place in zip(node.outputs, result_places(node, recipe), strict=True):
                values[value.name] = reduce(getitem, place, result)
    return values


def _run(
    model: torch.nn.Module, node: Node, recipe: TorchRecipe, inputs: list[torch.Tensor], sizes: Mapping[str, int]
) -> Any:
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
    return _function(call_source(recipe, len(inputs)), len(inputs))(*inputs, module)


@cache
def _function(source: str, count: int) -> Callable[..., Any]:
    """The function of so many values, and of the module if any, that a format string stands for."""
    names = [f"v{number}" for number in range(count)]
    text = source.format(*names, module="module")
    made: Callable[..., Any] = eval(f"lambda {', '.join([*names, 'module=None'])}: {text}", {"torch": torch})
    return made


def _bound_sizes(graph: Graph, inputs: Mapping[str, torch.Tensor]) -> dict[str, int]:
    """The symbols of the graph, by the sizes of actual inputs."""
    sizes: dict[str, int] = {}
    for value in graph.inputs:
        for size, actual in zip(value.type.shape, inputs[value.name].shape, strict=True):
            if isinstance(size, Symbolic):
                sizes[str(size)] = actual
    return sizes
