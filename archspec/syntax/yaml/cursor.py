"""A place in the text that moves on: over blanks and comments, from line to line; and the mistakes met on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from archspec.diagnostics import Diagnostics, Help, Label
from archspec.source import SourceFile, Span

MAX_DEPTH = 64
MAX_MISTAKES = 100  # of syntax in one file: what has more is no spec

END = "\0"  # behind the last line; a NUL of the text itself is a mistake, and read as a blank
_NEXT_TOKEN = re.compile(r"(?:[ \t]*+(?:#[^\n]*+)?+\n)*+ *+")
LINE_END = re.compile(r"[ \t]*+(?:(?<=[ \t\n])#[^\n]*+)?+\n")
_DOCUMENT_MARK = re.compile(r"(?:---|\.\.\.)(?=[ \t\n])")
_TABS = re.compile(r"[ \t]+")
_BLANKS = re.compile(r"[ \t]*+")
_BREAKS = re.compile(r"\r\n?")
_UNPRINTABLE = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_TAB_WIDTHS = (2, 4, 8)
_ABOVE = 2_000  # characters, with whose lines one with tabs is lined up


class Stop(Exception):
    """Reading ends here, and why is reported."""


@dataclass(slots=True)
class Cursor:
    """`text` has the length of the file's, all its lines end in a line feed, and END follows; so offsets in it are
    offsets in the file. `column` is that of the token at `pos`, from 0, where it starts a line; -1 behind the document.
    """

    file: SourceFile
    diagnostics: Diagnostics
    text: str = ""
    pos: int = 0
    column: int = 0
    depth: int = 0
    incomplete: bool = False  # whether something was left out, so that later stages would only stumble over the hole
    tabbed: list[tuple[int, int, int]] = field(default_factory=list)  # where tabs indent a line, and how wide each is
    _origin: int = 0
    _mistakes: int = 0

    def __post_init__(self) -> None:
        text = self.file.text
        if _UNPRINTABLE.search(text):
            text = self._printable(text)
        if "\r" in text:
            text = text.replace("\r\n", " \n").replace("\r", "\n")
        newline = "\n"
        self._origin = self.pos = int(text.startswith("\ufeff"))
        self.text = f"{text}{'' if text.endswith(newline) else newline}{END}"

    def _printable(self, text: str) -> str:
        for found in _UNPRINTABLE.finditer(text):
            name = f"U+{ord(found.group()):04X}"
            what = "half of a character" if "\ud800" <= found.group() <= "\udfff" else "a control character"
            helps = [Help("remove it", "")]
            self.wrong(f"{name} is {what}, which no text may hold", *found.span(), helps=helps, repaired=True)
        return _UNPRINTABLE.sub(" ", text)

    def source(self, start: int, end: int) -> str:
        """The text between two offsets with line feeds for the file's own line ends."""
        if self.file.text.find("\r", start, end) < 0:
            return self.text[start:end]
        return _UNPRINTABLE.sub(" ", _BREAKS.sub("\n", self.file.text[start:end]))

    def span(self, start: int, end: int) -> Span:
        return self.file.span(start, end)

    def wrong(
        self,
        message: str,
        start: int,
        end: int,
        *,
        code: str = "A101",
        labels: Iterable[Label] = (),
        helps: Iterable[Help | str] = (),
        repaired: bool = False,
    ) -> None:
        """Report a mistake. `repaired`: what was meant is certain, and read in its stead. Raises Stop at the last of
        too many."""
        self.diagnostics.add(code, message, self.span(start, end), labels=labels, helps=helps)
        self.incomplete |= not repaired
        self._mistakes += 1
        if self._mistakes >= MAX_MISTAKES:
            raise Stop

    def enter(self) -> None:
        """One collection deeper. Raises Stop where that is too deep."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            message = f"collections are nested deeper than {MAX_DEPTH} here"
            self.wrong(message, self.pos, self.pos + 1, code="A602")
            raise Stop

    def leave(self) -> None:
        self.depth -= 1

    def line_start(self, offset: int) -> int:
        """Where the line of an offset starts."""
        return max(self.text.rfind("\n", 0, offset) + 1, self._origin)

    def line_end(self, offset: int) -> int:
        """Where the line of an offset ends, without its line feed."""
        return self.text.index("\n", offset)

    def skip_blanks(self) -> None:
        found = _BLANKS.match(self.text, self.pos)
        assert found is not None  # it matches nothing, too
        self.pos = found.end()

    def is_mark(self, offset: int) -> bool:
        """Whether a document starts or ends there."""
        return _DOCUMENT_MARK.match(self.text, offset) is not None and offset == self.line_start(offset)

    def at_line_end(self) -> bool:
        """Whether only blanks and a comment follow."""
        return LINE_END.match(self.text, self.pos) is not None

    def next_token(self) -> None:
        """Go on to the next token, from a place behind which its line has none."""
        text = self.text
        found = LINE_END.match(text, self.pos) if self.pos > self._origin and text[self.pos - 1] != "\n" else None
        token = _NEXT_TOKEN.match(text, found.end() if found else self.pos)
        assert token is not None  # it matches nothing, too
        self.pos = token.end()
        start = max(text.rfind("\n", 0, self.pos) + 1, self._origin)
        self.column = self.pos - start
        if text[self.pos] == END:
            self.column = -1
        elif text[self.pos] == "\t":
            self._expand_tabs(start)
        elif self.column == 0 and self.is_mark(self.pos):
            self.column = -1

    def _expand_tabs(self, start: int) -> None:
        found = _TABS.match(self.text, start)
        assert found is not None
        self.pos = found.end()
        width = self._tab_width(start)
        self.tabbed.append((*found.span(), width))
        self.column = len(found.group().expandtabs(width))

    def _tab_width(self, start: int) -> int:
        """How wide the tabs of a line are: such that it stands in the column of a line above that is of its kind."""
        blanks, is_item = self.text[start : self.pos], self.at("-")
        above = self.text[max(0, start - _ABOVE) : start].split("\n")
        for width in _TAB_WIDTHS:
            column = len(blanks.expandtabs(width))
            beside = [line[column:] for line in above if len(line) - len(line.lstrip()) == column < len(line)]
            if beside and beside[-1].startswith("- ") == is_item:
                return width
        return _TAB_WIDTHS[0]

    def skip_below(self, column: int) -> None:
        """Leave the rest of this line out, and all lines that are indented further than a column."""
        self.incomplete = True
        while True:
            self.pos = self.line_end(self.pos)
            self.next_token()
            if self.column <= column:
                return

    def at(self, mark: str) -> bool:
        """Whether an indicator (`-`, `?`, `:`) with a blank or the line's end behind it stands here."""
        return self.text[self.pos] == mark and self.text[self.pos + 1] in " \t\n"

    def report_tabs(self) -> None:
        """One message for all lines that tabs indent, and one replacement."""
        if not self.tabbed:
            return
        first, last = self.tabbed[0], self.tabbed[-1]
        pieces, position = [], first[0]
        for start, end, width in self.tabbed:
            pieces += [self.file.text[position:start], self.text[start:end].expandtabs(width)]
            position = end
        spaces = f"indent with spaces, {first[2]} for each tab"
        helps = [Help(spaces, "".join(pieces), self.span(first[0], last[1]))]
        more = len(self.tabbed) - 1
        also = f", and {more} more" if more else ""
        self.wrong(f"a tab indents this line{also}: YAML wants spaces", *first[:2], helps=helps, repaired=True)
