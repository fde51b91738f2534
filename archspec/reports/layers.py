"""The summary's table: a row for each layer and scope."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from archspec.dims import Dim
from archspec.graph import Node, Scope
from archspec.render import BOLD, DIM, printable
from archspec.reports import tables
from archspec.reports.figures import NAMELESS, Legend, brief, exact, short, times
from archspec.types import TensorType

if TYPE_CHECKING:
    from archspec.reports.summary import Layer

_HEADER = ("layer", "op", "output", "parameters", "MACs", "field")


class Row(NamedTuple):
    """A layer; or a scope with everything in it added up (`sum`), or above its layers (`head`)."""

    level: int  # from 1
    name: str  # below the scope that it stands in
    path: str
    op: str
    outputs: tuple[TensorType, ...]
    params: int
    macs: Dim
    field: str
    shared: bool = False
    kind: Literal["layer", "sum", "head"] = "layer"

    @property
    def style(self) -> str:
        if self.kind == "head":
            return BOLD
        free = self.kind == "layer" and not self.params and self.macs == 0 and not self.shared
        return DIM if free else ""

    def output(self, legend: Legend, close: bool = False) -> str:
        return ", ".join(times(type_.shape, legend, close) for type_ in self.outputs)


def rows(scope: Scope, layers: Mapping[str, Layer], depth: int | None, level: int = 1) -> Iterator[Row]:
    """A row for each layer and scope, as they nest, in execution order. With `depth`, a scope that deep has one
    row for everything in it."""
    for step in scope.steps:
        name = step.path.removeprefix(f"{scope.path}.")
        if isinstance(step, Node):
            yield _row(layers[step.path], level, name)
        elif depth is not None and level >= depth:
            yield _sum(step, level, name, [layers[node.path] for node in step.nodes()], layers)
        else:
            yield Row(level, name, step.path, step.label, (), 0, 0, "", kind="head")
            yield from rows(step, layers, depth, level + 1)


def _row(layer: Layer, level: int, name: str) -> Row:
    field, shared = _pixels(layer.receptive_field), layer.shares is not None
    return Row(level, name, layer.path, layer.op, layer.outputs, layer.params, layer.macs, field, shared)


def _sum(scope: Scope, level: int, name: str, inside: list[Layer], layers: Mapping[str, Layer]) -> Row:
    """Everything in a scope; shape and field are those of its output."""
    output = scope.output
    types = (output.type,) if output else ()
    field = _pixels(layers[output.node.path].receptive_field) if output and output.node else ""
    macs: Dim = sum((layer.macs for layer in inside), start=0)
    params = sum(layer.params for layer in inside)
    return Row(level, name, scope.path, scope.label, types, params, macs, field, kind="sum")


def _pixels(field: tuple[Dim, ...] | str | None) -> str:
    """A field as tables have it: one number where all axes agree."""
    if not isinstance(field, tuple):
        return field or ""
    return str(field[0]) if len(set(field)) == 1 else " x ".join(map(str, field))


def text(rows: Sequence[Row], legend: Legend, width: int, color: bool) -> str:
    """Lines of at most `width` columns, unless the numbers alone take more: where all of it doesn't fit,
    shapes are written closely, then MACs rounded or said in brief, then names cut. Blank is zero."""
    return tables.text(_forms(rows, legend), [row.style for row in rows], width, color)


def _forms(rows: Sequence[Row], legend: Legend) -> Iterator[tables.Table]:
    for close, macs in ((False, exact), (True, exact), (True, brief), (True, short)):
        macs_of = partial(macs, legend=legend)
        yield tables.Table(_HEADER, [_cells(row, row.output(legend, close), macs_of) for row in rows], left=3)


def _cells(row: Row, output: str, macs: Callable[[Dim], str]) -> tuple[str, ...]:
    name = printable("  " * (row.level - 1) + row.name)
    if row.kind == "head":
        return (name, row.op, "", "", "", "")
    params = "shared" if row.shared else exact(row.params) if row.params else ""
    return (name, row.op, output, params, macs(row.macs) if row.macs else "", row.field)


def table(rows: Iterable[Row], legend: Legend) -> tables.Table:
    """With full paths and exact numbers."""
    cells = [
        (row.path, row.op, row.output(legend), exact(row.params), exact(row.macs, legend=legend), row.field)
        for row in rows
        if row.kind != "head"
    ]
    return tables.Table(_HEADER, cells, left=3)


def csv(rows: Iterable[Row]) -> str:
    """For programs: full paths, numbers without separators, and formulas without names."""
    header = ("path", "op", "output_shape", "params", "macs", "receptive_field")
    listed = [row for row in rows if row.kind != "head"]
    return tables.csv(
        header, ((row.path, row.op, row.output(NAMELESS), row.params, row.macs, row.field) for row in listed)
    )
