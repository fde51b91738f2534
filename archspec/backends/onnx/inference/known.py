"""What is known of an ONNX value, of the node that makes it, and the rules that lead from one to the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from archspec.dims import Dim
from archspec.types import DType


class Known(NamedTuple):
    """A value's sizes and element type; and the numbers that it holds, in order, where later sizes may come from them:
    integers that are worked out from sizes, and constants."""

    shape: tuple[Dim, ...]
    dtype: DType
    content: tuple[Any, ...] | None = None

    @property
    def rank(self) -> int:
        return len(self.shape)


class Unknown(Exception):
    """A rule lacks something that it would need."""


@dataclass(frozen=True, slots=True)
class Application:
    """A node, as a rule sees it. An input that is left out is None."""

    inputs: Sequence[Known | None]
    attributes: Mapping[str, Any]
    outputs: int

    @property
    def x(self) -> Known:
        """The first input."""
        return self.input(0)

    def has(self, index: int) -> bool:
        return index < len(self.inputs) and self.inputs[index] is not None

    def input(self, index: int) -> Known:
        """Raises Unknown for an input that is not there."""
        found = self.inputs[index] if self.has(index) else None
        if found is None:
            raise Unknown
        return found

    def content(self, index: int) -> tuple[Any, ...]:
        """The numbers that an input holds. Raises Unknown."""
        found = self.input(index).content
        if found is None:
            raise Unknown
        return found

    def get(self, attribute: str, default: Any) -> Any:
        return self.attributes.get(attribute, default)

    def axis(self, default: int, rank: int | None = None) -> int:
        """The attribute `axis`, counted from 0 in the first input, or in a value of this rank."""
        axis: int = self.get("axis", default)
        return axis % (self.x.rank if rank is None else rank)

    def axes(self, index: int) -> list[int] | None:
        """Axes of the first input, counted from 0: an attribute in old opsets, the input `index` in later ones."""
        found = self.content(index) if self.has(index) else self.get("axes", None)
        return None if found is None else [axis % self.x.rank for axis in found]


Rule: TypeAlias = Callable[[Application], Sequence[Known]]
"""What is known of the outputs. Raises Unknown."""

RULES: dict[str, Rule] = {}


def rule(*op_types: str) -> Callable[[Rule], Rule]:
    """The rule of these operators, as their pages in ONNX's specification have it."""

    def registered(function: Rule) -> Rule:
        for op_type in op_types:
            assert op_type not in RULES, f"two rules for {op_type}"
            RULES[op_type] = function
        return function

    return registered
