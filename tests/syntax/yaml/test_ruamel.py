"""The parser against ruamel.yaml's: mutants of real specs have the same tree, or are refused."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode
from ruamel.yaml.nodes import Node as TheirNode

from archspec.diagnostics import Diagnostic, Diagnostics
from archspec.source import SourceFile
from archspec.syntax.reader import read
from archspec.syntax.tree import Mapping, Node, Scalar

ROOT = Path(__file__).resolve().parents[3]
STYLES = """\
a: >
  folded
   further

  again
b: |+
  kept

c: >-
  x
  y
d: "double
  on \\
  lines \\x41\\u00e9

  end"
e: 'single

  ''quoted'' '
f: plain
  on lines

  # no more
g:
- 1
- - 2
  - 3
- h: i
  j: k
-
  l: m
n: [a, {b: c, d}, [], {}, e: f,
  g h
  i]
"""
SPECS = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "specs").rglob("*.yaml"))]
TOKENS = [*"[]{}:,-'\"# \n?|>&*!%@\\=()~\t", ": ", ", ", "- ", " #", "\n\n", "\r\n", "---", "é", "'a'", '"b"', "  "]
# What their parser says; ours never does.
RAW = re.compile(
    r"while (scanning|parsing)|block (end|mapping|sequence)|expected|simple key|not allowed here|cannot start any token"
    r"|could not find|but (found|got)|found (unknown|character|unexpected|duplicate)|scalar|node|stream"
)


def mutant(draw: Random) -> str:
    """A few lines of a real spec, with up to three tokens in the place of others."""
    lines = draw.choice([*SPECS, STYLES]).splitlines(keepends=True)
    first = draw.randrange(len(lines))
    text = "".join(lines[first : first + draw.randint(1, 12)])
    for _ in range(draw.randint(0, 3)):
        start = draw.randrange(len(text) + 1)
        text = text[:start] + draw.choice([*TOKENS, ""]) + text[start + draw.choice([0, 0, 1, 2, 5]) :]
    return text


def ours(node: Node) -> object:
    """Texts and, where something is written, their places; not of texts in block style, whose ends are a convention."""
    if isinstance(node, Mapping):
        return {key.text: ours(value) for key, value in node}
    if isinstance(node, Scalar):
        told = node.span.start < node.span.end and not node.span.text.startswith(("|", ">"))
        return (node.text, node.span.start, node.span.end) if told else node.text
    return [ours(item) for item in node.items]


def theirs(node: TheirNode) -> object:
    if isinstance(node, MappingNode):
        return {key.value: theirs(value) for key, value in node.value}
    if isinstance(node, ScalarNode):
        start, end = node.start_mark.index, node.end_mark.index
        return (node.value, start, end) if start < end and node.style not in ("|", ">") else node.value
    return [theirs(item) for item in node.value]


def both(text: str) -> tuple[object, Node | None, list[Diagnostic]]:
    """Their tree, or why there is none; ours; and what we say."""
    diagnostics = Diagnostics()
    node = read(SourceFile("f.yaml", text), diagnostics)
    try:
        return YAML(typ="safe", pure=True).compose(text), node, list(diagnostics)
    except (YAMLError, ValueError, TypeError) as error:
        return error, node, list(diagnostics)


# Where YAML 1.2 says otherwise than ruamel.yaml: `{?a: b}` and `[a:, b]`.
ELSE = re.compile(r"[\[{,]\s*\?\S|:[,\]}]")


@pytest.mark.parametrize("seed", range(8))
def test_mutants_have_the_same_tree_or_are_refused(seed: int) -> None:
    draw = Random(seed)
    read_by_both = 0
    for _ in range(250):
        text = mutant(draw)
        expected, node, found = both(text)
        for item in found:
            assert 0 <= item.span.start <= item.span.end <= len(text)
            assert not RAW.search(re.sub("`.*`", "", item.message)), item.message
        if isinstance(expected, Exception) or expected is None or node is None or ELSE.search(text):
            continue
        if not found:
            assert ours(node) == theirs(expected), text
            read_by_both += 1
    assert read_by_both > 60


def test_what_is_no_yaml_is_refused() -> None:
    draw = Random("refused")
    missed = []
    for _ in range(1500):
        text = mutant(draw)
        expected, _, found = both(text)
        if isinstance(expected, Exception) and not found:
            missed.append(text)
    # Tabs between words, a mapping on the line of `---`, and keys of several lines in brackets are YAML 1.2, too.
    assert [text for text in missed if not re.search(r"\t|---|[{\[][^}]*\n", text)] == []
    assert len(missed) < 60


@pytest.mark.parametrize("text", SPECS)
def test_specs_are_read_alike(text: str) -> None:
    expected, node, found = both(text)
    assert found == []
    assert node is not None
    assert isinstance(expected, TheirNode)
    assert ours(node) == theirs(expected)
