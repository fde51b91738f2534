"""The summary of a network: its layers with their shapes and costs, and its totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from shutil import get_terminal_size
from typing import Any, Literal, TypeAlias

from archspec.dims import Dim
from archspec.graph import Graph, Node, Scope
from archspec.render import printable
from archspec.reports import costs, receptive, tables
from archspec.types import TensorType

Receptive: TypeAlias = tuple[Dim, ...] | Literal["whole"] | None
"""Pixels along each spatial axis of the model's first image; all of it; or nothing of it, or not known."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One application of an op, and what it costs by itself: a layer that applies another one's weights
    again (`shares`) owns no parameters, and one that runs in training only counts no MACs."""

    path: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[TensorType, ...]
    params: int
    macs: Dim
    receptive_field: Receptive
    shares: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The JSON form; `output_shape` is a list of shapes where there are several outputs."""
        shapes = [_shape(type_) for type_ in self.outputs]
        field = self.receptive_field
        return {
            "path": self.path,
            "op": self.op,
            "inputs": list(self.inputs),
            "output_shape": shapes[0] if len(shapes) == 1 else shapes,
            "params": self.params,
            "macs": _plain(self.macs),
            "receptive_field": [_plain(size) for size in field] if isinstance(field, tuple) else field,
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """What a network is made of, and what it costs at the sizes of `batch`: N = 1."""

    name: str
    inputs: Mapping[str, TensorType]
    outputs: Mapping[str, TensorType]
    training_outputs: frozenset[str]
    weights: costs.Weights
    batch: Mapping[str, int]
    macs: Dim
    activations: costs.Activations
    layers: tuple[Layer, ...]
    root: Scope = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The JSON form: symbolic sizes as text, N among the shapes' too."""
        return {
            "name": self.name,
            "inputs": {name: _type(type_) for name, type_ in self.inputs.items()},
            "outputs": {
                name: {**_type(type_), "training": name in self.training_outputs}
                for name, type_ in self.outputs.items()
            },
            "params": {"total": self.weights.parameters, "trainable": self.weights.trainable},
            "buffers": self.weights.buffers,
            "macs": _plain(self.macs),
            "weight_bytes": self.weights.bytes,
            "activation_bytes": {"sum": _plain(self.activations.sum), "peak": _plain(*self.activations.peak)},
            "layers": [layer.as_dict() for layer in self.layers],
        }

    def text(self, width: int | None = None, depth: int | None = None, color: bool = False) -> str:
        """For a terminal, `width` columns wide (none given: as wide as this one). `depth` as in `rows`."""
        width = width or get_terminal_size().columns
        table = tables.text(self.rows(depth), width, color)
        return "\n".join([self._head(width), "", table, tables.totals(self._totals())])

    def markdown(self, depth: int | None = None) -> str:
        """The table, and the totals as a list."""
        totals = [f"- {what}: {tables.exact(*sizes)} {remark}".rstrip() for what, sizes, remark in self._totals()]
        return "\n".join([f"### {self.name}", "", tables.markdown(self.rows(depth)), "", *totals])

    def csv(self, depth: int | None = None) -> str:
        """The table alone."""
        return tables.csv(self.rows(depth))

    def _repr_html_(self) -> str:
        from html import escape

        head, totals = self._head(width=120), tables.totals(self._totals())
        return f"<pre>{escape(head)}</pre>\n{tables.html(self.rows())}\n<pre>{escape(totals)}</pre>"

    def __str__(self) -> str:
        return self.text()

    def rows(self, depth: int | None = None) -> list[tables.Row]:
        """A row for each layer and scope, as they nest, in execution order. With `depth`, a scope that
        deep (1: the outermost) has one row for everything in it."""
        return list(_rows(self.root, 1, depth, {layer.path: layer for layer in self.layers}))

    def _head(self, width: int) -> str:
        """The name, and below it what goes in and comes out."""
        lines = [["  in", printable(name), str(type_), type_.dtype, ""] for name, type_ in self.inputs.items()]
        for name, type_ in self.outputs.items():
            when = "in training only" if name in self.training_outputs else ""
            lines.append(["  out", printable(name), str(type_), type_.dtype, when])
        return "\n".join([printable(self.name), *tables.aligned(lines, width, left=5)])

    def _totals(self) -> list[tables.Total]:
        weights, activations = self.weights, self.activations
        trainable = "all" if weights.trainable == weights.parameters else tables.exact(weights.trainable)
        batch = [f"{name} = {size}" for name, size in self.batch.items()]
        macs = [tables.short(self.macs)] if isinstance(self.macs, int) else []
        return [
            ("parameters", (weights.parameters,), f"{trainable} trainable"),
            ("buffers", (weights.buffers,), ""),
            ("weights", (weights.bytes,), tables.in_bytes(weights.bytes)),
            ("MACs", (self.macs,), ", ".join([*macs, *batch])),
            ("activations, sum", (activations.sum,), ", ".join([tables.in_bytes(activations.sum), *batch])),
            ("activations, peak", activations.peak, ", ".join([tables.in_bytes(*activations.peak), *batch])),
        ]


def summarize(graph: Graph) -> Summary:
    """Everything the summary says, from the graph alone."""
    one = costs.one_of_a_batch(graph)
    fields = receptive.receptive_fields(graph)
    image = receptive.image_of(graph)
    layers = tuple(_layer(node, one, receptive.sizes(fields[node.outputs[0]], image)) for node in graph.nodes)
    return Summary(
        name=graph.name,
        inputs={value.name: value.type for value in graph.inputs},
        outputs={output.name: output.value.type for output in graph.outputs},
        training_outputs=frozenset(output.name for output in graph.outputs if output.training),
        weights=costs.weights(graph),
        batch=one,
        macs=sum((layer.macs for layer in layers), start=0),
        activations=costs.activations(graph, one),
        layers=layers,
        root=graph.root,
    )


def _layer(node: Node, one: Mapping[str, int], field: Receptive) -> Layer:
    return Layer(
        path=node.path,
        op=type(node.op).__name__,
        inputs=tuple(value.name for value in node.inputs),
        outputs=tuple(value.type for value in node.outputs),
        params=costs.owned_parameters(node),
        macs=costs.macs(node, one),
        receptive_field=field,
        shares=node.owner if node.shared else None,
    )


def _rows(scope: Scope, level: int, depth: int | None, layers: Mapping[str, Layer]) -> Iterator[tables.Row]:
    for step in scope.steps:
        name = step.path.removeprefix(f"{scope.path}.")
        if isinstance(step, Node):
            yield _row(layers[step.path], level, name)
        elif depth is not None and level >= depth:
            yield _sum(step, level, name, [layers[node.path] for node in step.nodes()], layers)
        else:
            yield tables.Row(level, name, step.path, step.label, "", 0, 0, "", kind="head")
            yield from _rows(step, level + 1, depth, layers)


def _row(layer: Layer, level: int, name: str) -> tables.Row:
    shapes = ", ".join(map(str, layer.outputs))
    field = _pixels(layer.receptive_field)
    return tables.Row(
        level, name, layer.path, layer.op, shapes, layer.params, layer.macs, field, layer.shares is not None
    )


def _sum(scope: Scope, level: int, name: str, inside: list[Layer], layers: Mapping[str, Layer]) -> tables.Row:
    """Everything in a scope; shape and field are those of its output."""
    output = scope.output
    shape = str(output.type) if output else ""
    field = _pixels(layers[output.node.path].receptive_field) if output and output.node else ""
    macs: Dim = sum((layer.macs for layer in inside), start=0)
    params = sum(layer.params for layer in inside)
    return tables.Row(level, name, scope.path, scope.label, shape, params, macs, field, kind="sum")


def _plain(*sizes: Dim) -> int | str:
    """The largest of sizes as JSON has it: a number, or text where it depends on symbols."""
    return sizes[0] if len(sizes) == 1 and isinstance(sizes[0], int) else tables.formula(*sizes)


def _shape(type_: TensorType) -> list[int | str]:
    return [_plain(size) for size in type_.shape]


def _type(type_: TensorType) -> dict[str, Any]:
    return {"shape": _shape(type_), "dtype": str(type_.dtype)}


def _pixels(field: Receptive) -> str:
    """A field as tables have it: one number where all axes agree."""
    if not isinstance(field, tuple):
        return field or ""
    return str(field[0]) if len(set(field)) == 1 else " x ".join(map(str, field))
