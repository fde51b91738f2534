"""Single values: plain, quoted, and in block style; and what YAML 1.2's core schema makes of plain ones."""

from __future__ import annotations

import math
import re

from archspec.diagnostics import Help
from archspec.syntax.tree import Plain, Scalar, shortened
from archspec.syntax.yaml.cursor import END, LINE_END, Cursor

LONGEST_NUMBER = 40
LARGEST_INTEGER = 2**53  # as for expressions: no size comes near, and beyond 2 ** 63 torch takes none

# Plain text on one line. A colon ends it before a blank, a number sign behind one; in brackets, these and commas do.
_PLAIN = r"(?:[^ \t\n:\0]++|:(?![ \t\n])|[ \t]++(?=[^\n#:\0]|:(?![ \t\n])))++"
PLAIN = re.compile(_PLAIN)
PLAIN_IN_BRACKETS = re.compile(
    r"(?:[^ \t\n:,\[\]{}\0]++|:(?![ \t\n,\[\]{}])|[ \t]++(?=[^\n#:,\[\]{}\0]|:(?![ \t\n,\[\]{}])))++"
)
SINGLE = re.compile(r"'(?:[^'\0]++|'')*+'")
DOUBLE = re.compile(r'"(?:[^"\\\0]++|\\[^\0])*+"')
_KEY = re.compile(
    rf"""(?:'[^'\n\0]*+'|"(?:[^"\\\n\0]++|\\[^\n\0])*+"|(?![\[{{"']){_PLAIN})[ \t]*+:(?=[ \t\n])"""
)
_BREAK = re.compile(r"(?:(?<![ \t])[ \t]++)?+\n((?:[ \t]*+\n)*+)([ \t]*+)")
# The patterns of what is rare are texts: to compile them takes longer than to read a spec.
_ESCAPES = (
    r'x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})'
    r'|(?P<named>[0abt\tnvfre "/\\N_LP])|\n[ \t]*+'
)
_FOLD = r"(?:(?<![ \t])[ \t]++|(?<=\\[ \t])[ \t]++)?+\n(?P<breaks>(?:[ \t]*+\n)*+)[ \t]*+"
_IN_DOUBLE = rf"\\(?:{_ESCAPES})|{_FOLD}"
_ESCAPE = rf"\\(?:{_ESCAPES}|(?P<wrong>.))"
_NAMED = dict(zip('0abt\tnvfre "/\\N_LP', '\0\a\b\t\t\n\v\f\r\x1b "/\\\x85\xa0\u2028\u2029', strict=True))
_HEADER = re.compile(r"[|>](?:([1-9])[+-]?|[+-]([1-9])?)?(?=[ \t\n])")
_SURROGATE = r"[\ud800-\udfff]"

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_A_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, Plain] = {
    **dict.fromkeys(["null", "Null", "NULL", "~", ""]),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
}


def plain_end(cursor: Cursor, start: int) -> int:
    """Where a plain text outside of brackets ends on its line; at `start`, if there is none."""
    found = PLAIN.match(cursor.text, start)
    return found.end() if found else start


def is_key(cursor: Cursor, offset: int) -> bool:
    """Whether a word and its colon stand there."""
    return _KEY.match(cursor.text, offset) is not None


def continued(cursor: Cursor, end: int, parent: int) -> int:
    """Where a plain text outside of brackets ends if it goes on below its first line: further in than `parent`, and up
    to a comment, or a line that is a pair of its own."""
    text = cursor.text
    while (found := _BREAK.match(text, end)) is not None:
        start = found.end()
        column = start - cursor.line_start(start) - (len(found.group(2)) if found.group(2).startswith("\t") else 0)
        if column <= parent or text[start] in "#\0" or cursor.is_mark(start) or is_key(cursor, start):
            break
        end = plain_end(cursor, start)
        if text[end] == ":":
            break
    return end


def folded(text: str) -> str:
    """Text of several lines as YAML joins them: a line break is a blank, and an empty line a line break."""
    return _BREAK.sub(_joined, text) if "\n" in text else text


def _joined(found: re.Match[str]) -> str:
    return "\n" * found.group(1).count("\n") or " "


def plain(cursor: Cursor, start: int, end: int) -> Scalar:
    """A text without quotes, of which the core schema may make a number, a bool or null."""
    span = cursor.span(start, end)
    text = folded(cursor.text[start:end])
    try:
        return Scalar(_resolved(text), text, span, span)
    except _Refused as refused:
        cursor.wrong(refused.message, start, end, code=refused.code, repaired=True)
        return Scalar(text, text, span, span, broken=True)


def empty(cursor: Cursor, offset: int) -> Scalar:
    """The null where nothing is written."""
    span = cursor.span(offset, offset)
    return Scalar(None, "", span, span)


def quoted(cursor: Cursor, behind: re.Pattern[str]) -> Scalar | None:
    """The text in quotes that starts here; None where they are never closed, or only by accident: on a line below, and
    without that `behind` them which may follow."""
    start = cursor.pos
    double = cursor.text[start] == '"'
    found = (DOUBLE if double else SINGLE).match(cursor.text, start)
    if found is None or ("\n" in found.group() and not behind.match(cursor.text, found.end())):
        return None
    cursor.pos = end = found.end()
    raw = cursor.source(start + 1, end - 1)
    if not double:
        text = folded(raw).replace("''", "'")
    elif "\\" in raw:
        _check_escapes(cursor, start + 1, end - 1)
        text = _whole(cursor, re.sub(_IN_DOUBLE, _unescaped, raw), start, end)
    else:
        text = folded(raw)
    return Scalar(text, text, cursor.span(start, end), cursor.span(start + 1, end - 1))


def _check_escapes(cursor: Cursor, start: int, end: int) -> None:
    for found in re.compile(_ESCAPE).finditer(cursor.text, start, end):
        if found.group("wrong"):
            helps = [Help(f"write `\\{found.group()}` for a backslash", f"\\{found.group()}")]
            message = f"`{found.group()}` is no escape that YAML knows"
            if found.group("wrong") in "xuU":
                digits = {"x": 2, "u": 4, "U": 8}[found.group("wrong")]
                message = f"`{found.group()}` wants {digits} hexadecimal digits of a character behind it"
            cursor.wrong(message, *found.span(), helps=helps, repaired=True)


def _unescaped(found: re.Match[str]) -> str:
    for digits in found.group("x", "u", "U"):
        if digits:
            return chr(int(digits, 16))
    if found.group("named"):
        return _NAMED[found.group("named")]
    breaks: str | None = found.group("breaks")
    return "" if breaks is None else "\n" * breaks.count("\n") or " "


def _whole(cursor: Cursor, text: str, start: int, end: int) -> str:
    """The text, with characters that stand there as two escapes, as in JSON, made one."""
    if text.isascii() or not re.search(_SURROGATE, text):
        return text
    try:
        return text.encode("utf-16", errors="surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        cursor.wrong("an escape gives half of a character", start, end)
        return ""


def block_text(cursor: Cursor, parent: int) -> Scalar | None:
    """The text of lines that `|` or `>` starts here; None where what follows the sign makes no sense."""
    start = cursor.pos
    header = _HEADER.match(cursor.text, start)
    if header is None or not LINE_END.match(cursor.text, header.end()):
        return None
    first = cursor.line_end(start) + 1
    indent = header.group(1) or header.group(2)
    lines, cursor.pos = _block_lines(cursor, first, max(parent, 0) + int(indent) if indent else None, parent)
    text = _block_value(lines, folds=cursor.text[start] == ">", chomp=header.group().strip("|>0123456789"))
    if cursor.pos > len(cursor.file.text):
        text = text.removesuffix("\n")  # which the file does not have
    span = cursor.span(start, max(cursor.pos, header.end()))
    return Scalar(text, text, span, span)


def _block_lines(cursor: Cursor, first: int, indent: int | None, parent: int) -> tuple[list[str], int]:
    """The lines of a text in block style without their indent, and where they end."""
    text, lines, position = cursor.text, [], first
    last = first
    while text[position] != END:
        end = text.index("\n", position)
        line = cursor.source(position, end).rstrip("\n")
        width = len(line) - len(line.lstrip(" "))
        blank = width == len(line)
        if indent is None and not blank:
            indent = max(width, parent + 1)
        if not blank and (width < (indent or 0) or cursor.is_mark(position)):
            break
        lines.append(line[indent:] if indent is not None else "")
        position = end + 1
        last = position
    return lines, last


def _block_value(lines: list[str], *, folds: bool, chomp: str) -> str:
    kept = len(lines)
    while kept and not lines[kept - 1]:
        kept -= 1
    text = _fold_lines(lines[:kept]) if folds else "\n".join(lines[:kept])
    if chomp == "-":
        return text
    if chomp == "+":
        return text + "\n" * (len(lines) - kept + bool(kept))
    return text + "\n" if kept else ""


def _fold_lines(lines: list[str]) -> str:
    """Line breaks between lines that start with a letter are blanks; empty lines are line breaks."""
    pieces: list[str] = []
    breaks = 0  # since the last line with text
    before = " "  # what the last line with text starts with
    for line in lines:
        if not line:
            breaks += 1
            continue
        if pieces and before not in " \t" and line[0] not in " \t":
            pieces.append("\n" * breaks or " ")
        else:
            pieces.append("\n" * (breaks + bool(pieces)))
        pieces.append(line)
        before, breaks = line[0], 0
    return "".join(pieces)


class _Refused(Exception):
    """A number that nothing can use: the code of the mistake, and what is said."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def _resolved(text: str) -> Plain:
    """What YAML's core schema makes of a text. Raises _Refused."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _NOT_A_NUMBER.fullmatch(text):
        raise _Refused("A106", f"`{shortened(text)}` is not a number that a network can use")
    integer = _INTEGER.fullmatch(text)
    if integer is None and _FLOAT.fullmatch(text) is None:
        return text
    if len(text) > LONGEST_NUMBER:
        raise _Refused("A604", f"the number has {len(text):,} characters, and {LONGEST_NUMBER} are the limit")
    if integer is not None:
        number = int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        if abs(number) > LARGEST_INTEGER:
            raise _Refused("A604", f"`{text}` is beyond 2 ** 53")
        return number
    value = float(text)
    if math.isinf(value):
        raise _Refused("A106", f"`{shortened(text)}` is beyond the range of a float")
    return value
