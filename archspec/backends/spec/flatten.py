"""Graph -> the layers of a flat spec, scope by scope, with what each reads by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from typing import Any, NamedTuple

from archspec.backends.spec.arguments import arguments, input_side, with_expressions
from archspec.backends.spec.layers import Call, Group, Layer
from archspec.backends.spec.names import Alias, ExpandError, Names, Place
from archspec.backends.spec.reads import Applications, Read, Spot, Step, fixed, input_of, output_of
from archspec.backends.spec.sizes import Shown, of_axes
from archspec.dims import Symbolic
from archspec.graph import Graph, Node, Scope

_DEEPEST = 56  # collections around a layer; a file may nest 64, and a layer's arguments need a few
_BLOCK_NAME = re.compile(r"[A-Z][A-Za-z0-9_]*")
_ABSENT: dict[str, Any] = {"op": None}  # an alias of what it reads


class Block(NamedTuple):
    """A block of the flat spec: a scope that is applied again on several values, or that stands too deep."""

    inputs: list[str]
    body: Group


class Flat(NamedTuple):
    """The layers of a flat spec, and the blocks that it needs."""

    layers: Group
    blocks: dict[str, Block]
    outputs: dict[str, str]
    last: str  # the name of the last layer


def flatten(graph: Graph) -> Flat:
    """The layers of a graph. Raises ExpandError. Which scopes have to stay blocks comes out when they are written, so
    that this is done until no more are found."""
    applications = Applications(graph)
    blocks: set[Scope] = set()
    while True:
        found = len(blocks)
        flat = _Flattener(graph, Names(graph, applications, blocks)).flat()
        if len(blocks) == found:
            return flat


class _Flattener:
    def __init__(self, graph: Graph, names: Names) -> None:
        self.graph = graph
        self.names = names
        self.blocks: dict[str, Block] = {}
        self.of_scope: dict[Scope, Place] = {}  # of the scopes that stay blocks

    def flat(self) -> Flat:
        root = self.graph.root
        words = _words(root) | {value.name for value in self.graph.inputs}
        place = self.names.place(root, None, None, words)
        body = self._body(place, 2)
        outputs = {
            output.name: self.names.of(fixed(root, output.value), place, None) for output in self.graph.outputs
        }
        last = next((place.relative(step.path) for step in reversed(root.steps) if not _is_owned(step)), "")
        return Flat(body, self.blocks, outputs, last)

    # --- scopes -------------------------------------------------------------------------------------

    def _body(self, place: Place, depth: int) -> Group:
        """The layers of a scope; `depth`: in how many collections they stand."""
        scope = place.scope
        children: list[tuple[str, Layer]] = []
        owned: set[str] = set()
        before: Step | None = None
        previous: Read | None = place.read(input_of(scope))
        for step in scope.steps:
            layer = self._layer(step, place, before, previous, depth)
            children += [(alias.name, _alias(alias)) for alias in place.aliases.get(step, ())]
            children.append((place.relative(step.path), layer))
            if _is_owned(step):
                owned.add(children[-1][0])
            else:
                before, previous = step, _given(step, place)
        if scope.parent is not None and place.read(output_of(scope)) != previous:
            source = self.names.of(output_of(scope), place, previous)
            children.append((self.names.fresh("out"), Call(_ABSENT, [source])))
        if place.own:
            children.insert(0, (place.own, Call(_ABSENT)))
        numbered = [key for key, _ in children] == [str(number) for number in range(len(children))]
        if numbered:
            return Group(children, True)
        placed = {key.partition(".")[0] for key, _ in children}
        order = [name for name in scope.order if name in placed]
        return Group(list(_with_said(children, owned)), False, order=order)

    def _layer(self, step: Step, place: Place, before: Step | None, previous: Read | None, depth: int) -> Layer:
        if step.shared:
            return self._share(step, place, before, previous)
        if isinstance(step, Node):
            return self._call(step, place, previous)
        if step in self.names.blocks or depth + 2 > _DEEPEST:
            return self._block(step, place, previous)
        inner = self.names.place(step, place, place, _words(step))
        body = self._body(inner, depth + 2)
        sources = self._of_scope(step, place, previous)
        return body._replace(sources=sources, comment=step.label)

    def _of_scope(self, step: Scope, place: Place, previous: Read | None) -> list[str] | None:
        """What a scope reads: by a name unless it is what stands before it, aliases included."""
        if aliases := place.aliases.get(step):
            previous = aliases[-1].read
        return self._sources([input_of(step)], place, previous)

    def _block(self, step: Scope, place: Place, previous: Read | None) -> Call:
        """A scope that stays a block: it sees nothing but what it is given."""
        inner = self.of_scope[step] = self.names.place(step, None, place, _words(step))
        self.names.of(input_of(step), inner, None)
        body = self._body(inner, 4)
        name = self._block_name(step)
        self.blocks[name] = Block([word for word, _ in inner.inputs.values()], body)
        sources = self._sources([spot for _, spot in inner.inputs.values()], place, previous)
        return Call({"op": name}, sources)

    def _block_name(self, scope: Scope) -> str:
        word = scope.label if _BLOCK_NAME.fullmatch(scope.label) else "Part"
        return self.names.fresh(word, joint="")

    # --- layers -------------------------------------------------------------------------------------

    def _call(self, node: Node, place: Place, previous: Read | None) -> Call:
        sources = self._of_node(node, place, previous)
        values = {**input_side(node), **arguments(node.op)}
        if any(map(_is_symbolic, values.values())):
            values = self._with_expressions(node, values, sources, place)
        return Call({"op": type(node.op).__name__}, sources, values)

    def _share(self, step: Step, place: Place, before: Step | None, previous: Read | None) -> Call:
        first = self.names.of_first(step, place, before)
        sources = self._of_node(step, place, previous) if isinstance(step, Node) else None
        if isinstance(step, Scope):
            sources = self._sources(self._spots(step), place, previous)
        return Call({"share": first}, sources)

    def _spots(self, scope: Scope) -> list[Spot]:
        """What a scope reads that is applied again: one value, or what the block that it is wants."""
        applications = self.names.applications
        first = applications.first[scope.owner]
        if not isinstance(first, Scope) or first not in self.of_scope:
            return [input_of(scope)]
        twins = applications.again[first][scope]
        return [Spot(twins[spot.step], spot.pick) for _, spot in self.of_scope[first].inputs.values()]

    def _of_node(self, node: Node, place: Place, previous: Read | None) -> list[str] | None:
        """What a node reads. A merge of one value takes all of several, of which there is one."""
        if _is_owned(node):
            return None
        sources = self._sources([input_of(node, index) for index in range(len(node.inputs))], place, previous)
        least, most = node.op.inputs
        if most is not None or len(node.inputs) >= least:
            return sources
        alias = Alias(self.names.fresh("all"), sources, place.read(input_of(node)), several=True)
        place.aliases.setdefault(node, []).append(alias)
        return [f"{alias.name}.*"]

    def _sources(self, spots: Sequence[Spot], place: Place, previous: Read | None) -> list[str] | None:
        """The names of what is read; None for the previous layer alone."""
        if len(spots) == 1 and place.read(spots[0]) == previous:
            return None
        return [self.names.of(spot, place, previous) for spot in spots]

    # --- symbolic sizes -----------------------------------------------------------------------------

    def _with_expressions(
        self, node: Node, values: dict[str, Any], sources: list[str] | None, place: Place
    ) -> dict[str, Any]:
        """Symbolic sizes among the arguments, read off what the layer reads, else off other inputs; in a scope that is
        applied again, the same text has to mean the sizes of each application. Raises ExpandError."""
        found = with_expressions(values, of_axes(_shown(node, sources)))
        twins = [twin for each in place.shared for twins in each.twins if isinstance(twin := twins[node], Node)]
        if all(twin.op == node.op for twin in twins):
            found = found or with_expressions(values, of_axes(_shown(node, sources) + self._visible(place)))
        elif any(with_expressions(arguments(twin.op), of_axes(_shown(twin, sources))) != found for twin in twins):
            found = None
        if found is None:
            raise ExpandError(f"no value that `{node.path}` can read has the symbolic sizes that it needs")
        return found

    def _visible(self, place: Place) -> list[Shown]:
        """The inputs of the model, or of the block around, by names that no layer hides."""
        hidden: set[str] = set()
        while place.parent is not None:
            hidden |= place.names
            place = place.parent
        given = {word: read.value for read, (word, _) in place.inputs.items()}
        if not place.is_block:
            given = {value.name: value for value in self.graph.inputs if value.name not in hidden}
        return [Shown(word, value.type) for word, value in given.items()]


def _with_said(children: Sequence[tuple[str, Layer]], owned: Set[str]) -> Iterator[tuple[str, Layer]]:
    """The layers of a scope, where one that goes on from a branch says so: from a layer that has a `from` itself, and
    that a merge reads as well."""
    merges = [layer.sources for _, layer in children if layer.sources and len(layer.sources) > 1]
    merged = {name.partition(".")[0] for names in merges for name in names}
    branch = ""
    for key, layer in children:
        if branch and layer.sources is None and key not in owned:
            layer = layer._replace(sources=[branch])
        yield key, layer
        if key not in owned:
            branch = key if layer.sources is not None and key in merged else ""


def _given(step: Step, place: Place) -> Read | None:
    """What the layer behind a step reads by default: nothing where the step gives several values."""
    if isinstance(step, Node) and step.op.multiple:
        return None
    return place.read(output_of(step))


def _is_owned(step: Step) -> bool:
    """Whether it is an owned tensor, which reads nothing and is no layer's default."""
    return isinstance(step, Node) and step.op.inputs == (0, 0)


def _words(scope: Scope) -> frozenset[str]:
    """The first words of the names of its layers."""
    start = len(scope.path) + 1 if scope.path else 0
    return frozenset(step.path[start:].partition(".")[0] for step in scope.steps)


def _alias(alias: Alias) -> Call:
    return Call({"op": "Chunk", "if": False} if alias.several else _ABSENT, alias.sources)


def _is_symbolic(value: Any) -> bool:
    return isinstance(value, Symbolic) or (isinstance(value, list) and any(map(_is_symbolic, value)))


def _shown(node: Node, sources: list[str] | None) -> list[Shown]:
    """What a node reads, as far as an expression can name it."""
    paths = ["prev"] if sources is None else sources
    named = zip(paths, node.inputs, strict=False)
    return [Shown(path, value.type) for name, value in named if (path := _in_expression(name))]


def _in_expression(path: str) -> str:
    """A path as expressions have it, with numbers in brackets; empty where they cannot have it."""
    first, *rest = path.split(".")
    if not all(word.isidentifier() or word.isdigit() for word in rest) or not first.isidentifier():
        return ""
    return first + "".join(f"[{word}]" if word.isdigit() else f".{word}" for word in rest)
