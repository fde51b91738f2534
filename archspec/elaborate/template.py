"""Equal blocks, elaborated once: where a block reads the types that it read before, with the same arguments, what it
gave then is stamped again under another path. A deep network is a few different blocks, many times.

What a block gives follows from its declaration, its arguments and the types that it reads, unless errors, edits or
somebody who watches have a say: then it is walked. A layer that applies a part of it again, or reads what is behind
its inputs, is rare, and makes the elaboration start again without templates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from archspec import ops
from archspec.elaborate.instantiate import frozen, with_arguments
from archspec.elaborate.names import BlockRef, Frame
from archspec.elaborate.slots import slots
from archspec.elaborate.state import MAX_BLOCK_DEPTH, MAX_SCOPE_DEPTH, State
from archspec.elaborate.values import FAILED, Entry, Instantiation, Site, ValueScope, unseal
from archspec.graph import Node, Origin, Scope, Value
from archspec.ops.base import Op
from archspec.source import Span
from archspec.syntax.document import BlockDecl
from archspec.syntax.tree import Scalar
from archspec.types import TensorType

Key: TypeAlias = tuple[Any, ...]


def key_of(ref: BlockRef, frame: Frame, sources: list[Entry], site: Site, state: State) -> Key | None:
    """What the layers of a block follow from; None where something else has a say."""
    if not state.stamps or state.shallow or state.edits or state.diagnostics.has_errors:
        return None
    if site.place.path != site.place.owner:  # its weights are those of another use
        return None
    read: list[Value] = []
    for entry in sources:
        if entry.values is None or entry.several or entry.any_number:
            return None
        read.append(entry.values[0])
    loose = loose_arguments(ref.block).names
    arguments = [frozen(value) for name, value in frame.names.items() if name not in loose]
    return (ref.block, ref.file, *arguments, *[(value.type, read.index(value)) for value in read])


def sealed(sources: list[Entry]) -> list[Entry]:
    """The values that a block reads, without the layers that gave them."""
    return [
        Entry(entry.values, None, entry.step, entry.apply and _apply_again, absent=entry.absent, inside=unseal)
        for entry in sources
    ]


def _apply_again(sources: list[Entry], site: Site) -> Entry:
    unseal()


class Mark(NamedTuple):
    """How far an elaboration has come."""

    nodes: int
    absent: int
    aliases: int
    uses: int
    specs: int
    layers: int
    steps: int

    @classmethod
    def of(cls, state: State) -> Mark:
        return cls(
            len(state.nodes),
            len(state.absent),
            len(state.aliases),
            len(state.uses),
            len(state.nested),
            state.layer_count,
            state.evaluator.effort.taken,
        )


class Record(NamedTuple):
    """One use of a block, and how far the elaboration was before and behind it."""

    block: BlockDecl
    site: Site
    scope: Scope
    children: ValueScope
    before: Mark
    behind: Mark
    aliases: list[tuple[str, Value]]


def record(block: BlockDecl, site: Site, entry: Entry, before: Mark, state: State) -> Record | None:
    """A use of a block that others may repeat; None where it failed, or knows its own path."""
    behind = Mark.of(state)
    if state.diagnostics.has_errors or entry.values is None:
        return None
    if behind.specs > before.specs:  # whose edits and initialisation are found by their paths
        return None
    assert isinstance(entry.step, Scope)
    assert entry.children is not None
    aliases = list(islice(reversed(state.aliases.items()), behind.aliases - before.aliases))
    return Record(block, site, entry.step, entry.children, before, behind, aliases[::-1])


class _Layer(NamedTuple):
    """A node without its place: values, scopes and the blocks around it by their numbers in the template."""

    path: str
    owner: str
    op: Op
    inputs: list[int]
    scope: int
    within: int
    span: Span
    arguments: Mapping[str, Span]
    sources: tuple[Span, ...]
    types: tuple[TensorType, ...]
    settled: tuple[TensorType, ...] | None
    loose: list[tuple[str, str]]  # its arguments that differ from use to use, and those of the block that say them


class _Container(NamedTuple):
    """A scope without its place. Its steps are scopes and, counted behind all of these, nodes."""

    path: str
    owner: str
    scope: Scope
    parent: int
    inputs: list[int]
    output: int
    steps: list[int]


class Template:
    """What a block gives, without its place: paths begin behind that of the block. Values are counted from those that
    it reads."""

    def __init__(self, made: Record, state: State) -> None:
        """Of a use that stands in the graph."""
        self._made = made
        nodes = state.nodes[made.before.nodes : made.behind.nodes]
        scopes = list(_scopes(made.scope))
        values = [*made.scope.inputs, *(value for node in nodes for value in node.outputs)]
        steps: list[Node | Scope] = [*scopes, *nodes]
        self._numbers = numbers = {value: i for i, value in reversed(list(enumerate(values)))}
        self._places = places = {step: i for i, step in enumerate(steps)}
        loose = loose_arguments(made.block).layers
        depth = len(made.site.within)
        uses: dict[int, Any] = {}  # by identity
        around: dict[tuple[int, ...], int] = {}
        self._layers: list[_Layer] = []
        for node in nodes:
            within = node.origin.within[depth:]
            key = tuple(map(id, within))
            uses.update(zip(key, within, strict=True))
            self._layers.append(
                _Layer(
                    self._behind(node.path),
                    self._behind(node.owner),
                    node.op,
                    [numbers[value] for value in node.inputs],
                    places[node.scope],
                    around.setdefault(key, len(around)),
                    *node.origin[:3],
                    tuple([value.type for value in node.outputs]),
                    node.settled,
                    loose.get(node.origin.span, []) if len(within) == 1 else [],
                )
            )
        self._containers = [
            _Container(
                self._behind(scope.path),
                self._behind(scope.owner),
                scope,
                places.get(scope.parent, -1) if scope.parent else -1,
                [numbers[value] for value in scope.inputs],
                numbers[scope.output] if scope.output else -1,
                [places[step] for step in scope.steps],
            )
            for scope in scopes
        ]
        positions = {key: i for i, key in enumerate(uses)}
        self._uses = [(self._behind(use.path), use) for use in uses.values()]
        self._around = [[positions[use] for use in key] for key in around]
        self._absent = [
            (absent, [numbers[value] for value in absent.unread])
            for absent in state.absent[made.before.absent : made.behind.absent]
        ]
        self._aliases = [(self._behind(path), numbers[value]) for path, value in made.aliases]
        self._bodies = state.uses[made.before.uses : made.behind.uses]
        self._dots = max(step.path.count(".") for step in steps) - made.scope.path.count(".")

    def _behind(self, path: str) -> str:
        return path.removeprefix(self._made.scope.path)

    def stamp(self, frame: Frame, sources: list[Entry], site: Site, state: State) -> Entry | None:
        """The block at another place; None where it has to be walked, because it passes a limit there."""
        before, behind = self._made.before, self._made.behind
        layers, effort = behind.layers - before.layers, behind.steps - before.steps
        if not self._fits(layers, effort, site, state):
            return None
        prefix = site.place.path
        uses = [
            Instantiation(use.body, use.name, prefix + path, use.span, use.frame, use.site) for path, use in self._uses
        ]
        if uses:  # the first is that of the block itself
            uses[0] = uses[0]._replace(span=site.span, frame=frame, site=site)
        around = [(*site.within, *[uses[i] for i in numbers]) for numbers in self._around]
        scopes = [
            Scope(prefix + path, of.kind, prefix + owner, None, (), of.input_names, of.label, of.span, of.order)
            for path, owner, of, *_ in self._containers
        ]
        values = [entry.values[0] for entry in sources if entry.values]
        nodes = []
        for path, owner, op, inputs, scope, within, span, arguments, places, types, settled, loose in self._layers:
            read = (values[inputs[0]],) if len(inputs) == 1 else tuple([values[i] for i in inputs])
            if loose:
                given = {name: frame.names[said] for name, said in loose}
                again = with_arguments(op, given, settled or tuple([value.type for value in read]), state)
                if again is None or again.outputs != types:
                    return None
                op = again.op
            origin = Origin(span, arguments, places, around[within])
            whole = prefix + path
            node = Node(whole, op, read, scopes[scope], origin, prefix + owner, settled=settled)
            if op.multiple:
                node.outputs = tuple([Value(f"{whole}.{i}", type_, node, i) for i, type_ in enumerate(types)])
                values += node.outputs
            else:
                value = Value(whole, types[0], node)
                node.outputs = (value,)
                values.append(value)
            nodes.append(node)
        steps = self._joined(scopes, nodes, values, site)
        state.nodes += nodes
        state.absent += [each._replace(unread=tuple([values[i] for i in unread])) for each, unread in self._absent]
        state.aliases.update((prefix + path, values[i]) for path, i in self._aliases)
        state.uses += self._bodies
        state.count(site.span, layers)
        state.evaluator.effort.spend(effort, site.span)
        output = values[self._containers[0].output]
        inside = partial(self._children, self._made.children, values, steps)
        return Entry((output,), step=scopes[0], owner=site.place.owner, inside=inside)

    def _fits(self, layers: int, steps: int, site: Site, state: State) -> bool:
        """Whether the block, walked here, would stay within all limits."""
        effort = state.evaluator.effort
        return (
            state.layer_count + layers <= state.max_layers
            and effort.taken + steps <= effort.allowed
            and len(site.within) + len(self._bodies) <= MAX_BLOCK_DEPTH
            and site.place.path.count(".") + self._dots < MAX_SCOPE_DEPTH
        )

    def _joined(
        self, scopes: list[Scope], nodes: list[Node], values: list[Value], site: Site
    ) -> list[Node | Scope]:
        """All steps, each in its scope, and the first of them where the block stands."""
        steps: list[Node | Scope] = [*scopes, *nodes]
        for scope, (_, _, _, parent, inputs, output, inside) in zip(scopes, self._containers, strict=True):
            scope.parent = scopes[parent] if parent >= 0 else site.scope
            scope.inputs = tuple([values[i] for i in inputs])
            scope.output = values[output] if output >= 0 else None
            scope.steps = [steps[i] for i in inside]
        scopes[0].span = site.span
        site.scope.steps.append(scopes[0])
        return steps

    def _children(self, made: ValueScope, values: list[Value], steps: list[Node | Scope]) -> ValueScope:
        """The layers of a scope by name, for those who read into it."""
        scope = steps[self._places[made.scope]]
        assert isinstance(scope, Scope)

        def again(entry: Entry) -> Entry:
            of_an_input = entry.inside is unseal
            children = None if of_an_input else entry.open()
            return Entry(
                None if entry.values is None else tuple(values[self._numbers[value]] for value in entry.values),
                None if children is None else self._children(children, values, steps),
                None if entry.step is None else steps[self._places.get(entry.step, 0)],
                entry.apply and _apply_again,
                absent=entry.absent,
                several=entry.several,
                any_number=entry.any_number,
                inside=unseal if of_an_input else None,
            )

        found = ValueScope(None, scope, FAILED, finished=True, gone=made.gone)
        found.names = {name: again(entry) for name, entry in made.names.items()}
        found.shown = {name: again(entry) for name, entry in made.shown.items()}
        return found


def _scopes(scope: Scope) -> Iterator[Scope]:
    yield scope
    for step in scope.steps:
        if isinstance(step, Scope):
            yield from _scopes(step)


class Loose(NamedTuple):
    """The arguments of a block that say nothing but a number of an op, and no size; and by the places of layers, which
    of theirs they are. A rate that grows with depth is such a one, as that of StochasticDepth: equal blocks differ in
    it."""

    names: frozenset[str]
    layers: Mapping[Span, list[tuple[str, str]]]


@lru_cache(maxsize=1024)
def loose_arguments(block: BlockDecl) -> Loose:
    """What of a block's arguments is no part of a template."""
    found: dict[Span, list[tuple[str, str]]] = {}
    for layer in block.layers.items if block.layers is not None else ():
        op = ops.find(layer.word.text) if layer.kind == "op" and layer.word is not None else None
        if op is None or layer.loops or layer.let is not None:
            continue
        for name, (_, node) in layer.arguments.items():
            slot, said = slots(op).get(name), node.text if isinstance(node, Scalar) else ""
            if slot is None or not slot.numbers or slot.integers or said in slot.words or said not in block.args:
                continue
            mentions = len(re.findall(rf"\b{said}\b", block.body.text))
            if mentions == 2 + (name == said):  # where it is declared, and here
                found.setdefault(layer.span, []).append((name, said))
    return Loose(frozenset(name for pairs in found.values() for _, name in pairs), found)
