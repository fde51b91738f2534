"""Graph + taps -> a module that gives inner values, made of the modules that a model has already.

The graph stays as it is, with the taps as its outputs: the plans then call what the taps depend on, and a scope whose
inner value is tapped is opened. Modules that no plan reaches are left out, and those that it reaches are the model's
own, as whole scopes wherever the model's scope is what the plan asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import torch

from archspec.backends.torch.build import module_class
from archspec.backends.torch.dataflow import Dataflow
from archspec.backends.torch.plan import Blueprint, Call
from archspec.graph import Graph, Node, Output, Scope, Value


class TappedBlueprint(Blueprint):
    """The modules that taps need. `called`: the paths of those that are called, `reached`: with all that stand in
    them and around them, and the owned tensors that are read."""

    by_name: ClassVar[bool] = True

    def __init__(self, graph: Graph, taps: Sequence[Output]) -> None:
        self._tapped = {output.value for output in taps}
        super().__init__(replace(graph, name=f"{graph.name}-features", outputs=tuple(taps)))

    @cached_property
    def called(self) -> set[str]:
        found = {""}
        waiting = [""]
        while waiting:
            path = waiting.pop()
            new = [each for each in self._modules_called(path) if each not in found]
            found.update(new)
            waiting += new
        return found

    @cached_property
    def reached(self) -> set[str]:
        plans = [self.plans[path] for path in self.called if path in self.plans]
        tensors = {path for plan in plans for slot, path in plan.tensors.items() if slot in plan.read}
        return {around for path in self.called | tensors for around in _and_around(path)}

    def _modules_called(self, path: str) -> Iterator[str]:
        plan = self.plans.get(path)
        if plan is not None and plan.sequential:
            yield from (f"{path}.{name}" if path else name for name in self.tree.children[path])
        elif plan is not None:
            yield from (call.module for call in plan.calls if call.module is not None)

    def _modules(self, path: str) -> dict[str, Node | Scope | None]:
        prefix = f"{path}." if path else ""
        return {name: step for name, step in super()._modules(path).items() if f"{prefix}{name}" in self.reached}

    def _call(self, step: Node | Scope, flow: Dataflow) -> Call:
        """A layer that works in place would overwrite what is tapped: it gets a copy."""
        call = super()._call(step, flow)
        if flow.scope.parent is None:
            overwritten = set(self._overwritten(step))
            for number, (value,) in enumerate(call.reads):
                if value in overwritten:
                    call = call._replace(source=call.source.replace(f"{{{number}}}", f"{{{number}}}.clone()"))
        return call

    def _overwritten(self, step: Node | Scope) -> Iterator[Value]:
        """The values that come into a step and are overwritten there, if they are tapped or views of what is."""
        inside = {step} if isinstance(step, Node) else set(step.nodes())
        for node in inside:
            if getattr(node.op, "inplace", False):
                seen = list(_views(node.inputs[0]))
                if not self._tapped.isdisjoint(seen):
                    yield from (value for value in seen if value.node not in inside)


def tapped_module(model: torch.nn.Module, graph: Graph, taps: Sequence[Output]) -> torch.nn.Module:
    """A module that gives the values of `taps` by their names, and shares the modules of a model of this graph."""
    return _assembled(TappedBlueprint(graph, taps), "", graph.root, model)


def _assembled(
    blueprint: TappedBlueprint, path: str, step: Node | Scope | None, own: torch.nn.Module
) -> torch.nn.Module:
    """The model's own module at a path; where only parts of it are needed, another one that holds these."""
    if isinstance(step, Node):
        return own
    made = module_class(blueprint, path, step if path in blueprint.called else None)
    prefix = f"{path}." if path else ""
    children = {
        name: _assembled(blueprint, f"{prefix}{name}", child, own.get_submodule(name))
        for name, child in blueprint.modules[path].items()
    }
    if type(own) is made and children == own._modules:
        return own
    holder = made()
    holder.training = own.training
    for name in blueprint.tree.children[path]:
        if name in children:
            holder.add_module(name, children[name])
        elif f"{prefix}{name}" in blueprint.reached:
            _share_tensor(holder, name, own)
    return holder


def _share_tensor(holder: torch.nn.Module, name: str, own: torch.nn.Module) -> None:
    if name in own._parameters:
        holder.register_parameter(name, own._parameters[name])
    else:
        holder.register_buffer(name, own._buffers[name])


def _and_around(path: str) -> Iterator[str]:
    """A path, and those that it stands in."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def _views(value: Value) -> Iterator[Value]:
    """A value and what it is a view of."""
    yield value
    while value.node is not None and value.node.op.view and value.node.inputs:
        value = value.node.inputs[0]
        yield value
