"""Where a network's parameters, multiply-adds and activations go: by block, or by op."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from archspec.dims import Dim, evaluate, symbols
from archspec.graph import Scope
from archspec.render import BOLD, printable
from archspec.reports import tables
from archspec.reports.figures import Legend, brief, exact, plain, short

if TYPE_CHECKING:
    from archspec.reports.summary import Layer, Summary

Per: TypeAlias = Literal["block", "op"]
_COSTS = ("params", "macs", "activation_bytes")
_USUAL = 256


@dataclass(frozen=True, slots=True)
class Group:
    """Layers added up: all of one op, or everything in a scope, or one layer that stands beside scopes."""

    name: str  # the op; or the last part of the path
    layers: int
    params: int
    macs: Dim
    activation_bytes: Dim
    path: str = ""
    kind: str = ""  # the block of a scope, or the op of a layer
    level: int = 1  # how deep it stands, from 1

    @classmethod
    def of(cls, name: str, layers: Sequence[Layer], path: str = "", kind: str = "", level: int = 1) -> Group:
        macs: Dim = sum((layer.macs for layer in layers), start=0)
        activations: Dim = sum((layer.activation_bytes for layer in layers), start=0)
        return cls(name, len(layers), sum(layer.params for layer in layers), macs, activations, path, kind, level)

    @property
    def costs(self) -> tuple[Dim, Dim, Dim]:
        return self.params, self.macs, self.activation_bytes


@dataclass(frozen=True, slots=True)
class Rollup:
    """The costs of a network's groups at the sizes of `batch`: N = 1. By block, the outermost groups add up to
    `total`; by op, all of them do."""

    name: str
    per: Per
    groups: tuple[Group, ...]
    total: Group
    batch: Mapping[str, int]
    legend: Legend = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The JSON form; a share is that of the total, null where it depends on symbols or the total is 0."""
        groups = [{**self._identity(group), **self._sizes(group)} for group in self.groups]
        return {"name": self.name, "per": self.per, "total": self._sizes(self.total), "groups": groups}

    def _identity(self, group: Group) -> dict[str, Any]:
        if self.per == "op":
            return {"op": group.name}
        return {"path": group.path, "block": group.kind or None, "level": group.level}

    def _sizes(self, group: Group) -> dict[str, Any]:
        costs = {cost: plain(size) for cost, size in zip(_COSTS, group.costs, strict=True)}
        return {"layers": group.layers, **costs, "share": dict(zip(_COSTS, self._shares(group), strict=True))}

    def _shares(self, group: Group) -> list[float | None]:
        return [_share(part, total) for part, total in zip(group.costs, self.total.costs, strict=True)]

    def rows(self, depth: int | None = None) -> list[Group]:
        """The groups down to a depth (1: the outermost), and the total."""
        return [*(group for group in self.groups if depth is None or group.level <= depth), self.total]

    def text(self, width: int | None = None, depth: int | None = None, color: bool = False) -> str:
        """For a terminal, `width` columns wide (none given: as wide as this one). Blank is zero."""
        width, rows = width or get_terminal_size().columns, self.rows(depth)
        styles = [BOLD if (row.path and row.level == 1) or row is self.total else "" for row in rows]
        table = tables.text(self._forms(rows), styles, width, color)
        return "\n".join([printable(self.name), "", table, *self.legend.lines(width), self._remark()])

    def _forms(self, groups: Sequence[Group]) -> Iterator[tables.Table]:
        """A share stands in one column with what it is the share of, where there is one."""
        shares = [f"{'%':>6}" if share is not None else "" for share in self._shares(self.total)]
        for names, write in ((("parameters", "MACs", "activation bytes"), brief), (("params", "MACs", "bytes"), short)):
            words = ("layer", "block") if self.per == "block" else ("op",)
            header = (*words, "layers", *(name + share for name, share in zip(names, shares, strict=True)))
            rows = [self._row(group, write) for group in groups]
            yield tables.Table(header, rows, left=len(words))

    def _row(self, group: Group, write: Callable[..., str]) -> tuple[str, ...]:
        costs = zip(group.costs, self._shares(group), strict=True)
        cells = (write(size, legend=self.legend) + _percent(share, 6) if size else "" for size, share in costs)
        name = printable("  " * (group.level - 1) + group.name)
        return (*self._words(name, group.kind), str(group.layers), *cells)

    def _words(self, name: str, kind: str) -> tuple[str, ...]:
        return (name, kind) if self.per == "block" else (name,)

    def _remark(self) -> str:
        batch = "".join(f", {name} = {size}" for name, size in self.batch.items())
        return f"MACs, and bytes of the results that layers make{batch}"

    def markdown(self, depth: int | None = None) -> str:
        """A table with full paths and exact numbers."""
        words = ("path", "block") if self.per == "block" else ("op",)
        header = (*words, "layers", "parameters", "%", "MACs", "%", "activation bytes", "%")
        rows = []
        for group in self.rows(depth):
            costs = zip(group.costs, self._shares(group), strict=True)
            cells = [cell for size, share in costs for cell in (exact(size, legend=self.legend), _percent(share))]
            rows.append((*self._words(group.path or group.name, group.kind), str(group.layers), *cells))
        return "\n".join([f"### {self.name}", "", tables.markdown(tables.Table(header, rows, left=len(words)))])

    def csv(self, depth: int | None = None) -> str:
        """The groups without the total, numbers without separators."""
        words = ("path", "block", "level") if self.per == "block" else ("op",)
        rows = ((*self._identity(group).values(), group.layers, *group.costs) for group in self.rows(depth)[:-1])
        return tables.csv((*words, "layers", *_COSTS), rows)


def roll_up(summary: Summary, per: Per) -> Rollup:
    """The groups of a network: its scopes as they nest, or its ops, the costliest first."""
    if per == "block":
        by_path = {layer.path: layer for layer in summary.layers}
        groups = list(_scopes(summary.root, by_path))
    else:
        by_op: dict[str, list[Layer]] = {}
        for layer in summary.layers:
            by_op.setdefault(layer.op, []).append(layer)
        groups = [Group.of(op, layers) for op, layers in by_op.items()]
        groups.sort(key=lambda group: (-_number(group.macs), -group.params, -group.layers, group.name))
    return Rollup(summary.name, per, tuple(groups), Group.of("total", summary.layers), summary.batch, summary.legend)


def _scopes(
    scope: Scope, layers: Mapping[str, Layer], level: int = 1, within_block: bool = False
) -> Iterator[Group]:
    """Every scope; and of layers those that stand beside scopes and in no block, whose costs no other row has."""
    beside = scope.parent is None or any(isinstance(step, Scope) for step in scope.steps)
    for step in scope.steps:
        name = step.path.removeprefix(f"{scope.path}.")
        if isinstance(step, Scope):
            yield Group.of(name, [layers[node.path] for node in step.nodes()], step.path, step.label, level)
            yield from _scopes(step, layers, level + 1, within_block or step.kind == "block")
        elif beside and not within_block:
            yield Group.of(name, [layers[step.path]], step.path, layers[step.path].op, level)


def _number(size: Dim) -> int:
    """A size to sort by, for which symbols are taken to be of some usual value."""
    number = evaluate(size, dict.fromkeys(symbols(size), _USUAL))
    assert isinstance(number, int)
    return number


def _share(part: Dim, total: Dim) -> float | None:
    return part / total if isinstance(part, int) and isinstance(total, int) and total else None


def _percent(share: float | None, width: int = 0) -> str:
    return "" if share is None else f"{100 * share:{width}.1f}"
