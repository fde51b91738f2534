"""Layers of a flat spec as lines: one line for each wherever it fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from archspec.backends.spec.yaml import flow, name

WIDTH = 100
_INDENT = "  "


class Call(NamedTuple):
    """A layer in one mapping: `what` is its op or what it shares."""

    what: dict[str, Any]
    sources: list[str] | None = None  # None: the previous layer
    arguments: Mapping[str, Any] = MappingProxyType({})


class Group(NamedTuple):
    """A scope of layers: a list where `numbered`, else a mapping."""

    children: Sequence[tuple[str, Layer]]
    numbered: bool
    sources: list[str] | None = None
    comment: str = ""  # what it was: the name of a block, or of a spec
    order: Sequence[str] = ()  # of its children as modules


Layer: TypeAlias = Call | Group


def written(children: Sequence[tuple[str, Layer]], numbered: bool, indent: str) -> Iterator[str]:
    """The lines of the layers of a scope."""
    for key, layer in children:
        lines = _call(layer, key, numbered, indent) if isinstance(layer, Call) else _group(layer, key, numbered, indent)
        yield from lines


def _call(call: Call, key: str, numbered: bool, indent: str) -> Iterator[str]:
    label = f"{indent}-" if numbered else f"{indent}{name(key)}:"
    fields = {word: flow(value) for word, value in call.what.items()}
    if call.sources is not None:
        fields["from"] = sources(call.sources)
    fields |= {word: flow(value) for word, value in call.arguments.items()}
    inside = ", ".join(f"{word}: {text}" for word, text in fields.items())
    line = f"{label} {fields['op']}" if list(fields) == ["op"] else f"{label} {{{inside}}}"
    if len(line) <= WIDTH or len(fields) == 1:
        yield line
        return
    if not numbered:
        yield label
    lead = f"{label} " if numbered else f"{indent}{_INDENT}"
    for word, text in fields.items():
        yield f"{lead}{word}: {text}"
        lead = indent + _INDENT


def _group(group: Group, key: str, numbered: bool, indent: str) -> Iterator[str]:
    comment = f"  # {group.comment}" if group.comment else ""
    inner = indent + _INDENT
    if not numbered:
        yield f"{indent}{name(key)}:{comment}"
        if group.children and group.numbered and group.sources is None:
            yield from written(group.children, True, inner)
            return
        comment = ""
    lead = f"{indent}- " if numbered else inner
    if group.sources is not None:
        yield f"{lead}from: {sources(group.sources)}{comment}"
        lead, comment = inner, ""
    if not group.children:
        yield f"{lead}layers: []{comment}"
        return
    yield f"{lead}layers:{comment}"
    yield from written(group.children, group.numbered, inner + _INDENT)
    if group.order:
        yield f"{inner}order: {flow(list(group.order))}"


def sources(names: list[str]) -> str:
    """What stands behind `from`."""
    return name(names[0]) if len(names) == 1 else f"[{', '.join(map(name, names))}]"
