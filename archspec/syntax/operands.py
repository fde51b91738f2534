"""What an expression reads: the names and sizes that take part in its value."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from archspec.syntax import arithmetic
from archspec.syntax.arithmetic import Value
from archspec.syntax.expressions import CONSTANTS, Bound, Environment, Path, parse
from archspec.types import LABELS


class Name(NamedTuple):
    """An argument, a `let` name, an index, or an op."""

    text: str


class Size(NamedTuple):
    """A size of a value, as it is written: by its label, or `.shape` with the number of the axis (None: all axes)."""

    text: str
    path: Path
    axis: str | int | None


Operand: TypeAlias = Name | Size


def operands(text: str, env: Environment) -> list[Operand]:
    """The operands of an expression that has a value, each once, in the order in which they are read. What the value
    does not depend on, the branch of an `if` that is not taken say, is not among them."""
    return list(dict.fromkeys(_read(ast.parse(text.strip(), mode="eval").body, env)))


def _read(node: ast.AST, env: Environment) -> Iterator[Operand]:
    if isinstance(node, ast.Name):
        if node.id not in CONSTANTS and not (isinstance(env, Bound) and node.id == env.name):
            yield Name(node.id)
    elif isinstance(node, ast.IfExp):
        yield from _read(node.test, env)
        yield from _read(node.body if _holds(node.test, env) else node.orelse, env)
    elif isinstance(node, ast.BoolOp):
        for part in node.values:
            yield from _read(part, env)
            if _holds(part, env) is isinstance(node.op, ast.Or):
                return
    elif isinstance(node, ast.Compare):
        yield from _read(node.left, env)
        for i, right in enumerate(node.comparators):
            yield from _read(right, env)
            if not _holds(ast.Compare(node.left, node.ops[: i + 1], node.comparators[: i + 1]), env):
                return
    elif isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        [loop] = node.generators
        yield from _read(loop.iter, env)
        for value in _value(loop.iter, env):
            inner = Bound(env, ast.unparse(loop.target), value)
            for test in loop.ifs:
                yield from _read(test, inner)
            if all(_holds(test, inner) for test in loop.ifs):
                yield from _read(node.elt, inner)
    elif isinstance(node, ast.Call):
        for argument in node.args:
            yield from _read(argument, env)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute):  # .shape[k]
        yield from _read_size(node.value, env, node.slice)
    elif isinstance(node, ast.Attribute):
        yield from _read_size(node, env)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _read(child, env)


def _read_size(node: ast.Attribute, env: Environment, index: ast.expr | None = None) -> Iterator[Operand]:
    indices: list[ast.expr] = []
    path = tuple(_path(node.value, env, indices))
    axis: str | int | None = node.attr if node.attr in LABELS else None
    text = ".".join([*path, node.attr])
    if index is not None and not isinstance(index, ast.Slice):
        indices.append(index)
        axis = arithmetic.whole(_value(index, env))
        text = f"{text}[{axis}]"
    yield Size(text, path, axis)
    for each in indices:
        yield from _read(each, env)


def _path(node: ast.expr, env: Environment, indices: list[ast.expr]) -> Iterator[str]:
    """The parts of `a.b[2]`; the expressions in brackets go to `indices`."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield from _path(node.value, env, indices)
        yield node.attr
    elif isinstance(node, ast.Subscript):
        yield from _path(node.value, env, indices)
        indices.append(node.slice)
        yield str(arithmetic.whole(_value(node.slice, env)))


def _value(node: ast.expr, env: Environment) -> Value:
    return parse(ast.unparse(node)).evaluate(env)


def _holds(node: ast.expr, env: Environment) -> bool:
    return arithmetic.truth(_value(node, env))
