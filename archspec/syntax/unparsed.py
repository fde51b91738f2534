"""What is wrong with an expression that Python's parser refuses, in the words of the expression language."""

from __future__ import annotations

import keyword
import re
from typing import NamedTuple

from archspec.diagnostics import Help

_TOKEN = re.compile(r"\w+|&&|\|\||<>|[=!<>]=|[+-]{2}|\S")
_NUMBER_WITH_LETTERS = re.compile(r"[\w.]*\w")
_ENDS_A_VALUE = re.compile(r"[\w)\]'\"]\s*\Z")
_MEANT = {"&&": "and", "||": "or", "!": "not ", "=": "==", "<>": "!="}
_LOOK_ALIKES = {
    **dict.fromkeys("\u201c\u201d\u201e\xab\xbb", '"'),
    **dict.fromkeys("\u2018\u2019\u201a\xb4`", "'"),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
    **dict.fromkeys("\xd7\u22c5\u2217", "*"),
    **dict.fromkeys("\xa0\u2002\u2003\u2009\u202f\u3000", " "),
    "\xf7": "/",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u2260": "!=",
    "\uff0c": ", ",
}


class Refusal(NamedTuple):
    """A mistake in an expression: `start` and `end` are offsets in its text."""

    message: str
    start: int
    end: int
    helps: tuple[Help | str, ...] = ()


def refusal(source: str, error: SyntaxError) -> Refusal:
    """The mistake that made Python's parser give up."""
    if not source:
        return Refusal("the expression is empty", 0, 1)
    lines = source.split("\n")[: (error.lineno or 1) - 1]
    start = sum(len(line) + 1 for line in lines) + error.offset - 1 if error.offset else len(source)
    for pattern, message in _SAID.items():
        if (found := re.match(pattern, error.msg)) is not None:
            return Refusal(message.format(*found.groups()), start, start + 1)
    if (foreign := next((char for char in source[start:] if char in _LOOK_ALIKES), "")) and "character" in error.msg:
        return _foreign(foreign, source.index(foreign, start))
    if re.match("leading zeros|invalid (decimal|hexadecimal|octal|binary)", error.msg):
        found = _NUMBER_WITH_LETTERS.search(source, max(0, start - 1))
        if found is not None:
            return Refusal(f"`{found.group()}` is neither a number nor a name", *found.span())
    return _at_token(source, start)


# What Python's parser says, and what we say of it.
_SAID = {
    r"'(.)' was never closed": "`{}` is never closed",
    r"unmatched '(.)'": "`{}` closes nothing",
    r"closing parenthesis '(.)' does not match opening parenthesis '(.)'": "`{}` cannot close `{}`",
    r"unterminated (?:triple-quoted )?string": "a text in quotes is never closed",
    r"\(unicode error\)|invalid escape|truncated": "a text holds an escape that is unknown",
    r"f-string": "a text with a letter before its quote is not part of the expression language",
    r"expected 'else' after 'if'": "`if` has no `else`",
}


def _foreign(char: str, start: int) -> Refusal:
    meant = _LOOK_ALIKES[char]
    shown = f"`{char}` (U+{ord(char):04X})" if char.isprintable() else f"U+{ord(char):04X}"
    helps = (Help(f"write `{meant}`" if meant.strip() else "write a space", meant),)
    return Refusal(f"{shown} is no sign of the expression language", start, start + 1, helps)


def _at_token(source: str, start: int) -> Refusal:
    """The token at which the parser gave up, and what could stand there."""
    start -= source[max(0, start - 1) : start + 1] in _MEANT  # Python stops at the second sign
    found = _TOKEN.search(source, start)
    if found is None or source[start:].startswith("#"):
        return Refusal("the expression ends too early", len(source) - 1, len(source))
    token, (first, last) = found.group(), found.span()
    if token in _MEANT:
        help = Help(f"write `{_MEANT[token].strip()}` for `{token}`", _MEANT[token])
        return Refusal(f"`{token}` is no operator of the expression language", first, last, (help,))
    if keyword.iskeyword(token):
        return Refusal(f"`{token}` cannot stand here", first, last)
    if _ENDS_A_VALUE.search(source[:first]):
        if token[0].isalnum() or token in "([_'\"":
            return Refusal(f"an operator or a comma is missing before `{token}`", first, last)
        return Refusal(f"`{token}` is no operator of the expression language", first, last)
    return Refusal(f"`{token}` stands where a value is wanted", first, last)
