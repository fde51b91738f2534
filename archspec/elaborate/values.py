"""Values by name: what `from` can read, and from where.

A `ValueScope` holds the layers of one scope by name, as far as they are elaborated. Its parent is the
enclosing scope; the chain ends at a block's own scope, which holds the block's inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple, NoReturn, TypeAlias

from archspec.diagnostics import Help, Use, near
from archspec.elaborate.names import Failed, Frame, use_values
from archspec.graph import Node, Scope, Value
from archspec.source import Span
from archspec.syntax.expressions import ExpressionError, Path
from archspec.syntax.layers import Arguments, LayerDecl, Layers, argument_span
from archspec.syntax.tree import Scalar

_SHOWN = 6  # names that a message lists


class Place(NamedTuple):
    """Where a layer stands in the graph: its path, and the path of the module that owns its weights."""

    path: str
    owner: str

    def child(self, name: str) -> Place:
        path = f"{self.path}.{name}" if self.path else name
        if self.owner == self.path:
            return Place(path, path)
        return Place(path, f"{self.owner}.{name}" if self.owner else name)


class Site(NamedTuple):
    """Where a layer is applied: its place, the scope that gets it as a step, who asks and what is read where, the
    blocks around it, the names that its asker sees, and the arguments that it writes."""

    place: Place
    scope: Scope
    span: Span
    sources: tuple[Scalar, ...]
    within: tuple[Use, ...]
    frame: Frame | None = None
    arguments: Arguments = MappingProxyType({})

    @property
    def reads_all(self) -> bool:
        """Whether it reads all children or outputs of something."""
        return any(source.text.endswith(".*") for source in self.sources)

    def source_span(self, index: int) -> Span:
        """The place of an item of `from`; without one, that of the layer."""
        return self.sources[index].span if index < len(self.sources) else self.span


class Instantiation(NamedTuple):
    """A use of a block at a site, with its arguments in a frame."""

    body: Span
    name: str
    path: str
    span: Span
    frame: Frame
    site: Site

    def values(self) -> dict[str, str]:
        """The block's arguments, and the indices of the loops around this use."""
        return use_values(self.frame, self.site.frame)

    def written(self, name: str) -> Span | None:
        """Where the caller wrote an argument."""
        return argument_span(self.site.arguments, name)


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
    span: Span | None = None  # where the layer was written
    absent: Span | None = None  # of an alias: where the absent layer was written
    several: bool = False  # of a multi-output layer, whose values are read by number, one or more
    any_number: bool = False  # of an alias of a multi-output layer: every number reads the same value
    inside: Callable[[], ValueScope] | None = None  # gives its children, where they are made when they are read

    def open(self) -> ValueScope | None:
        """Its children, if it has any. Raises Unsealed."""
        if self.inside is not None and self.absent is None:
            self.children, self.inside = self.inside(), None
        return self.children

    @property
    def is_container(self) -> bool:
        """Whether it is made by dotted keys alone: `convs` of `convs.0`."""
        return self.children is not None and self.step is None and self.absent is None

    def single(self, name: str) -> Value:
        """Its one value. Raises Failed where it has none, ExpressionError where it has several."""
        if self.values is None:
            raise Failed
        if self.several:
            count = len(self.values)
            help = f"write `{name}.0` .. `{name}.{count - 1}`" if count > 1 else f"write `{name}.0`"
            what = f"has {count} outputs, and one is read here" if count > 1 else "gives a list of outputs, of one here"
            raise ExpressionError("A310", f"`{name}` {what}", 0, None, [help])
        return self.values[0]


FAILED = Entry(None)


class Unsealed(Exception):
    """A layer asks of a block that was stamped, or of what a block reads, more than their values."""


def unseal() -> NoReturn:
    """What is not kept for templates."""
    raise Unsealed


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
    only: bool = False  # that one stands for the whole scope, at its place, and the others are left out
    shown: dict[str, Entry] = field(default_factory=dict)  # children that are present, and no labels: for `.*`
    gone: set[str] = field(default_factory=set)  # absent children that are no alias, because they read nothing

    def define(self, name: str, entry: Entry, *, shown: bool = True) -> None:
        """Make a child readable by its name; `convs.0` also as child 0 of the container `convs`."""
        self.names[name] = entry
        if shown:
            self.shown[name] = entry
        if "." in name:
            first, _, rest = name.partition(".")
            holder = self.names.get(first)
            if holder is None:
                holder = self.names[first] = Entry(None, ValueScope(None, self.scope, FAILED, finished=True))
            assert holder.children is not None
            holder.values = entry.values
            holder.children.define(rest, entry, shown=shown)

    def forget(self) -> None:
        """Let go of all layers, once nobody reads them any more: scopes and entries hold each other, and would wait for
        the garbage collector."""
        self.prev = FAILED
        self.names.clear()
        self.shown.clear()

    def taken(self, name: str) -> str | None:
        """The part of a new child's name that another child has already; None where it is free."""
        if "." not in name:
            return name if name in self.names else None
        first, _, rest = name.partition(".")
        holder = self.names.get(first)
        if holder is None:
            return None
        if not holder.is_container:
            return first
        assert holder.children is not None
        inner = holder.children.taken(rest)
        return f"{first}.{inner}" if inner else None

    def resolve(self, path: Path) -> list[Entry]:
        """The entries that a path stands for: one, or with `.*` at its end all children of a scope, or all outputs
        of a layer. Raises Failed, and ExpressionError where there are none."""
        first = self._first(path)
        if path[-1] == "*":
            return _all_of(_descend(first, path[:-1]), ".".join(path[:-1]))
        try:
            return [_descend(first, path)]
        except ExpressionError:
            if later := self.still_to_come(".".join(path)):  # in a container that dotted keys fill
                raise _too_early(".".join(path), later) from None
            raise

    def _first(self, path: Path) -> Entry:
        name = path[0]
        if name == "prev":
            return self.prev
        scope: ValueScope | None = self
        uncertain = False
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            if name in scope.gone:
                raise _nothing(name)
            if later := scope.still_to_come(name) or scope.still_to_come(".".join(path)):
                raise _too_early(name, later)
            uncertain |= scope.uncertain
            scope = scope.parent
        if uncertain:
            raise Failed
        helps = near(name, self.visible(), self._readable())
        if "[" in name:
            dotted = name.replace("[", ".").replace("]", "")
            helps = [Help(f"children and outputs have a dot: `{dotted}`", dotted)]
        raise ExpressionError("A308", f"there is no layer or input `{name}` here", 0, len(name), helps)

    def still_to_come(self, name: str) -> str | None:
        """How to call a layer of this name that is not elaborated yet; None where there is none."""
        if self.finished or self.layers is None:
            return None
        return _declared(self.layers).still_to_come(name, self.current)

    def can_read(self, name: str) -> bool:
        """Whether a name can be read from here."""
        return name in self.names or (self.parent is not None and self.parent.can_read(name))

    def _readable(self) -> str:
        """The nearest names that can be read here, in words, the last one first."""
        scopes: list[ValueScope] = []
        scope: ValueScope | None = self
        while scope is not None:
            scopes.append(scope)
            scope = scope.parent
        nearest = list(islice((name for each in scopes for name in reversed(each.names)), _SHOWN + 1))
        shown = ", ".join(f"`{name}`" for name in nearest[:_SHOWN])
        more = ", ..." if len(nearest) > _SHOWN else ""
        return f"from here a layer can read {shown}{more}" if nearest else ""

    def visible(self) -> Iterator[str]:
        """All names that can be read from here."""
        scope: ValueScope | None = self
        while scope is not None:
            yield from scope.names
            scope = scope.parent


def _too_early(name: str, later: str) -> ExpressionError:
    message = f"`{name}` is {later}, and cannot be read here"
    return ExpressionError("A309", message, 0, None, ["a layer reads what stands above it"])


def _nothing(name: str) -> ExpressionError:
    message = f"`{name}` is absent here, and as it reads nothing, it is no alias either"
    return ExpressionError("A308", message, 0, None, ["give the layers that read it the same `if`"])


def _all_of(entry: Entry, name: str) -> list[Entry]:
    """All children of a scope, or all outputs of a layer that has several."""
    if entry.values is None:
        raise Failed
    children = entry.open()
    if children is not None and entry.absent is None:
        if children.shown:
            return list(children.shown.values())
    elif entry.any_number:
        return [entry]
    elif entry.several:
        return [Entry((value,), step=entry.step) for value in entry.values]
    raise ExpressionError("A308", f"`{name}` has no children")


def _descend(entry: Entry, path: Path) -> Entry:
    for i, name in enumerate(path[1:], 1):
        if entry.values is None:
            raise Failed
        if not (entry.any_number and name.isdigit()):
            entry = _part(entry, name, ".".join(path[:i]))
    return entry


def _part(entry: Entry, name: str, whole: str) -> Entry:
    """A child of a finished scope, or a numbered output."""
    children = entry.open()
    if children is None or entry.absent is not None:
        return _numbered(entry, name, whole)
    if name in children.names:
        return children.names[name]
    if name in children.gone:
        raise _nothing(f"{whole}.{name}")
    if children.uncertain:
        raise Failed
    start = len(whole) + 1
    message, helps = f"`{whole}` has no layer `{name}`", near(name, children.names)
    raise ExpressionError("A308", message, start, start + len(name), helps)


def _numbered(entry: Entry, name: str, whole: str) -> Entry:
    values = entry.values or ()
    if not name.isdigit() or not entry.several:
        raise ExpressionError("A308", f"`{whole}` has no layer or output `{name}`")
    if int(name) >= len(values):
        numbers = f"{len(values)} outputs, 0 .. {len(values) - 1}" if len(values) > 1 else "one output, 0"
        raise ExpressionError("A308", f"`{whole}` has {numbers}")
    return Entry((values[int(name)],), step=entry.step)


class Declared:
    """The layers that a scope declares, in order: which names are still to come."""

    def __init__(self, layers: Layers) -> None:
        flat = list(_flat(layers))
        self._position = {layer: i for i, layer in enumerate(flat)}
        self._plain = {layer.key.text: i for i, layer in enumerate(flat) if layer.key and layer.has_plain_name}
        self._templates = [
            (layer.name, i) for i, layer in enumerate(flat) if layer.name and not layer.name.is_plain
        ]

    def still_to_come(self, name: str, current: LayerDecl | None) -> str | None:
        """How to call a layer of this name at or behind the current one; None where there is none."""
        reached = self._position.get(current, 0) if current else 0
        position = self._plain.get(name, -1)
        if position >= reached:
            return "the layer itself" if current and position == reached else "a layer that comes later"
        if any(i >= reached and template.can_give(name) for template, i in self._templates):
            return "a layer that comes later"
        return None


_declared = lru_cache(maxsize=64)(Declared)


def _flat(layers: Layers) -> Iterator[LayerDecl]:
    """The layers of a scope, those of its splices included."""
    for layer in layers.items:
        yield layer
        if layer.kind == "splice" and layer.children is not None:
            yield from _flat(layer.children)
