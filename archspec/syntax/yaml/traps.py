"""The flow-style trap: `{kernel_size: (1, 7)}`, `{p: d[s]}` and `{from: [down{k}]}` are cut at their
comma or bracket by YAML, as is `p: [0.1, 0.2][s]` at its second bracket. These functions find the whole
expression that was meant, to quote it."""

from __future__ import annotations

import re

from archspec.diagnostics import Help
from archspec.source import Span
from archspec.syntax.tree import shortened
from archspec.syntax.yaml.cursor import Cursor

LONGEST = 1_000  # characters of an expression that is looked for
_LONGEST_KEY = 200
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_KEY_BEFORE = r"([\w.-]+): *$"


def report(cursor: Cursor, span: Span) -> None:
    """Say of an expression that YAML cuts that it needs quotes; it is read as if it had them."""
    what = "in flow style, an expression with a comma or a bracket needs quotes"
    if span.text.startswith("["):
        what = "an expression that starts with a bracket needs quotes"
    before = max(cursor.line_start(span.start), span.start - _LONGEST_KEY)
    key = re.compile(_KEY_BEFORE).search(cursor.text, before, span.start)
    words = shortened(f"{key.group(1)}: {quoted(span.text)}" if key else quoted(span.text), 200)
    help = Help(f"write `{words}`", quoted(span.text))
    if "\n" in span.text:
        help = Help("put all of it on one line, in quotes")
    cursor.wrong(what, span.start, span.end, code="A104", helps=[help], repaired=True)


def whole_expression(cursor: Cursor, start: int, opened: int) -> Span | None:
    """The expression from `start` to behind the bracket at `opened`, with what follows up to a comma, a colon or the
    line's end; None where its brackets don't close."""
    text, depth = cursor.text, []
    for i in range(start, min(start + LONGEST, len(text))):
        char = text[i]
        if char in _PAIRS:
            depth.append(_PAIRS[char])
        elif depth and char == depth[-1]:
            depth.pop()
        elif not depth and i > opened and (char in ",]}\n" or text[i : i + 2] in (": ", " #")):
            return cursor.span(start, start + len(text[start:i].rstrip()))
    return None


def quoted(text: str) -> str:
    """A text in the quotes that it does not hold, or, of two kinds, in single ones."""
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
