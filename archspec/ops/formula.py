"""ONNX arithmetic, written as arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from archspec.ops.base import Emitter, Handle
from archspec.types import DType


@dataclass(frozen=True)
class Term:
    """A value of a formula. Operators add nodes; a number beside it is a constant of its element type."""

    emit: Emitter
    handle: Handle
    dtype: DType

    def apply(self, op_type: str, *others: Operand, **attributes: Any) -> Term:
        """An operator of ONNX on this value, and on others behind it."""
        return self._node(op_type, self, *others, **attributes)

    def above(self, bound: float, value: Operand, otherwise: Operand) -> Term:
        """`value` where this is above a bound, and else `otherwise`."""
        return self._node("Where", self.apply("Greater", bound), value, otherwise)

    def __add__(self, other: Operand) -> Term:
        return self._node("Add", self, other)

    def __sub__(self, other: Operand) -> Term:
        return self._node("Sub", self, other)

    def __mul__(self, other: Operand) -> Term:
        return self._node("Mul", self, other)

    def __truediv__(self, other: Operand) -> Term:
        return self._node("Div", self, other)

    def __neg__(self) -> Term:
        return self._node("Neg", self)

    def _node(self, op_type: str, *operands: Operand, **attributes: Any) -> Term:
        handles = [
            each.handle if isinstance(each, Term) else self.emit.constant(each, self.dtype) for each in operands
        ]
        return Term(self.emit, self.emit.node(op_type, *handles, **attributes), self.dtype)


Operand: TypeAlias = Term | float
