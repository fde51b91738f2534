"""What a user has changed in a module since it was built: `model.fc = nn.Linear(512, 5)`."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from inspect import signature
from typing import Any

import torch

from archspec.backends.torch.build import module_class
from archspec.backends.torch.plan import Blueprint
from archspec.graph import Graph, Node, Scope

_WITHOUT_EFFECT = ("inplace", "device", "dtype")  # arguments that change no result


class ModuleChanged(Exception):
    """A module is no longer what its graph says, in a way that new arguments of its op cannot express."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path or 'the model'} {message}")
        self.path = path
        self.message = message


def changed_arguments(
    model: torch.nn.Module, graph: Graph, among: Container[str] | None = None
) -> dict[str, dict[str, Any]]:
    """The layers whose module is another one of the same op: by path, the arguments that differ from those it was
    built with. Raises ModuleChanged where a module is missing, new, or of another class. `among`: the paths of the
    modules that are looked at."""
    blueprint = Blueprint(graph)
    changes: dict[str, dict[str, Any]] = {}
    _compare(blueprint, "", graph.root, model, changes, among)
    return changes


def _compare(
    blueprint: Blueprint,
    path: str,
    step: Node | Scope | None,
    module: torch.nn.Module,
    changes: dict[str, dict[str, Any]],
    among: Container[str] | None,
) -> None:
    built = module_class(blueprint, path, step)
    if type(module) is not built:
        now, then = type(module).__name__, built.__name__
        raise ModuleChanged(path, f"is {now} now, and was {then}" if now != then else f"is another {now} now")
    if isinstance(step, Node):
        found = _arguments(blueprint, step, built, module)
        if found:
            changes[path] = found
        return
    known = blueprint.modules[path]
    children = {name: child for name, child in module._modules.items() if child is not None}
    for name, child in children.items():
        if name not in known:
            raise ModuleChanged(_join(path, name), f"is {type(child).__name__}, which the spec does not have")
    for name, below in known.items():
        if among is not None and _join(path, name) not in among:
            continue
        if name not in children:
            raise ModuleChanged(_join(path, name), "is missing")
        _compare(blueprint, _join(path, name), below, children[name], changes, among)
    for name, below in blueprint.tree.children[path].items():
        if isinstance(below, Node) and below in blueprint.recipes.tensors:
            found = _tensor_arguments(below, getattr(module, name, None))
            if found:
                changes[_join(path, name)] = found


def _arguments(
    blueprint: Blueprint, node: Node, built: type[torch.nn.Module], module: torch.nn.Module
) -> dict[str, Any]:
    """The arguments in which a layer's module differs from what its recipe makes. With these arguments, a fresh
    module has to agree with it in everything, the shapes of its tensors included."""
    recipe = blueprint.recipes.modules.get(node)
    if recipe is None:
        return {}
    op = type(node.op)
    fields = [*op.model_fields, *(field for field in signature(built).parameters if field not in op.model_fields)]
    differing = _differences(module, _reference(built, recipe.arguments), fields)
    changed = {field: value for field, value in differing.items() if field in op.model_fields}
    reference = _reference(built, {**recipe.arguments, **changed}) if changed else _reference(built, recipe.arguments)
    for field in _differences(module, reference, fields):
        raise ModuleChanged(node.path, f"has another {field} now, an argument that the op {op.__name__} does not have")
    if _shapes(module) != _shapes(reference):
        raise ModuleChanged(node.path, f"has other tensors now than {built.__name__} of its arguments")
    return changed


def _reference(built: type[torch.nn.Module], arguments: Mapping[str, Any]) -> torch.nn.Module:
    with torch.device("meta"):
        return built(**arguments)


def _differences(module: torch.nn.Module, reference: torch.nn.Module, fields: Iterable[str]) -> dict[str, Any]:
    """The arguments of a module that differ from those of another one of its class. Modules keep their
    arguments as attributes: sizes as one number or a tuple, and a tensor or None for `bias`."""
    differing: dict[str, Any] = {}
    for field in fields:
        now, then = getattr(module, field, None), getattr(reference, field, None)
        if isinstance(now, torch.Tensor) or isinstance(then, torch.Tensor):
            now, then = now is not None, then is not None
        if field not in _WITHOUT_EFFECT and not _same(now, then):
            differing[field] = list(now) if isinstance(now, tuple) else now
    return differing


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return list(one) == list(other)
    if isinstance(one, tuple | list):
        return all(item == other for item in one)
    if isinstance(other, tuple | list):
        return all(one == item for item in other)
    return bool(one == other)


def _shapes(module: torch.nn.Module) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in module.state_dict().items()}


def _tensor_arguments(node: Node, tensor: object) -> dict[str, Any]:
    (owned,) = node.parameters().values()
    if not isinstance(tensor, torch.Tensor):
        raise ModuleChanged(node.path, "is missing")
    return {} if tuple(tensor.shape) == owned.shape else {"shape": list(tensor.shape)}


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
