"""Quotes that a fix puts around a text: it holds what it held, whatever quotes stand in it."""

from __future__ import annotations

import pytest

from archspec.diagnostics import Diagnostics
from archspec.source import SourceFile
from archspec.syntax.reader import read
from archspec.syntax.tree import Mapping, Scalar
from archspec.syntax.yaml.traps import quoted


@pytest.mark.parametrize("text", ["a", "a 'b'", 'a "b"', "a 'b' \"c\"", "'a\" \\x", "''", "f(a, 'b')"])
def test_a_quoted_text_is_read_as_it_was(text: str) -> None:
    diagnostics = Diagnostics()
    root = read(SourceFile("text", f"a: {quoted(text)}\n"), diagnostics)
    assert not list(diagnostics)
    assert isinstance(root, Mapping)
    value = root.get("a")
    assert isinstance(value, Scalar)
    assert value.text == text


@pytest.mark.parametrize(("key", "fixed"), [("{i}", True), ("{i + 1}", True), ("[N, 3]", False), ("{a: 1}", False)])
def test_only_a_template_is_proposed_as_a_key(key: str, fixed: bool) -> None:
    diagnostics = Diagnostics()
    read(SourceFile("text", f"a: {{{key}: 1}}\n"), diagnostics)
    (item,) = diagnostics
    assert item.code.name == "A203"
    assert (item.fix is not None) == fixed
