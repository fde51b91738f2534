"""Which names and sizes take part in the value of an expression."""

from __future__ import annotations

import pytest

from archspec.syntax.arithmetic import Value
from archspec.syntax.expressions import Path
from archspec.syntax.operands import operands
from archspec.types import TensorType

NAMES: dict[str, Value] = {"a": 1, "b": 1, "none": 0, "widths": [4, 8], "k": 1}


class Known:
    """An environment of these names, in which every value is of one type."""

    def lookup(self, name: str) -> Value:
        return NAMES[name]

    def type_of(self, path: Path) -> TensorType:
        return TensorType.of((1, 3, 8, 8))

    def spend(self, steps: int) -> None:
        """As many steps as it takes."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", []),
        ("true", []),
        ("a + b * a", ["a", "b"]),
        ("min(a, max(b, 2))", ["a", "b"]),
        ("a if none else b", ["none", "b"]),
        ("a if b else widths[none]", ["b", "a"]),
        ("none and a", ["none"]),
        ("a or b", ["a"]),
        ("none or a and b", ["none", "a", "b"]),
        ("a < none < b", ["a", "none"]),
        ("widths[k]", ["widths", "k"]),
        ("[2 * w for w in widths if w > a]", ["widths", "a"]),
        ("x.C + prev.H", ["x.C", "prev.H"]),
        ("features[k].C", ["features.1.C", "k"]),
        ("stage[0].C", ["stage.0.C"]),
        ("x.shape[2]", ["x.shape[2]"]),
        ("x.shape[k + 1]", ["x.shape[2]", "k"]),
        ("x.shape", ["x.shape"]),
        ("sum([levels[j].C for j in range(2)])", ["levels.0.C", "levels.1.C"]),
    ],
)
def test_operands_in_the_order_of_reading(text: str, expected: list[str]) -> None:
    assert [operand.text for operand in operands(text, Known())] == expected
