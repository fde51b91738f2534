"""The summary of a network: its layers with their shapes and costs, and its totals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from operator import itemgetter
from shutil import get_terminal_size
from typing import Any, Literal, TypeAlias

from archspec.dims import Dim
from archspec.graph import Graph, Node, Scope, Value
from archspec.render import printable
from archspec.reports import costs, layers, receptive, tables
from archspec.reports.figures import NAMELESS, Legend, exact, in_bytes, plain, short, times
from archspec.reports.layers import Row
from archspec.reports.rollup import Per, Rollup, roll_up
from archspec.types import TensorType

Receptive: TypeAlias = tuple[Dim, ...] | Literal["whole"] | None
"""Pixels along each spatial axis of the model's first image; all of it; or nothing of it, or not known."""

_PAGE = 120  # columns, in a notebook


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
    activation_bytes: Dim
    receptive_field: Receptive
    receptive_stride: list[Fraction | None] | None = None
    receptive_start: list[int | None] | None = None
    shares: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The JSON form; `output_shape` is a list of shapes where there are several outputs, and a fraction is text."""
        shapes = [_shape(type_) for type_ in self.outputs]
        field, stride = self.receptive_field, self.receptive_stride
        return {
            "path": self.path,
            "op": self.op,
            "inputs": list(self.inputs),
            "output_shape": shapes[0] if len(shapes) == 1 else shapes,
            "params": self.params,
            "macs": plain(self.macs),
            "activation_bytes": plain(self.activation_bytes),
            "receptive_field": [plain(size) for size in field] if isinstance(field, tuple) else field,
            "receptive_stride": stride and [_whole_or_text(step) for step in stride],
            "receptive_start": self.receptive_start,
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
    notes: tuple[str, ...]
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
            "macs": plain(self.macs),
            "weight_bytes": self.weights.bytes,
            "weight_bytes_by_dtype": {str(dtype): size for dtype, size in self.weights.bytes_by_dtype.items()},
            "activation_bytes": {"sum": plain(self.activations.sum), "peak": plain(*self.activations.peak)},
            "layers": [layer.as_dict() for layer in self.layers],
            "notes": list(self.notes),
        }

    def per(self, per: Per) -> Rollup:
        """The costs added up by block or by op."""
        return roll_up(self, per)

    @property
    def legend(self) -> Legend:
        """Names for the floors in the layers' sizes."""
        return Legend(size for layer in self.layers for type_ in layer.outputs for size in type_.shape)

    def text(self, width: int | None = None, depth: int | None = None, color: bool = False) -> str:
        """For a terminal, `width` columns wide (none given: as wide as this one). `depth` as in `rows`."""
        width, legend = width or get_terminal_size().columns, self.legend
        table = layers.text(self.rows(depth), legend, width, color)
        return "\n".join([self._head(legend, width), "", table, self._foot(legend, width)])

    def markdown(self, depth: int | None = None) -> str:
        """The table, and the totals as a list."""
        legend = self.legend
        table = tables.markdown(layers.table(self.rows(depth), legend))
        names = [f"- {line}" for line in legend.lines(width=0)]
        totals = [
            f"- {what}: {exact(*sizes, legend=legend)} {remark}".rstrip() for what, sizes, remark in self._totals()
        ]
        notes = [f"- note: {note}" for note in self.notes]
        return "\n".join([f"### {self.name}", "", table, "", *names, *totals, *notes])

    def csv(self, depth: int | None = None) -> str:
        """The table alone."""
        return layers.csv(self.rows(depth))

    def _repr_html_(self) -> str:
        from html import escape

        legend = self.legend
        table = tables.html(layers.table(self.rows(), legend))
        head, foot = self._head(legend, _PAGE), self._foot(legend, _PAGE)
        return f"<pre>{escape(head)}</pre>\n{table}\n<pre>{escape(foot)}</pre>"

    def __str__(self) -> str:
        return self.text()

    def rows(self, depth: int | None = None) -> list[Row]:
        """A row for each layer and scope, as they nest, in execution order. With `depth`, a scope that
        deep (1: the outermost) has one row for everything in it."""
        return list(layers.rows(self.root, {layer.path: layer for layer in self.layers}, depth))

    def _foot(self, legend: Legend, width: int) -> str:
        """What names stand for, the totals, and the notes."""
        names = legend.lines(width)
        totals = [(what, tuple(map(legend, sizes)), remark) for what, sizes, remark in self._totals()]
        rule = ["-" * max(map(len, names))] if names else []
        return "\n".join([*names, *rule, tables.totals(totals, width), *(f"note: {note}" for note in self.notes)])

    def _head(self, legend: Legend, width: int) -> str:
        """The name, and below it what goes in and comes out: in full where that fits."""
        full, named = self._ends(NAMELESS), self._ends(legend)
        lines = full if tables.width_of(full) <= width else named
        return "\n".join([printable(self.name), *tables.aligned(lines, width, left=5)])

    def _ends(self, legend: Legend) -> list[tuple[str, ...]]:
        inputs = [("  in", name, type_, "") for name, type_ in self.inputs.items()]
        outputs = [
            ("  out", name, type_, "in training only" if name in self.training_outputs else "")
            for name, type_ in self.outputs.items()
        ]
        return [
            (way, printable(name), times(type_.shape, legend), type_.dtype, when)
            for way, name, type_, when in (*inputs, *outputs)
        ]

    def _totals(self) -> list[tables.Total]:
        weights, activations = self.weights, self.activations
        trainable = "all" if weights.trainable == weights.parameters else exact(weights.trainable)
        batch = [f"{name} = {size}" for name, size in self.batch.items()]
        at_one = ["at " + ", ".join(batch)] if batch else []
        macs = [short(self.macs), *batch] if isinstance(self.macs, int) else at_one
        others = sorted(weights.bytes_by_dtype.items(), key=itemgetter(1), reverse=True)[1:]
        of_them = [f"{exact(size)} of them {dtype}" for dtype, size in others]
        return [
            ("parameters", (weights.parameters,), f"{trainable} trainable"),
            ("buffers", (weights.buffers,), ""),
            ("weights", (weights.bytes,), ", ".join([in_bytes(weights.bytes), *of_them])),
            ("MACs", (self.macs,), ", ".join(macs)),
            ("activations, sum", (activations.sum,), ", ".join([in_bytes(activations.sum), *batch])),
            ("activations, peak", activations.peak, ", ".join([in_bytes(*activations.peak), *batch])),
        ]


def summarize(graph: Graph) -> Summary:
    """Everything the summary says, from the graph alone."""
    one = costs.one_of_a_batch(graph)
    fields = receptive.receptive_fields(graph)
    image = receptive.image_of(graph)
    layers = tuple(_layer(node, one, fields[node.outputs[0]], image) for node in graph.nodes)
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
        notes=tuple(_out_of_step(node, steps) for node, steps in receptive.misaligned(graph, fields)),
        root=graph.root,
    )


def _out_of_step(node: Node, steps: Iterable[Fraction]) -> str:
    pixels = " and ".join(map(str, steps))
    path = printable(node.path)
    return f"`{path}` reads values whose positions go in steps of {pixels} pixels: no field from there on"


def _layer(node: Node, one: Mapping[str, int], field: receptive.Field | None, image: Value | None) -> Layer:
    return Layer(
        path=node.path,
        op=type(node.op).__name__,
        inputs=tuple(value.name for value in node.inputs),
        outputs=tuple(value.type for value in node.outputs),
        params=costs.owned_parameters(node),
        macs=costs.macs(node, one),
        activation_bytes=costs.activation_bytes(node, one),
        receptive_field=receptive.sizes(field, image),
        receptive_stride=receptive.steps(field),
        receptive_start=receptive.starts(field),
        shares=node.owner if node.shared else None,
    )


def _shape(type_: TensorType) -> list[int | str]:
    return [plain(size) for size in type_.shape]


def _whole_or_text(step: Fraction | None) -> int | str | None:
    return step if step is None else step.numerator if step.denominator == 1 else str(step)


def _type(type_: TensorType) -> dict[str, Any]:
    return {"shape": _shape(type_), "dtype": str(type_.dtype)}
