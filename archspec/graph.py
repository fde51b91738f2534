"""The elaborated network: every layer instantiated, named and typed.

A `Graph` lists its nodes in execution order, and holds the tree of scopes that they stand in. A node
or scope has a `path`, its name in the graph, and an `owner`, the path of the module that holds its
weights: they differ where `share` applies a module again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from archspec.diagnostics import Use
from archspec.dims import Condition, System, symbols
from archspec.ops.base import Op, OwnedTensor
from archspec.source import Span
from archspec.types import TensorType

_TRIED = 1000  # solutions of what the layers ask


class Origin(NamedTuple):
    """Where a layer was written: its place, those of its arguments, and the blocks around it."""

    span: Span
    arguments: Mapping[str, Span] = MappingProxyType({})
    values: tuple[Span, ...] = ()  # where each input was named; empty for the implicit previous
    within: tuple[Use, ...] = ()  # the blocks around it, outermost first


@dataclass(slots=True, eq=False)
class Value:
    """A tensor that flows: an output of a node, or, where `node` is None, an input of the model."""

    name: str  # the layer's path, with its number where the layer has several outputs; or the input's name
    type: TensorType
    node: Node | None = None
    index: int = 0

    def __repr__(self) -> str:
        return f"{self.name}: {self.type}"


@dataclass(slots=True, eq=False)
class Node:
    """One application of one op."""

    path: str
    op: Op
    inputs: tuple[Value, ...]
    scope: Scope
    origin: Origin
    owner: str
    outputs: tuple[Value, ...] = ()
    training_only: bool = False  # reaches training outputs and no other
    settled: tuple[TensorType, ...] | None = None  # its inputs' types, where a symbolic size has to be a number

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def input_types(self) -> tuple[TensorType, ...]:
        return self.settled or tuple(value.type for value in self.inputs)

    @property
    def taken(self) -> tuple[Value, ...]:
        """The values that its results are made of; of its other inputs it reads the sizes alone."""
        return self.inputs[: self.op.taken]

    @property
    def shared(self) -> bool:
        """Whether its weights belong to another layer."""
        return self.owner != self.path

    def parameters(self) -> dict[str, OwnedTensor]:
        """The tensors of its op, by their own names; also for a shared node, which doesn't own them."""
        return self.op.parameters(*self.input_types)

    def __repr__(self) -> str:
        return f"{self.path}: {type(self.op).__name__}({', '.join(value.name for value in self.inputs)})"


Kind = Literal["list", "mapping", "block", "spec", "root"]


@dataclass(slots=True, eq=False)
class Scope:
    """A container of layers: one module. `steps` are in execution order."""

    path: str
    kind: Kind
    owner: str
    parent: Scope | None
    inputs: tuple[Value, ...]  # the values it reads as its own inputs
    input_names: tuple[str, ...] = ("x",)
    label: str = ""  # the name of its block or spec
    span: Span | None = None  # where it was written; of the root, nowhere
    order: tuple[str, ...] = ()  # of its first children as modules, where that is not the order in which they run
    steps: list[Node | Scope] = field(default_factory=list)
    output: Value | None = None

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def shared(self) -> bool:
        return self.owner != self.path

    def nodes(self) -> Iterator[Node]:
        """Every node inside, in execution order."""
        for step in self.steps:
            if isinstance(step, Scope):
                yield from step.nodes()
            else:
                yield step

    def __repr__(self) -> str:
        return f"{self.path or '(root)'}: {self.label or self.kind}"


@dataclass(slots=True, eq=False)
class Output:
    """A result of the model."""

    name: str
    value: Value
    training: bool = False  # given in training mode only


class Requirement(NamedTuple):
    """A condition on the symbols of a network, and the layer that asks for it first."""

    condition: Condition
    layer: str
    span: Span


@dataclass(slots=True, eq=False)
class Graph:
    """A whole network without errors."""

    name: str
    inputs: tuple[Value, ...]
    outputs: tuple[Output, ...]
    root: Scope
    nodes: list[Node]  # in execution order
    init: Mapping[str, Any] = field(default_factory=dict)  # op name or layer path -> tensor -> initialiser
    aliases: dict[str, Value] = field(default_factory=dict)  # absent layers: path -> what they stand for
    requirements: tuple[Requirement, ...] = ()  # what its symbols have to satisfy
    declared: Mapping[str, int] = field(default_factory=dict)  # the sizes that its symbols have in the spec itself
    state_dict_version: int = 1  # of torch's `state_dict()._metadata`, which says how old a checkpoint is

    def take_apart(self) -> None:
        """Cut what nodes, values and scopes hold each other by, of a graph that nobody reads any more: it is freed at
        once then, and does not wait for the garbage collector."""
        scopes = [self.root]
        for scope in scopes:
            scopes += [step for step in scope.steps if isinstance(step, Scope)]
            scope.steps, scope.inputs, scope.output = [], (), None
        for node in self.nodes:
            node.outputs = ()
        self.nodes.clear()
        self.aliases.clear()
        self.outputs = ()

    def takes(self, sizes: Mapping[str, int]) -> bool:
        """Whether these sizes satisfy what the layers ask of symbols."""
        return all(each.condition.at(**sizes) for each in self.requirements)

    def solutions(self, otherwise: int) -> Iterator[dict[str, int]]:
        """Sizes for all symbols of the inputs that may satisfy what the layers ask: those that the spec itself
        gives, then others; `otherwise` for symbols of which nothing is asked."""
        names = sorted({name for value in self.inputs for size in value.type.shape for name in symbols(size)})
        system = System(each.condition for each in self.requirements)
        for found in chain([self.declared], islice(system.examples(), _TRIED)):
            yield {name: found.get(name, otherwise) for name in names}

    def owned(self) -> Iterator[tuple[str, Node, OwnedTensor]]:
        """Every tensor of the model once, with its state_dict key and the node that owns it."""
        for node in self.nodes:
            if not node.shared:
                for name, tensor in node.parameters().items():
                    yield state_key(node.owner, name), node, tensor


def state_key(owner: str, name: str) -> str:
    """The state_dict key of a layer's tensor; an owned tensor itself (`Parameter`) has no name below its path."""
    return f"{owner}.{name}" if name else owner
