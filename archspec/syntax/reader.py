"""Spec text -> marked tree, or diagnostics: limits, then the parser of `yaml`."""

from __future__ import annotations

from archspec.diagnostics import Diagnostics
from archspec.source import SourceFile
from archspec.syntax.tree import Node
from archspec.syntax.yaml.block import Block
from archspec.syntax.yaml.cursor import MAX_DEPTH as MAX_DEPTH
from archspec.syntax.yaml.cursor import Cursor, Stop

MAX_BYTES = 256 * 1024


def read(file: SourceFile, diagnostics: Diagnostics, *, max_bytes: int = MAX_BYTES) -> Node | None:
    """The tree of a file's one document; None where it does not parse, which `diagnostics` says. A mistake with one
    sensible repair is reported, and the repaired text read."""
    size = len(file.text.encode("utf-8", errors="surrogatepass"))
    if size > max_bytes:
        message = f"the file has {size:,} bytes, and {max_bytes:,} are the limit"
        diagnostics.add("A601", message, file.span(0, 0), helps=["`--max-bytes` raises the limit"])
        return None
    try:
        cursor = Cursor(file, diagnostics)
        root = Block(cursor).document()
    except Stop:
        return None
    return None if cursor.incomplete else root
