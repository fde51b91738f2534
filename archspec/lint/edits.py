"""How an argument is written into a layer."""

from __future__ import annotations

import re

from archspec.diagnostics import Help
from archspec.graph import Node
from archspec.source import Span

_IN_FLOW = re.compile(r"\s*[,}]")
_IN_BLOCK = re.compile(r"[ ]*(#.*)?(\n|$)")


def write_argument(node: Node, name: str, text: str) -> Help:
    """Help that gives a layer an argument, as an edit where it is plain how: in the place of another word for it, or
    behind an argument that the layer has."""
    help = f"write `{name}: {text}`"
    written = node.origin.arguments
    if name in written:
        return Help(help, text, written[name]) if written[name].text in ("true", "false") else Help(help)
    for other, span in written.items():
        if (added := _behind(other, span, f"{name}: {text}")) is not None:
            return Help(help, added, span)
    return Help(help)


def _behind(name: str, value: Span, added: str) -> str | None:
    """The value with another argument behind it; None where it is quoted or takes several lines."""
    file, text = value.file, value.text
    rest = file.text[value.end :]
    if "\n" in text:
        return None
    if _IN_FLOW.match(rest):
        return f"{text}, {added}"
    before = file.line(value.line)[: value.column - 1]
    key = re.fullmatch(rf"([ -]*){re.escape(name)}:[ ]*", before)
    return f"{text}\n{' ' * len(key[1])}{added}" if key and _IN_BLOCK.match(rest) else None
