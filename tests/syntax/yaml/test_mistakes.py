"""What people do wrong in YAML: said in their words, at the place, and read as what its fix makes of it."""

from __future__ import annotations

import pytest

from archspec.diagnostics import Diagnostic, Diagnostics
from archspec.source import SourceFile
from archspec.syntax.reader import read
from archspec.syntax.tree import Mapping, Node, Sequence


def parsed(text: str) -> tuple[Node | None, list[Diagnostic]]:
    diagnostics = Diagnostics()
    return read(SourceFile("f.yaml", text), diagnostics), list(diagnostics)


def plain(node: Node | None) -> object:
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.value if node else None


def fixed(text: str, items: list[Diagnostic]) -> str:
    """The text with all fixes made."""
    for fix in sorted((item.fix for item in items if item.fix), key=lambda fix: -fix.span.start):
        text = text[: fix.span.start] + fix.text + text[fix.span.end :]
    return text


# What was written, what is underlined, part of the message, and what the fix makes of the text.
CERTAIN = {
    "a: 1\n  b: 2\n": ("b", "`b` starts in column 3, and `a` of line 1 in column 1", "a: 1\nb: 2\n"),
    "a:\n    b: 1\n   c: 2\n": ("c", "`c` starts in column 4, and `b` of line 2", "a:\n    b: 1\n    c: 2\n"),
    "a:\n  b: 1\n   c: 2\n   d:\n     e: 3\nf: 4\n": (
        "c",
        "`c` starts in column 4",
        "a:\n  b: 1\n  c: 2\n  d:\n    e: 3\nf: 4\n",
    ),
    " a: 1\n b:\n   c: 2\nd: 3\n": ("a", "and what follows it in column 1", "a: 1\nb:\n  c: 2\nd: 3\n"),
    "a:\n    b: 1\n   c:\n     d: 2\ne: 3\n": (
        "c",
        "`c` starts in column 4",
        "a:\n    b: 1\n    c:\n      d: 2\ne: 3\n",
    ),
    "a:\n    - A\n  - b: 2\n    c:\n      - 3\n  - D\n": (
        "-",
        "`-` starts in column 3, and the items of its list in column 5",
        "a:\n    - A\n    - b: 2\n      c:\n        - 3\n    - D\n",
    ),
    "a:\r\n  b: 1\r\n   c: 2\r\nd: 3\r\n": ("c", "`c` starts in column 4", "a:\r\n  b: 1\r\n  c: 2\r\nd: 3\r\n"),
    "- [a]\n   - b\n": ("-", "the items of its list in column 1", "- [a]\n- b\n"),
    "a: Conv2d\n  b: 1\n": ("b", "`a` has a value already", "a:\n  op: Conv2d\n  b: 1\n"),
    "a:\n\tb: 1\n\tc:\n\t\td: 2\n": ("\t", "a tab indents this line, and 2 more", "a:\n  b: 1\n  c:\n    d: 2\n"),
    "a: 1\nb\n  c: 2\n": ("b", "a colon is missing behind `b`", "a: 1\nb:\n  c: 2\n"),
    "a\n  c: 2\n": ("a", "a colon is missing behind `a`", "a:\n  c: 2\n"),
    "a: 1\nb {c: 2}\n": ("b", "a colon is missing behind `b`", "a: 1\nb: {c: 2}\n"),
    "a: 1\nb 2\n": ("b", "a colon is missing behind `b`", "a: 1\nb: 2\n"),
    'a: 1\n"b" 2\n': ('"b"', "a colon is missing", 'a: 1\n"b": 2\n'),
    "a: 1\nb:2\n": ("b:2", "`b:2` is one word to YAML", "a: 1\nb: 2\n"),
    "a: 1\nb = 2\n": ("b = 2", "`b = 2` is one word to YAML", "a: 1\nb: 2\n"),
    "a=1\n": ("a=1", "`a=1` is one word to YAML", "a: 1\n"),
    '"a":1\n': (":", "a space is missing", '"a": 1\n'),
    "a: {b:1, c=2}\n": ("b:1", "`b:1` is one word to YAML", "a: {b: 1, c: 2}\n"),
    "a: {b: 1 c: 2}\n": ("c", "a comma is missing", "a: {b: 1, c: 2}\n"),
    "a: {b: 1\n  c: 2}\n": ("c", "a comma is missing", "a: {b: 1,\n  c: 2}\n"),
    "a: [{b: 1} {c: 2}]\n": ("{", "a comma is missing", "a: [{b: 1}, {c: 2}]\n"),
    "a: ['b' 'c']\n": ("'c'", "a comma is missing", "a: ['b', 'c']\n"),
    "a: [b,, c]\n": (",", "a comma too many", "a: [b, c]\n"),
    "a: [b],\n": (",", "a comma too many", "a: [b]\n"),
    "a: [- b]\n": ("-", "items have no dash", "a: [b]\n"),
    "a: {b: 1  # note\nc: 2\n": ("{", "`{` is never closed", "a: {b: 1}  # note\nc: 2\n"),
    "a: {b: [1\nc: 2\n": ("[", "`[` is never closed", "a: {b: [1]}\nc: 2\n"),
    "- [1, 2\n- 3\n": ("[", "`[` is never closed", "- [1, 2]\n- 3\n"),
    "a: [1": ("[", "`[` is never closed", "a: [1]"),
    "a: {b: [1, 2}\n": ("[", "`[` is never closed", "a: {b: [1, 2]}\n"),
    "a: {b: 1]\n": ("]", "`]` cannot close `{`", "a: {b: 1}\n"),
    "a: {b: 1], c: 2}\n": ("]", "`]` closes nothing", "a: {b: 1, c: 2}\n"),
    "a: {b: 1}}\n": ("}", "`}` closes nothing", "a: {b: 1}\n"),
    "a: {b: 1}#note\n": ("#", "a comment needs a space", "a: {b: 1} #note\n"),
    'a: "b\nc: 1\n': ('"', '`"` opens a text that is never closed', 'a: "b"\nc: 1\n'),
    "a: 'b\nc: 'd'\n": ("'", "`'` opens a text that is never closed", "a: 'b'\nc: 'd'\n"),
    "a: {b: 'c, d: 1}\n": ("'", "`'` opens a text that is never closed", "a: {b: 'c', d: 1}\n"),
    'a: "\\d"\n': ("\\d", "`\\d` is no escape that YAML knows", None),
    'a: "\\xg"\n': ("\\x", "`\\x` wants 2 hexadecimal digits", None),
    "name: b: c d\n": (":", "a second colon", 'name: "b: c d"\n'),
    "a: `b`\n": ("`b`", "a backtick is no quote", 'a: "b"\n'),
    "a: “b”\n": ("“b”", "`“` (U+201C) is no quote", 'a: "b"\n'),
    "a:\xa0b\n": (":\xa0", "(U+00A0) is no space", "a: b\n"),
    "a\uff1a b\n": ("\uff1a ", "(U+FF1A) is no colon", "a: b\n"),
    "a\u200b: b\n": ("a\u200b", "an invisible character (U+200B)", "a: b\n"),
    "a: b\x00\n": ("\x00", "U+0000 is a control character", "a: b\n"),
    "a: b\x0c\n": ("\x0c", "U+000C is a control character", "a: b\n"),
    "a: b\ud83d\n": ("\ud83d", "U+D83D is half of a character", "a: b\n"),
    "a:\n  -b\n  -c\n": ("-b", "`-b` is one word to YAML", "a:\n  - b\n  - c\n"),
    "a:\n  - b\n  c\n": ("c", "has no dash", "a:\n  - b\n  - c\n"),
    "a: - b\n   - c\n": ("-", "a list with dashes cannot start on the line of its key", None),
    "? b\n": ("?", "`?` starts a key of several lines", None),
    "{i}: b\n": ("{i}", "a key that starts with a bracket needs quotes", '"{i}": b\n'),
    "a: b\n{i}up: c\n": ("{i}up", "a key that starts with a bracket needs quotes", 'a: b\n"{i}up": c\n'),
    "a: {p: d[s]}\n": ("d[s]", "needs quotes", 'a: {p: "d[s]"}\n'),
    "a: {p: f(b, c), q: 1}\n": ("f(b, c)", "needs quotes", 'a: {p: "f(b, c)", q: 1}\n'),
    "a: [1, 2][b]\n": ("[1, 2][b]", "needs quotes", 'a: "[1, 2][b]"\n'),
}

@pytest.mark.parametrize("text", CERTAIN)
def test_a_mistake_is_said_once_where_it_is(text: str) -> None:
    underlined, message, _ = CERTAIN[text]
    _, found = parsed(text)
    assert (found[0].span.text, message in found[0].message) == (underlined, True), found[0].message


@pytest.mark.parametrize("text", [text for text in CERTAIN if CERTAIN[text][2] is not None])
def test_the_fix_is_what_was_read(text: str) -> None:
    node, found = parsed(text)
    after = fixed(text, found)
    assert after == CERTAIN[text][2]
    again, rest = parsed(after)
    assert rest == []
    assert node is not None
    assert plain(node) == plain(again)


# What has no one way out: nothing behind it is told twice, and no tree is made up.
UNCERTAIN = {
    "a: b: c\n": ":",
    "a: 1\nb\n": "b",
    "a: 1\n- b\n- c\nd: 2\n": "-",
    "- a\nb: c\nd: e\n": "b",
    'a: "b" c\n': "c",
    'a: {b: "c" + d, e: 1}\n': "+ d",
    "a: @b\n": "@",
    "a: %b\n": "%",
    "a: {b: @c, d: 1}\n": "@",
    "a: {\n  b: 1,\n  c: {d: 1\n": "{",
    "a: *b\nc: 1\n": "*b",
    "[a]\nb\n": "b",
    "? a\n: b\n": "?",
    "%TAG ! x\n---\na: 1\n": "%TAG",
}


@pytest.mark.parametrize("text", UNCERTAIN)
def test_what_is_uncertain_is_said_and_not_read(text: str) -> None:
    node, found = parsed(text)
    assert [item.span.text for item in found] == [UNCERTAIN[text]]
    assert node is None


TEN = """\
a: [b,, c]
d: {e: 1 f: 2}
g:2
h
  i: 3
j: 'k
l: {m: 1
n: [1]]
o: {p: d[s]}
q: 1
q: 2
 r: 3
"""


def test_ten_mistakes_are_ten_diagnostics_in_their_order() -> None:
    _, found = parsed(TEN)
    assert [item.span.line for item in found] == [1, 2, 3, 4, 6, 7, 8, 9, 11, 12]


def test_what_has_more_mistakes_than_a_spec_can_have_is_left() -> None:
    node, found = parsed("a: [b,, c]\n" * 1000)
    assert node is None
    assert len(found) == 100
