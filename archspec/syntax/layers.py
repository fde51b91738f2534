"""Layer declarations: what one entry under `layers` says, before anything is evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pydantic import Field

from archspec.diagnostics import Diagnostics, near
from archspec.source import Span
from archspec.syntax.expressions import ExpressionError, Template, parse_template
from archspec.syntax.skeleton import ExpressionNode, LayersNode, Section, Skeleton, SourceNode, Text, Texts
from archspec.syntax.tree import Mapping, Node, Scalar, Sequence, kind

LayerKind = Literal["op", "layers", "splice", "share", "spec"]
KINDS: tuple[LayerKind, ...] = ("op", "layers", "splice", "share", "spec")

_LOOP = re.compile(r"\s*([^\W\d]\w*)\s+in\s+(.+)", re.DOTALL)


class LayerSkeleton(Skeleton):
    """The control words of a layer; every other key is an argument of its op, block or spec."""

    op: ExpressionNode | None = Field(None, description="an op, a block, or an expression that gives one")
    layers: LayersNode | None = Field(None, description="a scope of its own: a list numbers its children")
    order: Texts | None = Field(None, description="with `layers`: in which order the children are registered")
    splice: LayersNode | None = Field(None, description="layers that join the surrounding scope")
    share: Text | None = Field(None, description="an earlier layer, applied again with the same weights")
    spec: Text | None = Field(None, description="another spec's layers, as a scope")
    until: Text | None = Field(None, description="with `spec`: the last of its layers to take")
    only: Text | None = Field(None, description="with `spec`: the one of its layers to take, in place of the whole")
    from_: SourceNode | None = Field(None, alias="from", description="what it reads; the previous layer by default")
    if_: ExpressionNode | None = Field(None, alias="if", description="false: an alias of what it reads first")
    repeat: ExpressionNode | None = Field(None, description="a count, or `i in range(n)`")
    let: Section | None = Field(None, description="names for expressions, seen inside this layer")


@dataclass(frozen=True, slots=True)
class Loop:
    """One `index in items` of a repetition; without an index, `items` is a count."""

    index: Scalar | None
    items: Scalar


Arguments: TypeAlias = MappingType[str, tuple[Scalar, Node]]
"""What a layer, or a spec's caller, gives: name -> key and value."""


@dataclass(slots=True, eq=False)
class LayerDecl:
    """One entry: what it is, what it reads, and when and how often it stands there."""

    kind: LayerKind
    span: Span
    key: Scalar | None = None
    name: Template | None = None  # of the key; None in a list
    word: Scalar | None = None  # what `op`, `share` or `spec` says
    children: Layers | None = None
    sources: list[Scalar] | None = None  # of `from`; None: the previous layer
    condition: Scalar | None = None
    loops: list[Loop] = field(default_factory=list)
    let: Mapping | None = None
    until: Scalar | None = None
    only: Scalar | None = None
    broken: bool = False  # it makes no sense, which is reported: it has no value
    arguments: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)

    @property
    def has_plain_name(self) -> bool:
        return self.name is not None and self.name.is_plain


@dataclass(slots=True, eq=False)
class Layers:
    """The layers of one scope: named, or numbered."""

    named: bool
    items: list[LayerDecl]
    span: Span
    order: tuple[str, ...] = ()  # of the children as modules, where it is not that in which they run


CONTROL = frozenset(LayerSkeleton.keys())


def read_layers(node: Node, diagnostics: Diagnostics) -> Layers:
    """A list or mapping of layers; entries that make no sense are reported, and their layers broken."""
    if isinstance(node, Sequence):
        return Layers(False, [read_layer(item, None, diagnostics) for item in node.items], node.span)
    if isinstance(node, Mapping):
        named = [read_layer(value, key, diagnostics) for key, value in _indented(node, diagnostics)]
        return Layers(True, named, node.span)
    diagnostics.add("A203", f"layers are a list or a mapping, and this is {kind(node)}", node.span)
    return Layers(True, [], node.span)


def read_order(node: Sequence | None, layers: Layers, diagnostics: Diagnostics) -> None:
    """The order in which the children of a scope are registered; a child that it does not name comes behind them."""
    found: list[str] = []
    children = {item.key.text.partition(".")[0]: None for item in layers.items if item.key is not None}
    for item in _scalars(node) if node is not None else ():
        if item.text in found:
            diagnostics.add("A206", f"`order` names `{item.text}` twice", item.span)
        elif item.text not in children:
            otherwise = "" if layers.named else "it names children, and numbered ones have no names"
            helps = near(item.text, children, otherwise)
            diagnostics.add("A301", f"there is no layer `{item.text}` to put in order", item.span, helps=helps)
        else:
            found.append(item.text)
    layers.order = tuple(found)


def _indented(node: Mapping, diagnostics: Diagnostics) -> Iterator[tuple[Scalar, Node | None]]:
    """The entries that are layers, without what was meant to stand below one; None where one says nothing."""
    entries: list[tuple[Scalar, Node, list[Scalar]]] = []  # with the control words that follow an empty one
    for key, value in node:
        if key.text in CONTROL and entries and _is_empty(entries[-1][1]):
            entries[-1][2].append(key)
        else:
            entries.append((key, value, []))
    for key, value, meant in entries:
        yield key, None if _is_empty(value) else value
        if not _is_empty(value):
            continue
        if meant:
            helps = [f"indent it further than `{key.text}`, if it belongs to that layer"]
            message = f"`{meant[0].text}` stands where a layer's name is wanted"
            diagnostics.add("A205", message, meant[0].span, helps=helps)
        else:
            diagnostics.add("A206", f"`{key.text}` says nothing", key.span, helps=["name its op behind the colon"])


def _is_empty(node: Node) -> bool:
    """Whether nothing at all is written there."""
    return isinstance(node, Scalar) and node.span.start == node.span.end


def read_layer(node: Node | None, key: Scalar | None, diagnostics: Diagnostics) -> LayerDecl:
    """One layer: an op name, a list of layers, or a mapping; broken, and reported, where it is none of these.
    None: what stands there is reported already."""
    name = None
    if key is not None:
        try:
            name = parse_template(key.text)
        except ExpressionError as error:
            diagnostics.add(error.code, error.message, locate(key, error), helps=error.helps)
            return LayerDecl("op", key.span, key, broken=True)
    if node is None:
        assert key is not None
        return LayerDecl("op", key.span, key, name, broken=True)
    span = key.span if key else node.span if isinstance(node, Scalar) else node.span.slice(0, 1)
    if isinstance(node, Sequence):
        return LayerDecl("layers", span, key, name, children=read_layers(node, diagnostics))
    if isinstance(node, Mapping):
        return _read_mapping(node, LayerDecl("op", span, key, name), diagnostics)
    if node.value is None or node.is_text:
        return LayerDecl("op", span, key, name, word=node)
    diagnostics.add("A203", f"a layer is an op name, a list or a mapping, and this is {kind(node)}", node.span)
    return LayerDecl("op", span, key, name, broken=True)


def _read_mapping(node: Mapping, layer: LayerDecl, diagnostics: Diagnostics) -> LayerDecl:
    control = {key: entry for key, entry in node.entries.items() if key in CONTROL}
    layer.arguments = {key: entry for key, entry in node.entries.items() if key not in CONTROL}
    if control.keys().isdisjoint(KINDS):
        _correct_kind(layer, control, diagnostics)
    kinds = [each for each in KINDS if each in control]
    if len(kinds) != 1:
        _report_kinds(node, layer, kinds, diagnostics)
        layer.broken = True
        return layer
    layer.kind = kinds[0]
    if "op" in control and _is_null(control["op"][1]):  # a null op is an absent layer
        control.pop("op")
    skeleton = LayerSkeleton.read(Mapping(control, node.span), diagnostics, "a layer")
    if skeleton is None:
        layer.broken = True
        return layer
    if layer.kind in ("layers", "splice", "share"):
        for key, (scalar, _) in layer.arguments.items():
            free = [each for each in CONTROL if each not in node]
            helps = near(key, free, f"only an op, a block or a spec has arguments, and this is `{layer.kind}`")
            diagnostics.add("A201", f"a layer with `{layer.kind}` has no key `{key}`", scalar.span, helps=helps)
    for word, where in (("until", "spec"), ("only", "spec"), ("order", "layers")):
        if word in control and layer.kind != where:
            diagnostics.add("A201", f"`{word}` goes with `{where}` only", control[word][0].span)
    if skeleton.until is not None and skeleton.only is not None:
        message = "a spec ends behind a layer, or is one of its layers, and this one says `until` and `only`"
        diagnostics.add("A206", message, control["only"][0].span)
    body = skeleton.layers or skeleton.splice
    layer.children = read_layers(body, diagnostics) if body is not None else None
    if layer.kind == "layers" and layer.children is not None:
        read_order(skeleton.order, layer.children, diagnostics)
    layer.word = skeleton.op or skeleton.share or skeleton.spec
    layer.until, layer.only = skeleton.until, skeleton.only
    layer.condition = skeleton.if_
    layer.let = skeleton.let
    if skeleton.from_ is not None:
        layer.sources = list(_scalars(skeleton.from_))
    if skeleton.repeat is not None:
        layer.loops = list(_loops(skeleton.repeat, diagnostics))
    return layer


def _is_null(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _report_kinds(node: Mapping, layer: LayerDecl, kinds: list[LayerKind], diagnostics: Diagnostics) -> None:
    if kinds:
        words = " and ".join(f"`{each}`" for each in kinds)
        diagnostics.add("A206", f"a layer is one thing, and this one says {words}", node.entries[kinds[1]][0].span)
        return
    helps = ["named children stand under `layers:`"]
    message = "a layer needs one of `op`, `layers`, `splice`, `share`, `spec`"
    diagnostics.add("A206", message, layer.span, helps=helps)


def _correct_kind(layer: LayerDecl, control: dict[str, tuple[Scalar, Node]], diagnostics: Diagnostics) -> None:
    """Report the misspelt word that says what a layer is, and take it for what it was meant to be."""
    for name, (key, value) in layer.arguments.items():
        for help in near(name, KINDS):
            diagnostics.add("A201", f"a layer has no key `{name}`", key.span, helps=[help])
            control[help.replacement or name] = (key, value)
            del layer.arguments[name]
            return


def _scalars(node: Node) -> Iterator[Scalar]:
    for item in node.items if isinstance(node, Sequence) else [node]:
        if isinstance(item, Scalar):
            yield item


def _loops(scalar: Scalar, diagnostics: Diagnostics) -> Iterator[Loop]:
    """`3`, `n`, `i in items`, or several of the latter with commas between."""
    for start, end in _split_at_commas(scalar.text):
        part = part_of(scalar, start, end)
        match = _LOOP.fullmatch(part.text)
        if match is None:
            if (start, end) != (0, len(scalar.text)) and not scalar.broken:
                diagnostics.add("A208", f"`{part.text}` has to be `index in items`", part.span)
            yield Loop(None, part if scalar.is_text else scalar)
            continue
        yield Loop(part_of(part, *match.span(1)), part_of(part, *match.span(2)))


def _split_at_commas(text: str) -> Iterator[tuple[int, int]]:
    depth = start = 0
    for i, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            yield start, i
            start = i + 1
    yield start, len(text)


def part_of(scalar: Scalar, start: int, end: int) -> Scalar:
    """A part of a scalar's text as a scalar of its own, at its own place; always text."""
    text = scalar.text[start:end]
    span = scalar.inner.slice(start, end) if scalar.inner.text == scalar.text else scalar.span
    return Scalar(text, text, span, span, scalar.broken)


def locate(scalar: Scalar, error: ExpressionError) -> Span:
    """The place of an expression's error; the whole scalar where its text is not the source's (folded, escaped)."""
    if error.end is None or scalar.inner.text != scalar.text:
        return scalar.inner
    return scalar.inner.slice(error.start, max(error.end, error.start + 1))


def argument_span(arguments: Arguments, name: str) -> Span | None:
    """The place of an argument's value, without its quotes; None where it isn't written."""
    if name not in arguments:
        return None
    node = arguments[name][1]
    return node.inner if isinstance(node, Scalar) else node.span
