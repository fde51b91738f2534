"""The flow-style trap: `{kernel_size: (1, 7)}`, `{p: d[s]}` and `{from: [down{k}]}` are cut at their
comma or bracket by YAML, as is `p: [0.1, 0.2][s]` at its second bracket. These functions find the whole
expression that was meant, to quote it."""

from __future__ import annotations

import re

from archspec.source import SourceFile, Span

_PAIRS = {"(": ")", "[": "]", "{": "}"}
_BLOCK_VALUE = re.compile(r"\s*(?:- +)*(?:[\w.{} -]+: +)?(\[.*?)\s*(?:#.*)?")


def broken_expression(file: SourceFile, offset: int) -> Span | None:
    """The expression around an offset at which the parser gave up, from the start of its value to the end of
    its brackets; None where the place does not look like one."""
    text = file.text
    line_start = text.rfind("\n", 0, offset) + 1
    before = text[line_start:offset]
    if text[offset : offset + 1] in ("[", "{") and re.search(r"[\[{]", before):
        start = max(before.rfind(mark) + len(mark) for mark in (": ", ", ", "[", "{") if mark in before)
        if (found := cut_expression(file, line_start + start, offset)) is not None:
            return found
    line = _BLOCK_VALUE.fullmatch(text[line_start : text.find("\n", offset) % (len(text) + 1)])
    if line is None:
        return None
    value = file.span(line_start + line.start(1), line_start + line.end(1))
    closed = _closing(text, value.start, value.end)
    return value if closed is not None and closed < offset < value.end else None


def _closing(text: str, start: int, end: int) -> int | None:
    """Where the bracket at `start` closes."""
    depth = 0
    for i in range(start, end):
        depth += (text[i] in "([{") - (text[i] in ")]}")
        if depth == 0:
            return i
    return None


def cut_expression(file: SourceFile, start: int, opened: int) -> Span | None:
    """The expression from `start` to behind the bracket at `opened`, with what follows up to a comma or a colon."""
    if not re.match(r"[\w(]", file.text[start : start + 1]):
        return None
    end = _end_of_expression(file.text, start, opened)
    return file.span(start, end) if end else None


def _end_of_expression(text: str, start: int, opened: int) -> int | None:
    depth: list[str] = []
    for i in range(start, len(text)):
        char = text[i]
        if char in "\n#":
            return None
        if char in _PAIRS:
            depth.append(_PAIRS[char])
        elif depth and char == depth[-1]:
            depth.pop()
        elif not depth and i > opened and (char in ",]}" or text[i : i + 2] == ": "):
            return start + len(text[start:i].rstrip())
    return None


def quoted(span: Span) -> str:
    """The pair or item with its expression in quotes, ready to paste."""
    text = span.file.text
    line_start = text.rfind("\n", 0, span.start) + 1
    key = re.search(r"([\w.-]+): *$", text[line_start : span.start])
    prefix = f"{key.group(1)}: " if key else ""
    quote = "'" if '"' in span.text else '"'
    return f"{prefix}{quote}{span.text}{quote}"
