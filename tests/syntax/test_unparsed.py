"""Expressions that do not parse: said in the words of the expression language, never in those of Python's parser."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archspec.syntax.expressions import ExpressionError, parse

REFUSED = {
    "3 8": ("8", "an operator or a comma is missing before `8`", None),
    "f(a) b": ("b", "an operator or a comma is missing before `b`", None),
    "a +* b": ("*", "`*` stands where a value is wanted", None),
    "a. == b": ("==", "`==` stands where a value is wanted", None),
    "a = 3": ("=", "`=` is no operator", "a == 3"),
    "a && b": ("&&", "`&&` is no operator", "a and b"),
    "a || b": ("||", "`||` is no operator", "a or b"),
    "!a": ("!", "`!` is no operator", "not a"),
    "a <> b": ("<>", "`<>` is no operator", "a != b"),
    "a \u2264 b": ("\u2264", "is no sign", "a <= b"),
    "a \u2013 1": ("\u2013", "is no sign", "a - 1"),
    "\u201ca\u201d": ("\u201c", "is no sign", None),
    "a\xa0+ b": ("\xa0", "U+00A0 is no sign", "a + b"),
    "(a": ("(", "`(` is never closed", None),
    "a]": ("]", "`]` closes nothing", None),
    "(a]": ("]", "`]` cannot close `(`", None),
    "'a": ("'", "a text in quotes is never closed", None),
    "'\\N{no}'": ("'", "an escape that is unknown", None),
    "a if b": ("a", "`if` has no `else`", None),
    "012": ("012", "`012` is neither a number nor a name", None),
    "1a": ("1a", "`1a` is neither a number nor a name", None),
    "f'{'": ("'", "a letter before its quote", None),
    "return 1": ("return", "`return` cannot stand here", None),
    "a +": ("+", "ends too early", None),
    "": ("", "is empty", None),
    "None": ("None", "no such word", "null"),
    "\uff41 + 1": ("\uff41", "is no name", None),
    "a" * 4_001: ("a" * 4_001, "4,000 are the limit", None),
    "(" * 300 + ")" * 300: ("(" * 300 + ")" * 300, "nested deeper", None),
}


def refused(text: str) -> ExpressionError | None:
    try:
        parse(text)
    except ExpressionError as error:
        return error
    return None


@pytest.mark.parametrize("text", REFUSED)
def test_refusals_are_in_our_words(text: str) -> None:
    underlined, message, meant = REFUSED[text]
    error = refused(text)
    assert error is not None
    assert message in error.message
    assert text[error.start : error.end] == underlined
    fixes = [getattr(help, "replacement", None) for help in error.helps]
    if meant is not None:
        [fix] = fixes
        assert text[: error.start] + fix + text[error.end :] == meant.replace("  ", " ")
        parse(meant)


def test_an_expression_that_is_too_deep_for_python_is_refused_too() -> None:
    error = refused("-" * 3_000 + "1")  # where, depends on how deep others have let Python go
    assert error is not None
    assert "nested deeper" in error.message


# What Python's parser says of Python.
PYTHON = re.compile(
    r"invalid (syntax|decimal|character|non-printable)|unterminated|unmatched|was never closed$|forgot|literal|unicode"
    r"|statement|assign|keyword|parenthes|codec|detected|f-string|lambda|generator|decimal|indent"
)
TOKENS = ["a", "1", "if", "else", "for", "in", "not", "x.C", *"()[]{}+-*/%=<>!&|^~@.,:;'\"\\#?$`"]


STRANGE = [" ", "\n", "\r", "é", "\u2028", "\x0c", "\xa0", "\uff10", "f'", "0x", "1e", "lambda"]


@given(st.lists(st.sampled_from([*TOKENS, *STRANGE]), max_size=14))
@example(["'", "\u2028", "'", " ", "$"])
def test_no_text_brings_out_what_python_says(tokens: list[str]) -> None:
    text = "".join(tokens)
    error = refused(text)
    if error is None:
        return
    assert not PYTHON.search(re.sub("`.*`", "", error.message, flags=re.DOTALL)), error.message
    assert 0 <= error.start <= max(len(text), 1)
    assert error.end is None or error.start <= error.end <= max(len(text), 1)
