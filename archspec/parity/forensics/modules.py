"""Whether a module still computes what its graph says, and numbers at all: its forwards may have been replaced since it
was built, and its tensors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from archspec.backends.torch import build_module, module_at, run_values
from archspec.graph import Graph, Node, Scope
from archspec.parity.forensics.layers import Tensors, distance, run_alone
from archspec.parity.runs import run_torch

_SAME = 1e-5  # the relative L2 of two runs that are to agree


def strange_layer(graph: Graph, layer: Node, module: nn.Module, values: Tensors) -> bool:
    """Whether a layer of the module gives other values than one that is built from the graph, with its tensors."""
    with torch.device("meta"):  # it takes over the tensors, and needs no memory of its own
        built = build_module(graph).eval()
    built.load_state_dict(module.state_dict(), assign=True)
    found, expected = (run_alone(graph, layer, each, values) for each in (module, built))
    return any(distance(found[name].numpy(), expected[name].numpy()) > _SAME for name in expected)


def strange_scope(graph: Graph, module: nn.Module, inputs: Sequence[Tensor]) -> Scope | None:
    """Where the module gives other outputs than its layers do, run one by one in the order of the graph: the first
    scope whose own result is another, the innermost first; the whole network where that shows at its end alone."""
    given = {value.name: tensor for value, tensor in zip(graph.inputs, inputs, strict=True)}
    with torch.no_grad():
        values = {name: tensor.detach() for name, tensor in run_values(module, graph, given).items()}
    expected = [values[output.value.name].numpy() for output in graph.outputs if not output.training]
    strange: list[Scope] = []
    hooks = [_watch(module, scope, values, strange) for scope in _applied_once(graph.root)]
    try:
        found = run_torch(module, inputs)
    finally:
        for hook in hooks:
            hook.remove()
    if all(distance(array, reference) <= _SAME for array, reference in zip(found, expected, strict=True)):
        return None
    return strange[0] if strange else graph.root


def no_numbers(graph: Graph, module: nn.Module, inputs: Sequence[Tensor]) -> Node | None:
    """Where numbers end that the module's outputs lack: the first layer that gives a NaN, else an infinity. (A mask may
    hold infinities, of which none is left at the end.)"""
    if all(np.isfinite(array).all() for array in run_torch(module, inputs)):
        return None
    given = {value.name: tensor for value, tensor in zip(graph.inputs, inputs, strict=True)}
    with torch.no_grad():
        values = run_values(module, graph, given)
    made = [(layer, values[value.name]) for layer in graph.nodes for value in layer.outputs if value.name in values]
    return next((layer for lacks in (torch.isnan, torch.isinf) for layer, tensor in made if lacks(tensor).any()), None)


def _watch(module: nn.Module, scope: Scope, values: Tensors, strange: list[Scope]) -> Any:
    """Note a scope as strange when its module has given another value; handle of the hook."""

    def compare(_module: nn.Module, _inputs: Any, result: Any) -> None:
        expected = values.get(scope.output.name) if scope.output is not None else None
        if isinstance(result, Tensor) and expected is not None and distance(result.numpy(), expected.numpy()) > _SAME:
            strange.append(scope)

    return module_at(module, scope.path).register_forward_hook(compare)


def _applied_once(root: Scope) -> Iterator[Scope]:
    """All scopes below the root but those whose module serves another one too."""
    scopes = list(_below(root))
    uses = Counter(scope.owner for scope in scopes)
    return (scope for scope in scopes if uses[scope.owner] == 1)


def _below(scope: Scope) -> Iterator[Scope]:
    for step in scope.steps:
        if isinstance(step, Scope):
            yield step
            yield from _below(step)
