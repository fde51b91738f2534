"""The flow-style trap: expressions that YAML cuts at their comma or bracket."""

from __future__ import annotations

import pytest

from archspec.diagnostics import Diagnostics
from archspec.source import SourceFile
from archspec.syntax.reader import read
from archspec.syntax.tree import Mapping, Scalar


def refused(text: str) -> list[tuple[str, str]]:
    """Codes, and the texts that are underlined."""
    diagnostics = Diagnostics()
    read(SourceFile("<text>", text), diagnostics)
    return [(item.code.name, item.span.text) for item in diagnostics]


TRAPS = [
    ("{kernel_size: (1, 7)}", ["(1, 7)"], 'write `kernel_size: "(1, 7)"`'),
    ("{groups: min(a, b)}", ["min(a, b)"], 'write `groups: "min(a, b)"`'),
    ("{a: f(b, g(c, d), e), h: 1}", ["f(b, g(c, d), e)"], 'write `a: "f(b, g(c, d), e)"`'),
    ("{p: d[s]}", ["d[s]"], 'write `p: "d[s]"`'),
    ("{p: d[s] + e[t], q: 1}", ["d[s] + e[t]"], 'write `p: "d[s] + e[t]"`'),
    ("{from: [down{k}]}", ["down{k}"], 'write `"down{k}"`'),
    ("{from: [prev, down{d - 1}, x]}", ["down{d - 1}"], 'write `"down{d - 1}"`'),
    ("{repeat: k in [1, 2]}", ["k in [1, 2]"], 'write `repeat: "k in [1, 2]"`'),
    ("{repeat: i in range(2), j in range(3)}", ["i in range(2), j in range(3)"], None),
    ("[max(a, b), 3]", ["max(a, b)"], 'write `"max(a, b)"`'),
    ("{a: max(b, c), d: min(e, f)}", ["max(b, c)", "min(e, f)"], None),
    ('{a: d["k"]}', ['d["k"]'], "write `a: 'd[\"k\"]'`"),
    ("{stage{i}: 1}", ["stage{i}"], 'write `"stage{i}"`'),
    ("[1, 2][0]", ["[1, 2][0]"], 'write `a: "[1, 2][0]"`'),
    ("[1] + [2]", ["[1] + [2]"], 'write `a: "[1] + [2]"`'),
]


@pytest.mark.parametrize(("text", "expressions", "help"), TRAPS)
def test_the_flow_style_trap_is_told_once_with_the_line_to_write(
    text: str, expressions: list[str], help: str | None
) -> None:
    diagnostics = Diagnostics()
    read(SourceFile("<text>", f"a: {text}\n"), diagnostics)
    assert [(item.code.name, item.span.text) for item in diagnostics] == [("A104", each) for each in expressions]
    if help is not None:
        assert [item.helps for item in diagnostics] == [(help,)]


@pytest.mark.parametrize(("text", "expressions", "help"), TRAPS)
def test_what_it_says_to_write_is_right(text: str, expressions: list[str], help: str | None) -> None:
    for expression in expressions:
        quote = "'" if '"' in expression else '"'
        text = text.replace(expression, f"{quote}{expression}{quote}")
    assert refused(f"a: {text}\n") == []


@pytest.mark.parametrize(
    "text",
    ["{a: max(b), c: (d)}", "{a: b, c: }", "{a: b, c}", "{a: 'f(b, c)'}", "[f(a), (b)]", "{a: {b: c}, d: [e, {f: g}]}"],
)
def test_what_only_looks_like_the_trap(text: str) -> None:
    assert refused(f"a: {text}\n") == []


def test_in_block_style_there_is_no_trap() -> None:
    root = read(SourceFile("<text>", "a: max(1, 2)\nb: d[s]\nc{k}: (1, 7)\n"), Diagnostics())
    assert isinstance(root, Mapping)
    values = {key.text: value.text for key, value in root if isinstance(value, Scalar)}
    assert values == {"a": "max(1, 2)", "b": "d[s]", "c{k}": "(1, 7)"}


def test_a_trap_over_several_lines_has_no_line_to_write() -> None:
    diagnostics = Diagnostics()
    read(SourceFile("<text>", "a: {b: (1,\n  7)}\n"), diagnostics)
    assert [item.helps for item in diagnostics] == [("put all of it on one line, in quotes",)]
