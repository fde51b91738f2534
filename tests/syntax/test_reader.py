"""YAML text -> marked tree: values as YAML 1.2 has them, exact places, and everything that is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from archspec.diagnostics import Diagnostic, Diagnostics
from archspec.source import SourceFile
from archspec.syntax.reader import MAX_DEPTH, read
from archspec.syntax.tree import Mapping, Node, Scalar, Sequence


def parsed(text: str, **options: int) -> tuple[Node | None, list[Diagnostic]]:
    diagnostics = Diagnostics()
    return read(SourceFile("f.yaml", text), diagnostics, **options), list(diagnostics)


def plain(node: Node | None) -> object:
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.value if node else None


SCALARS = [
    "3",
    "-7",
    "0x1f",
    "0o17",
    "026",
    "1e-6",
    ".5",
    "2.",
    "true",
    "False",
    "null",
    "~",
    "yes",
    "on",
    "1_000",
    "a b",
]


@pytest.mark.parametrize("text", [*SCALARS, "'3'", '"true"', "1.0e+3", "+4", "text", "-", "--", ".", "e5"])
def test_scalars_are_those_of_yaml_1_2(text: str) -> None:
    expected = YAML(typ="safe", pure=True).load(f"[k, {text}]") if text != "-" else None
    if text in ("1_000", "-"):  # ruamel.yaml reads 1_000 as a number, and the core schema does not
        expected = ["k", text]
    node, found = parsed(f"[k, {text}]" if text != "-" else "- k\n- '-'")
    assert found == []
    assert plain(node) == expected


LEAVES = st.integers(-99, 99) | st.booleans() | st.none() | st.text("abcxyz é漢", min_size=1, max_size=5).map(str.strip)
DATA = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abcdef", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text("klmn", min_size=1, max_size=3), DATA, min_size=1, max_size=3), st.booleans())
def test_trees_are_ruamels(data: dict[str, object], flow: bool) -> None:
    from io import StringIO

    stream = StringIO()
    dumper = YAML(typ="safe", pure=True)
    dumper.default_flow_style = flow
    dumper.allow_unicode = True
    dumper.dump(data, stream)
    node, found = parsed(stream.getvalue())
    assert found == []
    assert plain(node) == YAML(typ="safe", pure=True).load(stream.getvalue())


def places(node: Node | None) -> list[tuple[str, object]]:
    """Every scalar's source text and value."""
    if isinstance(node, Scalar):
        return [(node.inner.text, node.text)]
    if isinstance(node, Sequence):
        return [place for item in node.items for place in places(item)]
    if isinstance(node, Mapping):
        return [place for key, value in node for part in (key, value) for place in places(part)]
    return []


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_places_are_exact(newline: str) -> None:
    text = "漢字: [é, 'b c', \"d\"]\nlist:\n  - {k: v 😀, w: 3}\n  - x: y # note\n".replace("\n", newline)
    node, found = parsed(text)
    assert found == []
    assert all(source == value for source, value in places(node))
    assert isinstance(node, Mapping)
    key, _ = node.entries["list"]
    assert (key.span.line, key.span.column) == (2, 1)
    inner = node.get("list")
    assert isinstance(inner, Sequence)
    assert (inner.items[1].span.line, inner.items[1].span.column) == (4, 5)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("", "A101", 1, 1),
        ("a: {b: c\nd: e\n", "A101", 1, 4),
        ("a:\n\t- b\n", "A101", 2, 1),
        ("a: \x01\n", "A101", 1, 4),
        ("- a\nb: c\n", "A101", 2, 1),
        ("a: @b", "A101", 1, 4),
        ('a: "\\uZZZZ"', "A101", 1, 5),
        ("a: 1\nb: 2\na: 3\n", "A102", 3, 1),
        ("a: &x 1\n", "A103", 1, 4),
        ("a: *x\n", "A103", 1, 4),
        ("a: !!int 3\n", "A103", 1, 4),
        ("<<: {a: 1}\n", "A103", 1, 1),
        ("c: {p: d[s]}\n", "A104", 1, 8),
        ("c: {k: (1, 7), j: 2}\n", "A104", 1, 8),
        ("c: {g: min(a, b)}\n", "A104", 1, 8),
        ("c: {from: [down{k}]}\n", "A104", 1, 12),
        ("c: [f(a, b), 3]\n", "A104", 1, 5),
        ("a: 1\n---\nb: 2\n", "A105", 2, 1),
        ("%YAML 1.1\n---\na: 1\n", "A105", 1, 1),
        ("a: .nan\n", "A106", 1, 4),
        ("a: [-.inf]\n", "A106", 1, 5),
        ("a: 1e999\n", "A106", 1, 4),
        ("? [a]\n: b\n", "A103", 1, 1),
        ("[a]: b\n", "A104", 1, 1),
        ("[a,\n b]: c\n", "A101", 2, 4),
        ("[" * (MAX_DEPTH + 1), "A602", 1, MAX_DEPTH + 1),
        ("a: " + "9" * 50, "A604", 1, 4),
    ],
)
def test_what_is_refused_is_refused_once_and_there(text: str, code: str, line: int, column: int) -> None:
    _, found = parsed(text)
    assert [(item.code.name, item.span.line, item.span.column) for item in found] == [(code, line, column)]


def test_the_quoted_expression_is_offered() -> None:
    for text in ("c: {k: max(1, 7), j: 2}", "c: {k: d[s + 1]}"):
        _, [trap] = parsed(text)
        [help] = trap.helps
        fixed = text.replace(trap.span.text, f'"{trap.span.text}"')
        assert f'"{trap.span.text}"' in help
        assert parsed(fixed)[1] == []


def test_several_mistakes_are_found_in_one_run() -> None:
    _, found = parsed("a: &x 1\na: .inf\nb: !t 3\nc: {k: f(1, 2)}\n")
    assert [item.code.name for item in found] == ["A103", "A102", "A106", "A103", "A104"]


def test_files_are_limited_before_they_are_parsed() -> None:
    _, [item] = parsed("a: " + "b" * 100, max_bytes=50)
    assert item.code.name == "A601"
    assert parsed("é" * 20 + ": 1", max_bytes=50)[1] == []


@given(st.text("{}[]:,-'\"#&*!|>%@ab1\n\t é", max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    node, found = parsed(text)
    for item in found:
        assert 0 <= item.span.start <= item.span.end <= len(text)
    try:
        YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, TypeError, NotImplementedError):
        return  # ruamel.yaml refuses it too, or cannot make keys of it
    assert node is not None or found


TEXT = """# a comment
layers:
  conv: {op: Conv2d, "kernel": [3, 'a b']}
  'größe 卷积': 😀  # wide
  list:
    - ReLU
    - >
      folded
      text
"""
PLACES = [
    ("layers", 2, 1),
    ("conv", 3, 3),
    ("op", 3, 10),
    ("Conv2d", 3, 14),
    ('"kernel"', 3, 22),
    ("3", 3, 33),
    ("'a b'", 3, 36),
    ("'größe 卷积'", 4, 3),
    ("😀", 4, 15),
    ("list", 5, 3),
    ("ReLU", 6, 7),
    (">\n      folded\n      text\n", 7, 7),
]


def scalars(node: Node | None) -> list[Scalar]:
    """Every scalar below a node, keys included."""
    if isinstance(node, Scalar):
        return [node]
    if isinstance(node, Sequence):
        return [scalar for item in node.items for scalar in scalars(item)]
    return [scalar for key, value in node or () for scalar in (key, *scalars(value))]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_places_count_code_points_whatever_the_line_ends(ending: str) -> None:
    node, _ = parsed(TEXT.replace("\n", ending))
    found = [(scalar.span.text.replace(ending, "\n"), scalar.span.line, scalar.span.column) for scalar in scalars(node)]
    assert found == PLACES


def test_a_collection_ends_with_its_last_part() -> None:
    node, _ = parsed(TEXT)
    assert isinstance(node, Mapping)
    layers = node.get("layers")
    assert isinstance(layers, Mapping)
    assert layers.span.text.startswith("conv: {op")
    assert layers.span.text.endswith("text\n")
    conv = layers.get("conv")
    assert conv is not None
    assert conv.span.text == "{op: Conv2d, \"kernel\": [3, 'a b']}"


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert plain(parsed("\ufeffa: 1\n")[0]) == {"a": 1}


_texts = st.text(st.sampled_from("abcé卷😀 ,:[]{}#&*!|>'\"%@`-?\n\t\\"), max_size=12)
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9) | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts.filter(bool), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_texts.filter(bool), _values, min_size=1, max_size=4), st.booleans())
def test_json_which_is_yaml_is_read_as_python_reads_it(value: dict[str, object], escaped: bool) -> None:
    node, found = parsed(json.dumps(value, ensure_ascii=escaped))
    assert found == []
    assert plain(node) == value


def test_half_a_character_is_refused() -> None:
    _, [item] = parsed('a: "\\ud83d"\n')
    assert (item.code.name, item.span.text) == ("A101", '"\\ud83d"')


def test_aliases_leave_holes_which_are_not_told_as_other_mistakes() -> None:
    node, found = parsed("a: &x [1]\nb: {<<: *x}\nc: !t 3\n")
    assert node is None
    assert [item.span.text for item in found] == ["&x", "<<", "*x", "!t"]
    assert parsed("a: &x 1\nb: *x\n")[0] is None
    assert parsed("a: &x 1\n")[0] is not None
    assert plain(parsed("'<<': 1\n")[0]) == {"<<": 1}


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "- " * 10_000, "".join(f"{'  ' * depth}a:\n" for depth in range(100)), "{a: " * 1_000]
)
def test_depth_has_a_limit(text: str) -> None:
    node, [item] = parsed(text)
    assert (node, item.code.name) == (None, "A602")


def test_the_deepest_that_is_allowed() -> None:
    assert parsed("[" * MAX_DEPTH + "]" * MAX_DEPTH)[1] == []


def test_lines_end_where_yaml_1_2_ends_them() -> None:
    text = "a: b\x85c\nd: e\u2028f\u2029g\rh: 1\r\ni: 2\n"
    node, found = parsed(text)
    assert found == []
    assert plain(node) == {"a": "b\x85c", "d": "e\u2028f\u2029g", "h": 1, "i": 2}
    assert [key.span.line for key in scalars(node)[::2]] == [1, 2, 3, 4]


def test_a_file_without_a_last_line_end_is_read_to_its_end() -> None:
    for text in ("a: b", "a: [b]", "a: 'b'", "a: |\n  b", "- b", "a:", "a: b # c", "a: {b", "a: 'b", 'a: "'):
        _, found = parsed(text)
        assert all(item.span.end <= len(text) for item in found)
