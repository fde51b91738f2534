"""Sizes read back from their text: the inverse of `str`."""

from __future__ import annotations

import ast
import operator

from archspec.dims.polynomial import Dim, symbol

_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}


def read(text: str) -> Dim:
    """The size that is written so, `2*floor((H - 1)/8) + 1` say. Raises ValueError for what no size is written like."""
    try:
        return _read(ast.parse(text, mode="eval").body)
    except SyntaxError:
        raise ValueError(f"{text} is no size") from None


def _read(node: ast.expr) -> Dim:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=name):
            return symbol(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_read(operand)
        case ast.Call(ast.Name("floor"), [ast.BinOp(left, ast.Div(), ast.Constant(int(divisor)))]) if divisor:
            return _read(left) // divisor
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            found: Dim = _OPERATORS[type(op)](_read(left), _read(right))
            return found
    raise ValueError(f"{ast.unparse(node)} is no size")
