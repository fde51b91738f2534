"""Puts explanations together, of what the graph says and of what was found on the way to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cached_property
from math import prod
from typing import NamedTuple

from archspec.derivation import Derivation, Passage
from archspec.dims import Dim
from archspec.graph import Graph, Node, Output, Scope, Value, state_key
from archspec.reports import costs, receptive
from archspec.reports.explained.explanation import Cost, Explanation, Given, Read, Tensor
from archspec.reports.explained.products import product
from archspec.source import Span
from archspec.types import TensorType


class Explainer:
    """Explains paths of one network. `passages`: of the layers at those paths, around them, and at the layers that own
    their weights; `inputs`: where the sizes of the model's inputs come from."""

    def __init__(
        self, graph: Graph, passages: Mapping[str, Passage], inputs: Mapping[str, tuple[Derivation, ...]]
    ) -> None:
        self._graph, self._passages, self._inputs = graph, passages, inputs
        self._steps = {step.path: step for step in steps(graph.root)}

    def explain(self, path: str) -> Explanation | None:
        """What there is to say of a path; None where there is nothing."""
        graph = self._graph
        step = self._steps.get(path)
        if isinstance(step, Node):
            return self._layer(step)
        if step is not None:
            return self._scope(step)
        if path in self._passages and self._passages[path].absent:
            return self._absent(path)
        value = next((value for value in graph.inputs if value.name == path), None)
        if value is not None:
            return self._input(value)
        output = next((output for output in graph.outputs if output.name == path), None)
        return self._output(output) if output is not None else None

    def _layer(self, node: Node) -> Explanation:
        written = self._passages.get(node.owner)
        arithmetic = dict(node.op.arithmetic(*node.input_types))
        return Explanation(
            network=self._graph.name,
            path=node.path,
            kind="layer",
            what=_what(node),
            place=node.origin.span,
            passage=self._passages.get(node.path),
            inside=self._inside(node.path),
            owner=node.owner if node.shared else "",
            arguments=written.arguments if written else (),
            reads=_reads(node, node.input_types, node.origin.values),
            gives=tuple(Given(value.name, value.type, {} if value.index else arithmetic) for value in node.outputs),
            requires=self._requires([node]),
            readers=self._readers(node.outputs),
            outputs=self._outputs(node.outputs),
            training_only=node.training_only,
            costs=tuple(self._costs([node], product(node, self._batch))),
            batch=self._batch,
            receptive_field=receptive.sizes(self._fields[node.outputs[0]], receptive.image_of(self._graph)),
            tensors=tuple(_tensors([node], written.init if written else ())),
        )

    def _scope(self, scope: Scope) -> Explanation:
        nodes = list(scope.nodes())
        passage = self._passages.get(scope.path)
        values = (scope.output,) if scope.output is not None else ()
        return Explanation(
            network=self._graph.name,
            path=scope.path,
            kind="scope",
            what=_what(scope),
            place=passage.place if passage else None,
            passage=passage,
            inside=self._inside(scope.path),
            owner=scope.owner if scope.shared else "",
            arguments=tuple(each for call in (passage.calls if passage else ()) for each in call.arguments),
            reads=_reads(scope, [value.type for value in scope.inputs], ()),
            gives=tuple(Given(value.name, value.type, {}) for value in values),
            layers=tuple((step.path, _what(step)) for step in scope.steps),
            requires=self._requires(nodes),
            readers=self._readers(values, but=frozenset(nodes)),
            outputs=self._outputs(values),
            costs=tuple(self._costs(nodes)),
            batch=self._batch,
            tensors=tuple(_tensors(nodes, ())),
        )

    def _absent(self, path: str) -> Explanation:
        passage, value = self._passages[path], self._graph.aliases.get(path)
        return Explanation(
            network=self._graph.name,
            path=path,
            kind="absent",
            what="absent",
            place=passage.place,
            passage=passage,
            inside=self._inside(path),
            stands_for=value.name if value else "",
            gives=(Given(value.name, value.type, {}),) if value else (),
        )

    def _input(self, value: Value) -> Explanation:
        sizes = self._inputs[value.name]
        return Explanation(
            network=self._graph.name,
            path=value.name,
            kind="input",
            what="input",
            place=sizes[0].place if sizes else None,
            arguments=sizes,
            gives=(Given(value.name, value.type, {}),),
            readers=self._readers((value,)),
            outputs=self._outputs((value,)),
        )

    def _output(self, output: Output) -> Explanation:
        return Explanation(
            network=self._graph.name,
            path=output.name,
            kind="output",
            what="output",
            gives=(Given(output.value.name, output.value.type, {}),),
            stands_for=output.value.name,
            training_only=output.training,
        )

    # --- what the whole network adds ------------------------------------------------------------------

    @cached_property
    def _batch(self) -> dict[str, int]:
        return costs.one_of_a_batch(self._graph)

    @cached_property
    def _fields(self) -> dict[Value, receptive.Field | None]:
        return receptive.receptive_fields(self._graph)

    @cached_property
    def _totals(self) -> _Totals:
        weights = costs.weights(self._graph)
        macs = _sum(costs.macs(node, self._batch) for node in self._graph.nodes)
        return _Totals(weights.parameters, weights.bytes, macs, costs.activations(self._graph, self._batch).sum)

    def _costs(self, nodes: Sequence[Node], macs_product: str = "") -> Iterator[Cost]:
        totals, one = self._totals, self._batch
        owned = [tensor for node in nodes if not node.shared for tensor in node.parameters().values()]
        size = sum(prod(tensor.shape) * tensor.dtype.bytes for tensor in owned)
        yield Cost("parameters", sum(map(costs.owned_parameters, nodes)), totals.parameters)
        yield Cost("weight bytes", size, totals.weight_bytes)
        yield Cost("MACs", _sum(costs.macs(node, one) for node in nodes), totals.macs, macs_product)
        amount = _sum(costs.activation_bytes(node, one) for node in nodes)
        yield Cost("activation bytes", amount, totals.activation_bytes)

    def _inside(self, path: str) -> tuple[Passage, ...]:
        return tuple(self._passages[each] for each in _around(path) if each in self._passages)

    def _requires(self, nodes: Iterable[Node]) -> tuple[str, ...]:
        paths = {node.path for node in nodes}
        return tuple(str(each.condition) for each in self._graph.requirements if each.layer in paths)

    def _readers(self, values: Iterable[Value], but: Set[Node] = frozenset()) -> tuple[tuple[str, str], ...]:
        read = {node: None for value in values for node in self._read_by.get(value, ()) if node not in but}
        return tuple((node.path, _what(node)) for node in read)

    @cached_property
    def _read_by(self) -> dict[Value, list[Node]]:
        found: dict[Value, list[Node]] = {}
        for node in self._graph.nodes:
            for value in node.inputs:
                found.setdefault(value, []).append(node)
        return found

    def _outputs(self, values: Iterable[Value]) -> tuple[str, ...]:
        read = set(values)
        return tuple(output.name for output in self._graph.outputs if output.value in read)


class _Totals(NamedTuple):
    parameters: int
    weight_bytes: int
    macs: Dim
    activation_bytes: Dim


def names(graph: Graph) -> Iterator[str]:
    """Every path that can be explained, but for layers that are absent and no alias."""
    yield from (value.name for value in graph.inputs)
    yield from (step.path for step in steps(graph.root))
    yield from graph.aliases
    yield from (output.name for output in graph.outputs)


def watched(graph: Graph, path: str) -> list[str]:
    """The paths to watch for an explanation: of the layer, of what owns its weights, and of the scopes around both."""
    owner = next((step.owner for step in steps(graph.root) if step.path == path), path)
    return [*_around(path), path, *_around(owner), owner]


def steps(scope: Scope) -> Iterator[Node | Scope]:
    """All layers and scopes in a scope, in execution order, a scope before what it holds."""
    for step in scope.steps:
        yield step
        if isinstance(step, Scope):
            yield from steps(step)


def _around(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def _what(step: Node | Scope) -> str:
    if isinstance(step, Node):
        return type(step.op).__name__
    return step.label or ("a list of layers" if step.kind == "list" else "layers")


def _reads(step: Node | Scope, types: Iterable[TensorType], spans: tuple[Span, ...]) -> tuple[Read, ...]:
    """What a layer reads, by what is written (`spans`), or without that."""
    if spans:
        return tuple(map(Read, (value.name for value in step.inputs), types, (span.text for span in spans), spans))
    scope = step.scope if isinstance(step, Node) else step.parent
    assert scope is not None  # the root is no step
    whose = f"the input of {scope.path or 'the network'}"
    return tuple(
        Read(value.name, type_, whose if value in scope.inputs else "the previous layer")
        for value, type_ in zip(step.inputs, types, strict=True)
    )


def _sum(amounts: Iterable[Dim]) -> Dim:
    return sum(amounts, start=0)


def _tensors(nodes: Iterable[Node], init: Iterable[Derivation]) -> Iterator[Tensor]:
    """What the layers own; or, of one that applies another again, what it uses."""
    initialisers = {each.name: each for each in init}
    for node in nodes:
        for name, tensor in node.parameters().items():
            key = state_key(node.owner, name)
            yield Tensor(key, tensor.shape, str(tensor.dtype), tensor.trainable, initialisers.get(name))
