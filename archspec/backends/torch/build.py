"""Graph -> torch.nn.Module: every module made and put in its place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module

import torch

from archspec.backends.torch.forward import formula_source, scope_source
from archspec.backends.torch.generated import compile_class
from archspec.backends.torch.initialize import apply_init, initialize
from archspec.backends.torch.plan import Blueprint
from archspec.graph import Graph, Node, Scope
from archspec.ops.base import TorchTensor


def build_module(graph: Graph) -> torch.nn.Module:
    """A fresh module for a graph, in training mode, on torch's default device.

    Its tensors start as torch's own modules start them, drawn in the order in which the spec mentions the layers,
    and then as the graph's `init` says. The module is torch's and the user's: it holds nothing of the graph.
    """
    blueprint = Blueprint(graph)
    model = _build(blueprint, "", graph.root)
    apply_init(model, graph)
    if graph.state_dict_version != model._version:
        model._version = graph.state_dict_version
    return model


def module_with(graph: Graph, state: Mapping[str, torch.Tensor]) -> torch.nn.Module:
    """A module for a graph in evaluation mode whose tensors are these, not copies of them, by state_dict key."""
    with torch.device("meta"):
        module = build_module(graph)
    module.load_state_dict(state, strict=True, assign=True)
    return module.eval()


def module_at(model: torch.nn.Module, path: str) -> torch.nn.Module:
    """The module at a dotted path, `model` itself at the empty one. Raises AttributeError where there is none."""
    return model.get_submodule(path)


def module_class(blueprint: Blueprint, path: str, step: Node | Scope | None) -> type[torch.nn.Module]:
    """The class of the module that stands at a path."""
    if step is None:
        return torch.nn.ModuleList if path in blueprint.indexed else torch.nn.Module
    if isinstance(step, Scope):
        source = scope_source(blueprint, step)
        return torch.nn.Sequential if source is None else compile_class(*source)
    if step in blueprint.recipes.modules:
        return resolve(blueprint.recipes.modules[step].target)
    return compile_class(*formula_source(blueprint, step))


@cache
def resolve(target: str) -> type[torch.nn.Module]:
    """The class that a dotted name stands for."""
    module, _, name = target.rpartition(".")
    found: type[torch.nn.Module] = getattr(import_module(module), name)
    return found


def _build(blueprint: Blueprint, path: str, step: Node | Scope | None) -> torch.nn.Module:
    made = module_class(blueprint, path, step)
    if isinstance(step, Node):
        recipe = blueprint.recipes.modules.get(step)
        return made(**recipe.arguments) if recipe else made()
    module = made()
    for name, child in blueprint.tree.children[path].items():
        if isinstance(child, Node) and child in blueprint.recipes.tensors:
            _register_tensor(module, name, child, blueprint.recipes.tensors[child])
        elif name in blueprint.modules[path]:
            module.add_module(name, _build(blueprint, f"{path}.{name}" if path else name, child))
    return module


def _register_tensor(module: torch.nn.Module, name: str, node: Node, recipe: TorchTensor) -> None:
    (owned,) = node.parameters().values()
    tensor = torch.empty(owned.shape, dtype=getattr(torch, owned.dtype))
    initialize(tensor, recipe.initializer, recipe.arguments)
    if owned.buffer:
        module.register_buffer(name, tensor)
    else:
        module.register_parameter(name, torch.nn.Parameter(tensor, requires_grad=owned.trainable))
