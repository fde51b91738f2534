"""Source text and the places in it: what every diagnostic points at.

Offsets count code points from 0; lines and columns, as people read them, count from 1.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

_LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True, eq=False)
class SourceFile:
    """A text with the name that diagnostics print for it."""

    path: str
    text: str = field(repr=False)
    _line_starts: list[int] = field(default_factory=list, repr=False)

    def _starts(self) -> list[int]:
        if not self._line_starts:
            self._line_starts.append(0)
            self._line_starts.extend(match.end() for match in _LINE_END.finditer(self.text))
        return self._line_starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of a code point."""
        starts = self._starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, counted from 1, without its end."""
        starts = self._starts()
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def span(self, start: int, end: int) -> Span:
        """The range between two offsets, cut at the end of the text."""
        length = len(self.text)
        return Span(self, min(start, length), min(max(start, end), length))


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points in one file."""

    file: SourceFile
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.file.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.file.position(self.start)[1]

    @property
    def end_line(self) -> int:
        return self.file.position(self.end)[0]

    @property
    def end_column(self) -> int:
        return self.file.position(self.end)[1]

    @property
    def text(self) -> str:
        return self.file.text[self.start : self.end]

    def slice(self, start: int, end: int) -> Span:
        """The part of this span between two offsets that count from its start."""
        return Span(self.file, self.start + start, min(self.end, self.start + end))
