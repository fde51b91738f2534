"""What people do wrong in YAML, in their words: each function reports one kind of mistake at the place where the
parser meets it, and, where it is certain what was meant, leaves the cursor so that this is read. Patterns are texts,
compiled when they are needed: that takes longer than to read a good spec."""

from __future__ import annotations

import re

from archspec.diagnostics import Help
from archspec.syntax.tree import Node, Scalar, shortened
from archspec.syntax.yaml import layout, traps
from archspec.syntax.yaml.cursor import END, Cursor

_REST = r"(?:[^ \t\n\0]++|[ \t]++(?=[^ \t\n#\0]))*+"  # of a line, without its comment
_GLUED = r"([A-Za-z_][\w.{}]*)[ \t]*(:|=(?!=))[ \t]*(?=\S)"
_GLUED_PAIR = (
    r"[a-z_][\w.{}]*(?::[^/ \t\n]|[ \t]*=[ \t]*[^= \t\n])[^ \t\n]*[ \t]*\n"
    r"|\"[^\"\n]*\":[^ \t\n]|[\w.{}-]+(?:[\uff1a\ufe55\u2236\ua789]|:[\xa0\u2000-\u200b\u202f\u205f\u3000])"
)
_FOREIGN_COLON = r"([\w.{}-]+)[ \t]*([\uff1a\ufe55\u2236\ua789]\s?)"
_FOREIGN_BLANK = r"([\w.{}-]+)(:[\xa0\u2000-\u200b\u202f\u205f\u3000]+)"
_FIRST_WORD = r"((?:[\w.-]|\{[\w.-]*\})+)([ \t]*)(.?)"
_DIRECTIVE = r"(%[^ \t\n\0]*)[ \t]*([^ \t\n\0]*)[^\n]*"
_COLON = r"[\w.{}-]*[ \t]*:[ \t\n]"
_UP_TO_COLON = r"([^\n]*?)[ \t]*:(?=[ \t\n])"
_PROSE = ("description", "reference", "name")


def glued_comment(cursor: Cursor) -> None:
    """`[a, b]#note`: the comment is skipped."""
    start = cursor.pos
    helps = [Help("put a space before it", " #")]
    cursor.wrong("a comment needs a space before its `#`", start, start + 1, helps=helps, repaired=True)
    cursor.pos = cursor.line_end(start)


def one_word(cursor: Cursor, start: int, end: int, meant: str) -> None:
    """`kernel_size:1` and `kernel_size=1`."""
    message = f"`{shortened(cursor.text[start:end])}` is one word to YAML"
    cursor.wrong(message, start, end, helps=[Help(f"write `{shortened(meant)}`", meant)], repaired=True)


def complex_key(cursor: Cursor) -> None:
    start = cursor.pos
    cursor.wrong("`?` starts a key of several lines, which specs don't use", start, start + 1, code="A103")
    cursor.pos += 1


def unclosed_quote(cursor: Cursor, pattern: re.Pattern[str] | None = None) -> Scalar:
    """The quote that opens here is never closed: the text up to where it would end without quotes."""
    start = cursor.pos
    found = (pattern or re.compile(_REST)).match(cursor.text, start + 1)
    end = found.end() if found else start + 1
    quote = cursor.text[start]
    helps = [Help(f"close it with `{quote}`", quote, cursor.span(end, end))]
    message = f"`{quote}` opens a text that is never closed"
    cursor.wrong(message, start, start + 1, helps=helps, repaired=end > start + 1)
    cursor.pos = end
    text = cursor.text[start + 1 : end]
    return Scalar(text, text, cursor.span(start, end), cursor.span(start + 1, end))


def wrong_start(cursor: Cursor, pattern: re.Pattern[str]) -> None:
    """A text that starts with a sign which YAML keeps for itself."""
    start = cursor.pos
    sign = cursor.text[start]
    found = pattern.match(cursor.text, start) if sign in "%@`|>" else None
    if found is None or found.group().strip("`") == found.group()[1:-1]:  # backticks for quotes are told elsewhere
        return
    meant = traps.quoted(found.group())
    helps = [Help(f"write `{shortened(meant)}`", meant, cursor.span(start, found.end()))]
    name = "a backtick" if sign == "`" else f"`{sign}`"
    cursor.wrong(f"a text cannot start with {name}", start, start + 1, helps=helps)


def stray_bracket(cursor: Cursor) -> None:
    """`]`, `}` or `,` where nothing is open."""
    start = cursor.pos
    sign = cursor.text[start]
    message = "a comma too many" if sign == "," else f"`{sign}` closes nothing"
    cursor.wrong(message, start, start + 1, helps=[Help("remove it", "")], repaired=True)
    cursor.pos += 1


def key_without_colon(cursor: Cursor, start: int, end: int) -> Scalar | None:
    """The key that was meant by the text of a line, with the cursor where its value starts; None where that is not
    certain."""
    text = cursor.text[start:end]
    if not text:  # behind a mark, which is reported
        return None
    if (found := re.match(_GLUED, text)) is not None:
        name = found.group(1)
        one_word(cursor, start, end, f"{name}: {text[found.end() :]}")
        return _key(cursor, start, len(name), found.end())
    if (found := re.match(_FOREIGN_COLON, text)) is not None:
        message = f"`{found.group(2).strip()}` (U+{ord(found.group(2)[0]):04X}) is no colon to YAML"
        return _foreign(cursor, start, found, message)
    if (found := re.match(_FOREIGN_BLANK, text)) is not None:
        message = f"what stands behind this colon (U+{ord(found.group(2)[1]):04X}) is no space to YAML"
        return _foreign(cursor, start, found, message)
    found = re.match(_FIRST_WORD, text)
    if found is None or (not found.group(3) and not _is_followed_by_more(cursor, start, end)):
        ways = ["an entry is `name: value`; the items of a list start with `- `"]
        cursor.wrong(f"`{shortened(text)}` has no colon, and a key is wanted", start, end, helps=ways)
        return None
    stop = start + found.end(1)
    colon = ":" if found.group(2) or not found.group(3) else ": "
    word = shortened(found.group(1))
    helps = [Help(f"write `{word}:`", colon, cursor.span(stop, stop))]
    cursor.wrong(f"a colon is missing behind `{word}`", start, stop, helps=helps, repaired=True)
    return _key(cursor, start, found.end(1), found.end(2))


def _foreign(cursor: Cursor, start: int, found: re.Match[str], message: str) -> Scalar:
    place = (start + found.start(2), start + found.end(2))
    cursor.wrong(message, *place, helps=[Help("write `: `", ": ")], repaired=True)
    return _key(cursor, start, found.end(1), found.end())


def _key(cursor: Cursor, start: int, length: int, value: int) -> Scalar:
    cursor.pos = start + value
    span = cursor.span(start, start + length)
    return Scalar(span.text, span.text, span, span)


def _is_followed_by_more(cursor: Cursor, start: int, end: int) -> bool:
    """Whether the line below stands further in than this one's text."""
    column = cursor.column
    cursor.pos = end
    cursor.next_token()
    deeper = cursor.column > column
    cursor.pos, cursor.column = start, column
    return deeper


def second_colon(cursor: Cursor, start: int, colon: int, key: str) -> Scalar:
    """`description: ResNet: deep`: the whole line is one text."""
    found = re.compile(_REST).match(cursor.text, start)
    assert found is not None  # it matches nothing, too
    end = cursor.pos = found.end()
    text = cursor.text[start:end]
    prose = key in _PROSE or " " in cursor.text[start:colon]
    helps: list[Help | str] = ["a text with a colon needs quotes; several pairs on one line need braces, `{...}`"]
    if prose:
        helps = [Help("put the text in quotes", traps.quoted(text), cursor.span(start, end))]
    cursor.wrong("a second colon on this line", colon, colon + 1, helps=helps, repaired=prose)
    return Scalar(text, text, cursor.span(start, end), cursor.span(start, end))


def behind_value(cursor: Cursor, start: int, value: Node) -> Node:
    """What follows a value that is complete, from `start`, on its line: the value that was meant."""
    sign = cursor.text[cursor.pos]
    if sign == "#":
        glued_comment(cursor)
        return value
    if sign in "]},":
        while cursor.text[cursor.pos] in "]},":
            stray_bracket(cursor)
            cursor.skip_blanks()
        return value if cursor.at_line_end() else behind_value(cursor, start, value)
    rest = re.compile(_REST).match(cursor.text, cursor.pos)
    assert rest is not None  # it matches nothing, too
    if cursor.text[start] == "[" and (expression := traps.whole_expression(cursor, start, start)) is not None:
        cursor.pos = expression.end
        if cursor.at_line_end():
            traps.report(cursor, expression)
            return Scalar(expression.text, expression.text, expression, expression)
    what = "the closing quote" if isinstance(value, Scalar) else "the closing bracket"
    message = f"`{shortened(rest.group())}` stands behind {what}, where nothing can"
    cursor.wrong(message, rest.start(), rest.end())
    cursor.pos = rest.end()
    return value


def directive(cursor: Cursor) -> None:
    """`%YAML 1.1` and its like; `%YAML 1.2` says nothing new."""
    found = re.compile(_DIRECTIVE).match(cursor.text, cursor.pos)
    assert found is not None  # it starts with the percent sign that stands here
    start, name, version = found.start(), found.group(1), found.group(2)
    if name != "%YAML":
        cursor.wrong(f"`{shortened(name)}` is a directive, which specs don't use", start, found.end(1), code="A103")
    elif version != "1.2":
        message = f"the file asks for YAML {shortened(version)}, and specs are YAML 1.2"
        helps = [Help("remove the line", "", cursor.span(start, found.end() + 1))]
        cursor.wrong(message, start, found.end(1), code="A105", helps=helps)
    cursor.pos = found.end()
    cursor.next_token()


def empty_file(cursor: Cursor) -> None:
    cursor.wrong("the file is empty", 0, 0, helps=["start with `archspec: 1`"])


def second_document(cursor: Cursor) -> None:
    """What follows the line that ends the document; an end mark alone is none."""
    while cursor.text.startswith("...", cursor.pos):
        cursor.pos = cursor.line_end(cursor.pos)
        cursor.next_token()
    if cursor.text[cursor.pos] != END:
        start, end = layout.word_at(cursor)
        cursor.wrong("a second YAML document starts here", start, end, code="A105")


def is_glued_pair(cursor: Cursor) -> bool:
    """Whether a line is a pair whose colon lacks its blank, or is another sign."""
    return re.compile(_GLUED_PAIR).match(cursor.text, cursor.pos) is not None


def is_bracket_key(cursor: Cursor) -> bool:
    """Whether what stands in brackets here starts a key."""
    if cursor.text[cursor.pos] not in "[{":
        return False
    depth = 0
    for i in range(cursor.pos, min(cursor.line_end(cursor.pos), cursor.pos + traps.LONGEST)):
        depth += (cursor.text[i] in "[{") - (cursor.text[i] in "]}")
        if depth == 0:
            return re.compile(_COLON).match(cursor.text, i + 1) is not None
    return False


def bracket_key(cursor: Cursor) -> Scalar:
    """`{i}up: ReLU`: the key, as if it had quotes, with the cursor behind its colon."""
    start = cursor.pos
    found = re.compile(_UP_TO_COLON).match(cursor.text, start)
    assert found is not None  # the colon was seen
    end = found.end(1)
    text = cursor.text[start:end]
    meant = traps.quoted(text)
    helps = [Help(f"write `{shortened(meant)}`", meant)]
    cursor.wrong("a key that starts with a bracket needs quotes", start, end, code="A104", helps=helps, repaired=True)
    cursor.pos = found.end()
    return Scalar(text, text, cursor.span(start, end), cursor.span(start, end))


def glued_value(cursor: Cursor) -> None:
    """`"a":1` in block style."""
    start = cursor.pos
    helps = [Help("put a space behind the colon", ": ")]
    cursor.wrong("a space is missing behind this colon", start - 1, start, helps=helps, repaired=True)


def colon_missing(cursor: Cursor, key: Node) -> None:
    """A key in quotes that no colon follows."""
    end = key.span.end
    helps = [Help("put a colon behind it", ":", cursor.span(end, end))] if isinstance(key, Scalar) else []
    message = f"a colon is missing behind `{shortened(key.span.text)}`"
    cursor.wrong(message, key.span.start, end, helps=helps, repaired=isinstance(key, Scalar))


def dash_in_brackets(cursor: Cursor) -> None:
    """`[- ReLU, - Tanh]`: the dash is skipped."""
    start = cursor.pos
    helps = [Help("remove it", "", cursor.span(start, start + 2))]
    cursor.wrong("in brackets, items have no dash", start, start + 1, helps=helps, repaired=True)
    cursor.pos += 1
