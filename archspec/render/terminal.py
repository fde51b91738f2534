"""The form for people, which is rustc's: the fact, its place under the source line, the places that disagree with it,
notes, and ways out.

It reads well aloud, and without colour: the first line says all that colour does, the second where, as
`path:line:column`; carets only repeat that; and all but what specs and messages say themselves is ASCII.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate, groupby
from typing import NamedTuple

from archspec.diagnostics import Diagnostic, Severity
from archspec.render import Checked, tally
from archspec.render.characters import BLUE, BOLD, RED, YELLOW, cells, paint, printable
from archspec.source import Span

_COLORS = {Severity.ERROR: RED, Severity.WARNING: YELLOW}
_ELLIPSIS = "..."
_LEAST = 20  # cells of a line that are used however narrow the terminal is
_WORD = re.compile(r"(?:`[^`]*`|[^\s`]|`)+")


def text(checked: Checked, *, width: int = 80, color: bool = False) -> str:
    """For people: every diagnostic with its source lines, trimmed to `width` columns, and a last line that counts."""
    blocks = ["\n".join(_diagnostic(item, width, color)) for _, items in checked for item in items]
    return "\n\n".join([*blocks, tally(checked)])


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
    marks = [_Mark(item.span, "^", style), *(_Mark(label.span, "-", BLUE, label.text) for label in item.labels)]
    gutter = max(len(str(mark.span.line)) for mark in marks)
    for path in dict.fromkeys(mark.span.file.path for mark in marks):
        in_file = [mark for mark in marks if mark.span.file.path == path]
        first = in_file[0].span
        arrow = "-->" if first is item.span else ":::"
        place = f"{path}:{first.line}:{first.column}" if first.file.text else path
        yield f"{' ' * gutter}{paint(arrow, BLUE, color)} {printable(place)}"
        if first.file.text:
            yield from _excerpt(in_file, gutter, width, color)
    if item.span.file.text and (item.notes or item.helps):
        yield f"{' ' * gutter} {paint('|', BLUE, color)}"
    for kind, texts in (("note", item.notes), ("help", item.helps)):
        head = f"{' ' * gutter} {paint('=', BLUE, color)} {paint(f'{kind}:', BOLD, color)} "
        indent = " " * (gutter + len(" = note: "))
        for said in texts:
            lines = [part for line in said.split("\n") for part in _wrapped(printable(line), width - len(indent))]
            yield head + lines[0]
            yield from (indent + line for line in lines[1:])


def _excerpt(marks: Iterable[_Mark], gutter: int, width: int, color: bool) -> Iterator[str]:
    """The marked lines of one file from top to bottom, each with its marks from left to right under it."""
    room = max(_LEAST, width - gutter - 3)
    edge = f"{' ' * gutter} {paint('|', BLUE, color)}"
    yield edge
    previous = 0
    for number, on_line in groupby(sorted(marks, key=lambda mark: mark.span.start), key=lambda mark: mark.span.line):
        if previous and number > previous + 1:
            yield paint(_ELLIPSIS, BLUE, color)
        previous = number
        together = list(on_line)
        line = together[0].span.file.line(number)
        for shown_at_once in [together] if _fits(line, room) else [[mark] for mark in together]:
            low, high = _trimmed(line, shown_at_once[0].start, shown_at_once[0].end(line), room)
            before = _ELLIPSIS if low else ""
            after = _ELLIPSIS if high < len(line) else ""
            source = f"{before}{printable(line[low:high])}{after}"
            yield f"{paint(f'{number:>{gutter}} |', BLUE, color)} {source}".rstrip()
            for mark in shown_at_once:
                indent = cells(before + printable(line[low : mark.start]))
                length = max(1, cells(printable(line[mark.start : min(mark.end(line), high)])))
                for start, said in _under(mark, indent, length, room):
                    yield f"{edge} {' ' * start}{paint(said, mark.style, color)}"


def _under(mark: _Mark, indent: int, length: int, room: int) -> Iterator[tuple[int, str]]:
    """The lines under a mark, each with its indent: its signs, and what it says beside them where there is room for
    that, else below them."""
    signs, said = mark.sign * length, printable(mark.text)
    at = indent + length + 1
    if not said or cells(said) <= room - at:
        yield indent, f"{signs} {said}".rstrip()
    elif room - at >= _LEAST:
        first, *others = _wrapped(said, room - at)
        yield indent, f"{signs} {first}"
        yield from ((at, line) for line in others)
    else:
        lines = _wrapped(said, room)
        yield indent, signs
        yield from ((max(0, min(indent, room - max(map(cells, lines)))), line) for line in lines)


def _wrapped(text: str, room: int) -> list[str]:
    """A line broken at spaces, as indented as it was. What stands in backticks is whole, to be copied."""
    if cells(text) <= room:
        return [text]
    indent = text[: len(text) - len(text.lstrip())]
    lines: list[str] = []
    for word in _WORD.findall(text):
        longer = f"{lines[-1]} {word}" if lines else indent + word
        if lines and cells(longer) > max(room, _LEAST):
            lines.append(indent + word)
        else:
            lines[-1:] = [longer]
    return lines or [""]


def _fits(line: str, room: int) -> bool:
    return len(line) <= room and cells(printable(line)) <= room


def _trimmed(line: str, start: int, end: int, room: int) -> tuple[int, int]:
    """The part of a line to show: all of it where it fits, else what stands around [start, end)."""
    if _fits(line, room):
        return 0, len(line)
    room -= 2 * len(_ELLIPSIS)
    low = max(0, start - room)  # what is further away has no room: a line may be as long as a file
    high = min(len(line), min(end, start + room) + room)
    at = list(accumulate((cells(printable(char)) for char in line[low:high]), initial=0))
    first, last = at[min(start, high) - low], at[min(end, high) - low]
    left = max(0, min(first, (first + last - room) // 2, at[-1] - room))
    shown = bisect_left(at, left)
    return low + shown, low + bisect_right(at, at[shown] + room) - 1
