"""The marked tree: YAML's three kinds of node, each with its place in the source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from archspec.source import Span

Plain: TypeAlias = str | int | float | bool | None


@dataclass(slots=True, eq=False)
class Scalar:
    """One value. `text` is what stands there; `value` is what YAML 1.2's core schema makes of it."""

    value: Plain
    text: str
    span: Span
    inner: Span  # without the quotes
    broken: bool = False  # part of an expression that was cut, which is reported: it has no value

    @property
    def is_text(self) -> bool:
        return isinstance(self.value, str)


@dataclass(slots=True, eq=False)
class Sequence:
    """A list."""

    items: list[Node]
    span: Span


@dataclass(slots=True, eq=False)
class Mapping:
    """Key-value pairs in source order; keys are scalars and stand once each."""

    entries: dict[str, tuple[Scalar, Node]]
    span: Span

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def __iter__(self) -> Iterator[tuple[Scalar, Node]]:
        return iter(self.entries.values())

    def get(self, key: str) -> Node | None:
        entry = self.entries.get(key)
        return entry[1] if entry else None


Node: TypeAlias = Scalar | Sequence | Mapping


def kind(node: Node) -> str:
    """What a node is, in words for a message."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if node.value is None:
        return "null"
    if isinstance(node.value, bool):
        return f"the bool `{node.text}`"
    if isinstance(node.value, str):
        return f"the text `{shortened(node.text)}`"
    return f"the number {node.text}"


def shortened(text: str, width: int = 60) -> str:
    """A text on one line, cut to a width that fits into a message."""
    text = " ".join(text.split()) if "\n" in text else text
    return text if len(text) <= width else text[: width - 3] + "..."
