"""The forms for programs: JSON, which is stable, and the annotations of GitHub Actions."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

from archspec.diagnostics import Diagnostic, Severity
from archspec.render import Checked
from archspec.render.characters import printable

_ANNOTATED = 10  # diagnostics of each severity that GitHub shows of one step
_LINE_END = re.compile(r"\r\n?|\n")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def json_(checked: Checked) -> str:
    """The stable JSON form; `ok` says that a file has no errors."""
    files = [
        {
            "path": path,
            "ok": all(item.severity is not Severity.ERROR for item in items),
            "diagnostics": [item.as_dict() for item in items],
        }
        for path, items in checked
    ]
    return ascii_json({"files": files})


def ascii_json(value: object) -> str:
    """JSON in ASCII, of whole characters."""
    text = whole(json.dumps(value, indent=2, ensure_ascii=False))
    return _BEYOND_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text)


def whole(text: str) -> str:
    """The text with U+FFFD for halves of surrogate pairs, in which Python keeps what is no UTF-8 in a path, and which
    strict readers refuse."""
    return _SURROGATE.sub("\ufffd", text)


def github(checked: Checked) -> str:
    """Workflow commands, which GitHub Actions turns into annotations of the lines; and how many it leaves out."""
    items = list(once(checked))
    lines = [_command(item) for item in items]
    of_each = Counter(item.severity for item in items)
    unseen = sum(max(0, count - _ANNOTATED) for count in of_each.values())
    if unseen:
        lines.append(f"{unseen} more: of a step, GitHub annotates {_ANNOTATED} errors and {_ANNOTATED} warnings")
    return "\n".join(lines)


def once(checked: Checked) -> Iterator[Diagnostic]:
    """The diagnostics of all targets; what several say of a file that they share comes once."""
    said = set()
    for _, items in checked:
        for item in items:
            fact = item.code, item.message, item.span.file.path, item.span.start, item.span.end
            if fact not in said:
                said.add(fact)
                yield item


def in_full(item: Diagnostic) -> str:
    """The message with its notes and helps, line by line."""
    notes = [f"note: {note}" for note in item.notes]
    helps = [f"help: {text}" for text in item.helps]
    return "\n".join([item.message, *notes, *helps])


def _command(item: Diagnostic) -> str:
    span = item.span
    properties: dict[str, object] = {"file": span.file.path, "line": span.line}
    if span.end_line == span.line:  # GitHub refuses columns of a range over several lines
        properties["col"] = span.column
    properties["endLine"] = span.end_line
    if span.end_line == span.line:
        properties["endColumn"] = span.end_column
    properties["title"] = item.code.name
    said = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in properties.items())
    return f"::{item.severity} {said}::{_escaped(in_full(item))}"


def _escaped(text: str, also: str = "") -> str:
    """A text for a workflow command, on one line and safe to print: what would end the command, or one of its
    properties, as %XX. https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts"""
    safe = "\n".join(map(printable, _LINE_END.split(text)))
    return "".join(f"%{ord(char):02X}" if char in "%\n" + also else char for char in safe)
