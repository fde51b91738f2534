"""Values are read back by the language's own reader just as they were."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from archspec.backends.spec.yaml import flow, name, sentence
from archspec.diagnostics import Diagnostics
from archspec.source import SourceFile
from archspec.syntax.reader import read
from archspec.syntax.tree import Mapping, Node, Scalar

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(["yes", "1", "1.5", "a: b", "null", "~", "0x1F", "1e5", "é", "a #b", "{x}", "H // 2", "a.*"]),
)
NUMBERS = st.one_of(st.integers(-(2**60), 2**60), st.floats(allow_nan=False, allow_infinity=False))
VALUES = st.recursive(
    st.one_of(TEXTS, NUMBERS, st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(TEXTS.filter(lambda key: key != "<<"), inner, max_size=3)
    ),
    max_leaves=8,
)


def _read(text: str) -> Node:
    diagnostics = Diagnostics()
    found = read(SourceFile("<text>", text), diagnostics)
    assert found is not None
    assert [item.message for item in diagnostics] == []
    return found


def _plain(node: Node) -> Any:
    if isinstance(node, Scalar):
        return type(node.value), node.value
    if isinstance(node, Mapping):
        return {key.text: _plain(value) for key, value in node}
    return [_plain(item) for item in node.items]


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    return [_typed(item) for item in value] if isinstance(value, list) else (type(value), value)


@given(VALUES)
def test_any_value_is_itself_in_flow_style(value: Any) -> None:
    found = _read(f"key: {flow(value)}\n")
    assert isinstance(found, Mapping)
    assert _plain(found) == {"key": _typed(value)}


@given(TEXTS)
def test_any_text_is_itself_on_a_line_and_as_a_name(text: str) -> None:
    assert _plain(_read(f"key: {sentence(text)}\n")) == {"key": (str, text)}
    found = _read(f"{{{name(text)}: null}}\n")
    assert isinstance(found, Mapping)
    assert [key.text for key, _ in found] == [text]


def test_numbers_are_written_as_people_write_them() -> None:
    values = [0.1, 1e-5, 1e22, 1.0, -2.5e-7, 3, True, None]
    assert flow(values) == "[0.1, 1e-5, 1e22, 1.0, -2.5e-7, 3, true, null]"
