"""Values by name: what `from` can read, and from where.

A `ValueScope` holds the layers of one scope by name, as far as they are elaborated. Its parent is the
enclosing scope; the chain ends at a block's own scope, which holds the block's inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from archspec.diagnostics import Label, near
from archspec.elaborate.names import Failed
from archspec.graph import Node, Scope, Value
from archspec.source import Span
from archspec.syntax.expressions import ExpressionError, Path
from archspec.syntax.layers import LayerDecl, Layers
from archspec.syntax.tree import Scalar


@dataclass(frozen=True, slots=True)
class Place:
    """Where a layer stands in the graph: its path, and the path of the module that owns its weights."""

    path: str
    owner: str

    def child(self, name: str) -> Place:
        return Place(f"{self.path}.{name}" if self.path else name, f"{self.owner}.{name}" if self.owner else name)


Within: TypeAlias = tuple[tuple[str, Span], ...]
"""The blocks around a layer, outermost first: path and name of each, and who asked for it."""


class Site(NamedTuple):
    """Where a layer is applied: its place, the scope that gets it as a step, who asks and what is read where."""

    place: Place
    scope: Scope
    span: Span
    sources: tuple[Scalar, ...]
    within: Within

    def source_span(self, index: int) -> Span:
        return self.sources[index].span if index < len(self.sources) else self.span

    def labels(self) -> list[Label]:
        """The innermost instantiation around this layer."""
        return [Label(span, f"instantiated here as {what}") for what, span in self.within[-1:]]


Apply: TypeAlias = "Callable[[list[Entry], Site], Entry]"
"""Elaborates a layer on given inputs at a site."""


@dataclass(slots=True, eq=False)
class Entry:
    """What a name stands for: the values a layer gives (None: it failed), its children, how to apply it again."""

    values: tuple[Value, ...] | None
    children: ValueScope | None = None
    step: Node | Scope | None = None
    apply: Apply | None = None
    owner: str = ""
    absent: Span | None = None  # of an alias: where the absent layer was written
    any_number: bool = False  # of an alias of a multi-output layer: every number reads the same value

    def single(self, name: str) -> Value:
        """Its one value. Raises Failed where it has none, ExpressionError where it has several."""
        if self.values is None:
            raise Failed
        if len(self.values) > 1:
            count = len(self.values)
            help = f"write `{name}.0` .. `{name}.{count - 1}`"
            raise ExpressionError("A310", f"`{name}` has {count} outputs, and one is read here", 0, None, [help])
        return self.values[0]


FAILED = Entry(None)


@dataclass(slots=True, eq=False)
class ValueScope:
    """The values of one scope, in order."""

    parent: ValueScope | None
    scope: Scope
    prev: Entry
    names: dict[str, Entry] = field(default_factory=dict)
    layers: Layers | None = None
    current: LayerDecl | None = None
    finished: bool = False
    uncertain: bool = False  # names depend on something that failed: an unknown one may be legal
    numbers: int = 0  # numbered children so far
    last: str = ""  # the name of the previous layer
    until: str | None = None  # the child behind which the walk ends
    shown: dict[str, Entry] = field(default_factory=dict)  # children that are no labels of splices, for `.*`

    def resolve(self, path: Path) -> list[Entry]:
        """The entries that a path stands for: one, or with `.*` at its end all children of a scope."""
        if path == ("prev",):
            return [self.prev]
        first = self._first(path[0])
        if path[-1] == "*":
            inner = _descend(first, path[:-1])
            if inner.values is None:
                raise Failed
            if inner.children is None:
                raise ExpressionError("A308", f"`{'.'.join(path[:-1])}` has no children")
            return list(inner.children.shown.values())
        return [_descend(first, path)]

    def _first(self, name: str) -> Entry:
        scope: ValueScope | None = self
        uncertain = False
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            if later := scope.still_to_come(name):
                helps = ["a layer reads what stands above it"]
                raise ExpressionError("A309", f"`{name}` is {later}, and cannot be read here", 0, None, helps)
            uncertain |= scope.uncertain
            scope = scope.parent
        if uncertain:
            raise Failed
        raise ExpressionError("A308", f"there is no layer or input `{name}` here", 0, None, near(name, self.visible()))

    def still_to_come(self, name: str) -> str | None:
        """How to call a layer of this name that is not elaborated yet; None where there is none."""
        if self.finished or self.layers is None:
            return None
        return _declared(self.layers).still_to_come(name, self.current)

    def visible(self) -> Iterator[str]:
        """All names that can be read from here."""
        scope: ValueScope | None = self
        while scope is not None:
            yield from scope.names
            scope = scope.parent


def _descend(entry: Entry, path: Path) -> Entry:
    for i, name in enumerate(path[1:], 1):
        if entry.values is None:
            raise Failed
        if not (entry.any_number and name.isdigit()):
            entry = _part(entry, name, ".".join(path[:i]))
    return entry


def _part(entry: Entry, name: str, whole: str) -> Entry:
    """A child of a finished scope, or a numbered output."""
    children = entry.children
    if children is None or entry.absent is not None:
        return _numbered(entry, name, whole)
    if name in children.names:
        return children.names[name]
    if children.uncertain:
        raise Failed
    raise ExpressionError("A308", f"`{whole}` has no layer `{name}`", 0, None, near(name, children.names))


def _numbered(entry: Entry, name: str, whole: str) -> Entry:
    values = entry.values or ()
    if not name.isdigit() or len(values) < 2:
        raise ExpressionError("A308", f"`{whole}` has no layer or output `{name}`")
    if int(name) >= len(values):
        raise ExpressionError("A308", f"`{whole}` has {len(values)} outputs, 0 .. {len(values) - 1}")
    return Entry((values[int(name)],), step=entry.step)


class Declared:
    """The layers that a scope declares, in order: which names are still to come."""

    def __init__(self, layers: Layers) -> None:
        flat = list(_flat(layers))
        self._position = {layer: i for i, layer in enumerate(flat)}
        self._plain = {layer.key.text: i for i, layer in enumerate(flat) if layer.key and layer.has_plain_name}
        self._templates = [
            (layer.name.pattern(), i) for i, layer in enumerate(flat) if layer.name and not layer.name.is_plain
        ]

    def still_to_come(self, name: str, current: LayerDecl | None) -> str | None:
        """How to call a layer of this name at or behind the current one; None where there is none."""
        reached = self._position.get(current, 0) if current else 0
        position = self._plain.get(name, -1)
        if position >= reached:
            return "the layer itself" if current and position == reached else "a layer that comes later"
        if any(i >= reached and pattern.fullmatch(name) for pattern, i in self._templates):
            return "a layer that comes later"
        return None


_declared = lru_cache(maxsize=64)(Declared)


def _flat(layers: Layers) -> Iterator[LayerDecl]:
    """The layers of a scope, those of its splices included."""
    for layer in layers.items:
        yield layer
        if layer.kind == "splice" and layer.children is not None:
            yield from _flat(layer.children)
