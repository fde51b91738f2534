"""How much memory an inference takes: measured in torch, and by simulations that hold every tensor in mind.

None of it shares a line with archspec/reports/costs.py: which results share memory, and how many bytes they
take, is asked of torch's own tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Any, TypeAlias

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from archspec.backends.torch.plan import Blueprint
from archspec.backends.torch.variables import name_results
from archspec.graph import Graph, Node, Scope, Value
from tests.reports.nets import run

Storage: TypeAlias = tuple[int, int]
"""Where in memory it lies, and how many bytes it has."""


def image_tensors(graph: Graph) -> dict[str, torch.Tensor]:
    return {value.name: torch.rand([1, *map(int, value.type.shape[1:])]) for value in graph.inputs}  # type: ignore[arg-type]


class EagerMemory(TorchDispatchMode):
    """The most bytes of tensors that are alive while a model runs: before each kernel, those of every storage that
    Python still holds, weights apart, and after it those that it has added for good. What a kernel makes and drops
    by itself (the indices of a max pooling, the statistics of a normalisation) is scratch, and not counted."""

    def __init__(self, model: torch.nn.Module, inputs: Iterable[torch.Tensor]) -> None:
        super().__init__()
        self._ignored = {tensor.untyped_storage()._cdata for tensor in (*model.parameters(), *model.buffers())}
        self._alive: dict[int, tuple[StorageWeakRef, int]] = {}
        self._note(inputs)
        self._last: tuple[int, set[int]] = (self._bytes(self._alive), set())
        self.peak = 0

    def __torch_dispatch__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.settle()
        before = self._bytes(self._alive)
        result = func(*args, **(kwargs or {}))
        self._last = before, self._note(leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor))
        return result

    def settle(self) -> None:
        """Count what the last kernel has added; the results of the model have to be held meanwhile."""
        self._alive = {key: entry for key, entry in self._alive.items() if not entry[0].expired()}
        before, added = self._last
        self.peak = max(self.peak, before + self._bytes(added & self._alive.keys()))

    def _note(self, tensors: Iterable[torch.Tensor]) -> set[int]:
        new = {tensor.untyped_storage()._cdata: tensor.untyped_storage() for tensor in tensors}
        new = {key: storage for key, storage in new.items() if key not in self._ignored and key not in self._alive}
        self._alive.update((key, (StorageWeakRef(storage), storage.nbytes())) for key, storage in new.items())
        return set(new)

    def _bytes(self, keys: Iterable[int]) -> int:
        return sum(self._alive[key][1] for key in keys)


def measured_peak(model: torch.nn.Module, graph: Graph) -> int:
    """The most bytes alive during an eager forward in evaluation mode."""
    inputs = list(image_tensors(graph).values())
    with torch.no_grad(), EagerMemory(model.eval(), inputs) as memory:
        result = model(*inputs)
        memory.settle()
    del result
    return memory.peak


def simulated_peak(graph: Graph, held: Mapping[Value, float] | None = None) -> int:
    """The most bytes alive while a layer runs, where a tensor lives until its last reader has run, or to the end as
    an output; and at least until the step that `held` says. Layers that run in training only don't."""
    layers, storages, weights = run_in_torch(graph)
    made = dict.fromkeys(graph.inputs, -1) | {value: step for step, node in enumerate(layers) for value in node.outputs}
    last: dict[Value, float] = dict(held or {})
    for step, node in enumerate(layers):
        last |= {value: max(step, last.get(value, -1)) for value in (*node.inputs, *node.outputs)}
    last |= {output.value: inf for output in graph.outputs if not output.training}
    peak = 0
    for step in range(-1, len(layers)):
        alive = {storages[value] for value in made if made[value] <= step <= last.get(value, -inf)}
        peak = max(peak, sum(size for _, size in alive - weights))
    return peak


def simulated_sum(graph: Graph) -> int:
    """The bytes of all results, each storage once, that are neither inputs nor weights."""
    _, storages, weights = run_in_torch(graph)
    inputs = {storages[value] for value in graph.inputs}
    return sum(size for _, size in set(storages.values()) - weights - inputs)


def run_in_torch(graph: Graph) -> tuple[list[Node], dict[Value, Storage], set[Storage]]:
    """The layers that run in evaluation, the storage of every value, and those that are weights."""
    layers = [node for node in graph.nodes if not node.training_only]
    tensors = run(Graph(graph.name, graph.inputs, (), graph.root, layers), image_tensors(graph))
    values = [*graph.inputs, *(value for node in layers for value in node.outputs)]
    storages = {value: place(tensors[value.name].untyped_storage()) for value in values}
    weights = {storages[value] for node in layers if not node.inputs for value in node.outputs}
    return layers, storages, weights


def place(storage: torch.UntypedStorage) -> Storage:
    return storage.data_ptr(), storage.nbytes()


def held_by_frames(graph: Graph) -> dict[Value, float]:
    """Until which step Python holds a value in an eager forward, read or not: the caller holds the model's inputs;
    the call of a module holds what it is called with until it returns; and a variable of a forward holds its
    value until the statement that assigns the next one is done, or until the forward returns."""
    blueprint = Blueprint(graph)
    layers = [node for node in graph.nodes if not node.training_only]
    step_of = {node: step for step, node in enumerate(layers)}
    held: dict[Value, float] = dict.fromkeys(graph.inputs, inf)

    def end(part: Node | Scope) -> int:
        nodes = [part] if isinstance(part, Node) else part.nodes()
        return max(step_of.get(node, -1) for node in nodes)

    def hold(value: Value, until: float) -> None:
        held[value] = max(until, held.get(value, -1))

    scopes = {scope.path: scope for scope in all_scopes(graph.root)}
    for scope in scopes.values():
        plan = blueprint.plans[scope.path]
        for slot in (*plan.inputs, *plan.captured):
            hold(slot[0], end(scope))
        if plan.sequential:
            continue
        parameters = {slot: name for slot, name in zip(plan.inputs, scope.input_names, strict=True) if scope.parent}
        targets = name_results(plan, parameters)
        inner = {path: each for path, each in scopes.items() if path}
        calls = [inner.get(call.module or "") or call.results[0][0].node for call in plan.assignments]
        for number, call in enumerate(plan.assignments):
            later = [k for k in range(number + 1, len(targets)) if targets[k] == targets[number]]
            over = calls[later[0]] if later else scope
            assert over is not None
            for slot in call.results:
                hold(slot[0], end(over))
    return held


def all_scopes(scope: Scope) -> list[Scope]:
    inner = [each for step in scope.steps if isinstance(step, Scope) for each in all_scopes(step)]
    return [scope, *inner]
