"""Diagnostics as people, programs and services read them: text, JSON, GitHub annotations, SARIF.

Every form takes what was checked, in order: pairs of a target's path and its diagnostics. The text form
is rustc's: the fact, its place under the source line, the places that disagree with it, notes, and ways out.
Only what specs and messages say themselves ever leaves ASCII.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, groupby
from pathlib import PurePath
from typing import NamedTuple, TypeAlias
from unicodedata import category, east_asian_width

from archspec.diagnostics import Diagnostic, Severity
from archspec.source import Span

Checked: TypeAlias = Sequence[tuple[str, Sequence[Diagnostic]]]

BOLD, DIM, _RED, _YELLOW, _BLUE = "1", "2", "1;31", "1;33", "1;34"
_COLORS = {Severity.ERROR: _RED, Severity.WARNING: _YELLOW}
_TAB = "    "
_UNPRINTABLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
_ELLIPSIS = "..."
_LEAST_SOURCE = 20  # cells of a source line that are shown however narrow the terminal is
_ANNOTATED = 10  # diagnostics of each severity that GitHub shows of one step


def paint(text: str, style: str, color: bool) -> str:
    """The text in an ANSI style, where colour is wanted."""
    return f"\x1b[{style}m{text}\x1b[0m" if color and text else text


def cells(text: str) -> int:
    """How many terminal columns a printed text takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(char: str) -> int:
    if category(char) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


def printable(text: str) -> str:
    """The text without what would move the cursor or reorder a line: controls, escapes, bidi marks."""
    return "".join(_TAB if char == "\t" else "?" if category(char) in _UNPRINTABLE else char for char in text)


def text(checked: Checked, *, width: int = 80, color: bool = False) -> str:
    """For people: every diagnostic with its source lines, trimmed to `width` columns, and a last line that counts."""
    blocks = ["\n".join(_diagnostic(item, width, color)) for _, items in checked for item in items]
    return "\n\n".join([*blocks, _tally(checked)])


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
    return json.dumps({"files": files}, indent=2)


def github(checked: Checked) -> str:
    """Workflow commands, which GitHub Actions turns into annotations of the lines."""
    items = [item for _, found in checked for item in found]
    lines = [_command(item) for item in items]
    of_each = Counter(item.severity for item in items)
    unseen = sum(max(0, count - _ANNOTATED) for count in of_each.values())
    if unseen:
        lines.append(f"{unseen} more: of a step, GitHub annotates {_ANNOTATED} errors and {_ANNOTATED} warnings")
    return "\n".join(lines)


def sarif(checked: Checked) -> str:
    """SARIF 2.1.0, which code scanning services read."""
    items = [item for _, found in checked for item in found]
    codes = {item.code.name: item.code for item in items}
    rules = sorted(codes)
    run = {
        "tool": {
            "driver": {
                "name": "archspec",
                "rules": [
                    {
                        "id": name,
                        "shortDescription": {"text": codes[name].title},
                        "defaultConfiguration": {"level": str(codes[name].severity)},
                    }
                    for name in rules
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            {
                "ruleId": item.code.name,
                "ruleIndex": rules.index(item.code.name),
                "level": str(item.severity),
                "message": {"text": _in_full(item)},
                "locations": [_location(item.span)],
                "relatedLocations": [
                    {"id": number, "message": {"text": label.text}, **_location(label.span)}
                    for number, label in enumerate(item.labels, 1)
                ],
                "partialFingerprints": {"primaryLocationLineHash": fingerprint},
            }
            for item, fingerprint in zip(items, _fingerprints(items), strict=True)
        ],
    }
    return json.dumps(
        {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}, indent=2
    )


# --- text


class _Mark(NamedTuple):
    """A range of one line to underline: code points from 0, with its sign and what it says."""

    span: Span
    sign: str
    style: str
    text: str = ""

    @property
    def start(self) -> int:
        return self.span.column - 1

    def end(self, line: str) -> int:
        """Where it ends on its first line, at least one place after its start."""
        end = self.span.end_column - 1 if self.span.end_line == self.span.line else len(line)
        return max(end, self.start + 1)


def _diagnostic(item: Diagnostic, width: int, color: bool) -> Iterator[str]:
    style = _COLORS[item.severity]
    head = paint(f"{item.severity}[{item.code.name}]", style, color)
    yield head + paint(f": {printable(item.message)}", BOLD, color)
    marks = [_Mark(item.span, "^", style), *(_Mark(label.span, "-", _BLUE, label.text) for label in item.labels)]
    gutter = max(len(str(mark.span.line)) for mark in marks)
    for path in dict.fromkeys(mark.span.file.path for mark in marks):
        in_file = [mark for mark in marks if mark.span.file.path == path]
        first = in_file[0].span
        arrow = "-->" if first is item.span else ":::"
        place = f"{path}:{first.line}:{first.column}" if first.file.text else path
        yield f"{' ' * gutter}{paint(arrow, _BLUE, color)} {printable(place)}"
        if first.file.text:
            yield from _excerpt(in_file, gutter, width, color)
    if item.span.file.text and (item.notes or item.helps):
        yield f"{' ' * gutter} {paint('|', _BLUE, color)}"
    for kind, texts in (("note", item.notes), ("help", item.helps)):
        for said in texts:
            first_line, *others = said.split("\n")
            yield f"{' ' * gutter} {paint('=', _BLUE, color)} {paint(f'{kind}:', BOLD, color)} {printable(first_line)}"
            yield from (f"{' ' * gutter}         {printable(other)}" for other in others)


def _excerpt(marks: Iterable[_Mark], gutter: int, width: int, color: bool) -> Iterator[str]:
    """The marked lines of one file from top to bottom, each with its marks from left to right under it."""
    room = max(_LEAST_SOURCE, width - gutter - 3)
    edge = f"{' ' * gutter} {paint('|', _BLUE, color)}"
    yield edge
    previous = 0
    for number, on_line in groupby(sorted(marks, key=lambda mark: mark.span.start), key=lambda mark: mark.span.line):
        if previous and number > previous + 1:
            yield paint(_ELLIPSIS, _BLUE, color)
        previous = number
        together = list(on_line)
        line = together[0].span.file.line(number)
        fits = cells(printable(line)) <= room
        for shown_at_once in [together] if fits else [[mark] for mark in together]:
            low, high = _trimmed(line, shown_at_once[0].start, shown_at_once[0].end(line), room)
            before = _ELLIPSIS if low else ""
            after = _ELLIPSIS if high < len(line) else ""
            source = f"{before}{printable(line[low:high])}{after}"
            yield f"{paint(f'{number:>{gutter}} |', _BLUE, color)} {source}".rstrip()
            for mark in shown_at_once:
                indent = " " * cells(before + printable(line[low : mark.start]))
                under = mark.sign * max(1, cells(printable(line[mark.start : min(mark.end(line), high)])))
                said = printable(f"{under} {mark.text}".rstrip())
                yield f"{edge} {indent}{paint(said, mark.style, color)}"


def _trimmed(line: str, start: int, end: int, room: int) -> tuple[int, int]:
    """The part of a line to show: all of it where it fits, else what stands around [start, end)."""
    at = list(accumulate((cells(printable(char)) for char in line), initial=0))
    if at[-1] <= room:
        return 0, len(line)
    room -= 2 * len(_ELLIPSIS)
    first, last = at[min(start, len(line))], at[min(end, len(line))]
    left = max(0, min(first, (first + last - room) // 2, at[-1] - room))
    low = bisect_left(at, left)
    return low, bisect_right(at, at[low] + room) - 1


def _tally(checked: Checked) -> str:
    of_each = Counter(item.severity for _, items in checked for item in items)
    counts = ", ".join(_count(of_each[severity], str(severity)) for severity in Severity if of_each[severity])
    afflicted = sum(bool(items) for _, items in checked)
    every = len(checked)
    if every == 1:
        return f"{counts or 'no mistakes'} in {printable(checked[0][0])}"
    return f"{counts} in {afflicted} of {every} files" if counts else f"no mistakes in {every} files"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# --- services


def _in_full(item: Diagnostic) -> str:
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
    return f"::{item.severity} {said}::{_escaped(_in_full(item))}"


def _escaped(text: str, also: str = "") -> str:
    """The characters that would end a workflow command, or one of its properties, as %XX."""
    return "".join(f"%{ord(char):02X}" if char in "%\r\n" + also else char for char in text)


def _location(span: Span) -> dict[str, object]:
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(span.file.path)}, "region": region}}


def _uri(path: str) -> str:
    from urllib.parse import quote

    pure = PurePath(path)
    return pure.as_uri() if pure.is_absolute() else quote(pure.as_posix())


def _fingerprints(items: Iterable[Diagnostic]) -> Iterator[str]:
    """Names of mistakes that stay when lines move: by code, file and line's text, numbered where equal."""
    from hashlib import sha256

    seen: Counter[str] = Counter()
    for item in items:
        file = item.span.file
        line = file.line(item.span.line).strip()
        digest = sha256("\0".join([item.code.name, file.path, line]).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        seen[digest] += 1
        yield f"{digest}:{seen[digest]}"
