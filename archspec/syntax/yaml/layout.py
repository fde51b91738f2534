"""What people do wrong with the shape of a text: indentation and dashes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from archspec.diagnostics import Help, Label
from archspec.syntax.tree import Mapping, Node, Scalar, Sequence, shortened
from archspec.syntax.yaml import scalars
from archspec.syntax.yaml.cursor import END, Cursor

_WORD = r"[^\s,\[\]{}:]{1,60}"
_OPENS = r":[ \t]*(?:[ \t]#.*)?\s*\Z"  # what stands below belongs to it
_ARGUMENT = r"[a-z_]\w*:[ \t]+[^A-Z{ \t\n]"
_CAMEL_CASE = r"[A-Z]\w*"
_GLUED_ITEM = r"-[A-Za-z\"'{\[]"


def word_at(cursor: Cursor) -> tuple[int, int]:
    """The word at the cursor, or its character."""
    found = re.compile(_WORD).match(cursor.text, cursor.pos)
    return (cursor.pos, found.end()) if found else (cursor.pos, cursor.pos + 1)


def is_glued_item(cursor: Cursor) -> bool:
    """Whether a line starts with an item whose dash lacks its blank."""
    return re.compile(_GLUED_ITEM).match(cursor.text, cursor.pos) is not None


def list_on_the_line(cursor: Cursor) -> None:
    """`layers: - ReLU`."""
    start = cursor.pos
    helps = ["put its items on lines of their own, or in brackets"]
    cursor.wrong("a list with dashes cannot start on the line of its key", start, start + 1, helps=helps, repaired=True)


def dash_missing(cursor: Cursor, items: Sequence) -> bool:
    """An item without a dash, or without the blank behind it; whether it can be read."""
    start, end = word_at(cursor)
    word = shortened(cursor.text[start:end])
    if word[0] == "-" and not word[1:2].isdigit():
        helps = [Help("put a space behind the dash", "- ", cursor.span(start, start + 1))]
        message = f"`{word}` is one word to YAML, and the item of a list is wanted"
        cursor.wrong(message, start, end, helps=helps, repaired=True)
        cursor.pos += 1
        return True
    labels = [Label(cursor.span(items.span.start, items.span.start + 1), "the list starts here")]
    if scalars.is_key(cursor, start):
        message = f"`{word}` stands among the items of a list, and has no dash"
        ways = ["items start with `- `; what belongs to the item above is indented further"]
        cursor.wrong(message, start, end, labels=labels, helps=ways)
        return False
    helps = [Help("put a dash before it", "- ", cursor.span(start, start))]
    message = f"`{word}` stands among the items of a list, and has no dash"
    cursor.wrong(message, start, end, labels=labels, helps=helps, repaired=True)
    return True


def misplaced(cursor: Cursor, column: int, sibling: Scalar | None) -> None:
    """The line at the cursor starts in a column of its own, and belongs to what starts in `column`."""
    start, end = word_at(cursor)
    word, there = cursor.text[start:end], cursor.column
    if sibling is None or not sibling.text:
        message = f"`{word}` starts in column {there + 1}, and the items of its list in column {column + 1}"
        labels = []
    else:
        beside = f"`{shortened(sibling.span.text)}` of line {sibling.span.line}"
        message = f"`{word}` starts in column {there + 1}, and {beside} in column {column + 1}"
        labels = [Label(sibling.span, f"column {column + 1}")]
    first, last, text = _moved(cursor, column)
    way = "further left" if there > column else "further right"
    count = abs(there - column)
    spaces = "1 space" if count == 1 else f"{count} spaces"
    helps = [Help(f"move it {spaces} {way}, if it belongs beside it", text, cursor.span(first, last))]
    cursor.wrong(message, start, end, labels=labels, helps=helps, repaired=True)


def _moved(cursor: Cursor, column: int) -> tuple[int, int, str]:
    """The lines from the cursor's on that stand as wrongly, or below such a one, and what they should be."""
    wrong, opens = cursor.column, False
    is_item = cursor.text[cursor.pos] == "-"  # whose other lines stand behind its dash
    first = last = position = cursor.line_start(cursor.pos)
    pieces: list[str] = []
    kept = 0  # of these, up to the last that is more than blank
    while cursor.text[position] != END:
        end = cursor.line_end(position)
        line = cursor.file.text[position:end]
        there = len(line) - len(line.lstrip(" \t"))
        belongs_to_it = opens or (is_item and line[there : there + 1] != "-")
        is_inside = there > max(wrong, column) or (there > wrong and belongs_to_it)
        goes_with_it = there == wrong or is_inside
        if line.strip():
            if position != first and not goes_with_it:
                break
            last, kept = end, len(pieces) + 1
            opens = (opens and there > wrong) or re.search(_OPENS, line) is not None
        shift = " " * max(0, there + column - wrong) if line.strip() else ""
        pieces.append(shift + line[there:] + cursor.file.text[end : end + 1])
        position = end + 1
    text = "".join(pieces[:kept])
    return first, last, text[: len(text) - len(cursor.file.text[last : last + 1])]


def indented_start(cursor: Cursor, start: int, column: int) -> None:
    """The document starts further in than it goes on: its first lines are wrong."""
    end = cursor.text.rindex("\n", 0, cursor.pos)
    first = cursor.line_start(start)
    lines = cursor.file.text[first:end].split("\n")
    moved = "\n".join(line[min(column - cursor.column, len(line) - len(line.lstrip(" "))) :] for line in lines)
    before, stop = word_at(cursor), cursor.pos
    cursor.pos = start
    word = word_at(cursor)
    cursor.pos = stop
    shown = cursor.text[slice(*word)]
    message = f"`{shown}` starts in column {column + 1}, and what follows it in column {cursor.column + 1}"
    labels = [Label(cursor.span(*before), f"column {cursor.column + 1}")]
    helps = [Help("move it further left", moved, cursor.span(first, end))]
    cursor.wrong(message, *word, labels=labels, helps=helps, repaired=True)


@dataclass(frozen=True, slots=True)
class OpWithArguments:
    """`conv: Conv2d`, and the arguments below it."""

    key: Scalar
    op: Scalar

    @classmethod
    def at(cls, cursor: Cursor, key: Scalar, value: Node) -> OpWithArguments | None:
        """Whether that is what stands here: an argument, not another layer, below a layer that names its op."""
        if not (isinstance(value, Scalar) and value.span == value.inner and re.fullmatch(_CAMEL_CASE, value.text)):
            return None
        below = re.compile(_ARGUMENT).match(cursor.text, cursor.pos)
        return cls(key, value) if below else None

    def report(self, cursor: Cursor) -> None:
        start, end = word_at(cursor)
        name, op = self.key.text, self.op
        meant = cursor.span(self.key.span.end + 1, op.span.end)
        helps = [Help(f"write `op: {op.text}` on a line of its own", f"\n{' ' * cursor.column}op: {op.text}", meant)]
        labels = [Label(op.span, "its value")]
        message = f"`{shortened(name)}` has a value already, and `{cursor.text[start:end]}` stands below it"
        cursor.wrong(message, start, end, labels=labels, helps=helps, repaired=True)

    def with_arguments(self, arguments: Mapping) -> Mapping:
        op = Scalar("op", "op", self.op.span, self.op.span)
        arguments.entries = {"op": (op, self.op), **arguments.entries}
        return arguments
