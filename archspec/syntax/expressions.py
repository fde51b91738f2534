"""The expression language: parsed with Python's `ast`, compiled to closures by our own small walker.

Never `eval`: only the nodes named here exist. A bare name is an argument, a `let` name, an index or
an op; a path that ends in a size (`x.C`, `layer4.shape[2]`, `features[5].H`) is a value's size.
"""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, TypeAlias

from archspec.diagnostics import Help, in_words
from archspec.syntax import arithmetic
from archspec.syntax.arithmetic import Value
from archspec.types import LABELS, TensorType

MAX_LENGTH = 4_000
MAX_NESTING = 60
MAX_TEXT = 4_000  # characters of a text that expressions take part in
Path: TypeAlias = tuple[str, ...]
Evaluator: TypeAlias = "Callable[[Environment], Value]"


class ExpressionError(Exception):
    """An expression that does not parse or has no value; `start` and `end` count code points in its text."""

    def __init__(
        self, code: str, message: str, start: int = 0, end: int | None = None, helps: Sequence[Help | str] = ()
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.start, self.end, self.helps = code, message, start, end, tuple(helps)


class Environment(Protocol):
    """What an expression sees. Look-ups raise ExpressionError for what is not there."""

    def lookup(self, name: str) -> Value:
        """The value of an argument, `let` name or index, or the op of that name."""

    def type_of(self, path: Path) -> TensorType:
        """The type of a layer's or input's value."""

    def spend(self, steps: int) -> None:
        """Note work that the length of the expression does not tell."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression."""

    text: str
    evaluate: Evaluator
    operands: tuple[tuple[str, Evaluator], ...] = ()  # of a comparison: their source and their values
    steps: int = 1  # its operators, names and constants
    is_equation: bool = False  # that two operands are the same


CONSTANTS: dict[str, Value] = {"true": True, "false": False, "null": None}
_BINARY: dict[type[ast.operator], Callable[[Value, Value], Value]] = {
    ast.Add: arithmetic.add,
    ast.Sub: arithmetic.subtract,
    ast.Mult: arithmetic.multiply,
    ast.Div: arithmetic.true_divide,
    ast.FloorDiv: arithmetic.floor_divide,
    ast.Mod: arithmetic.modulo,
    ast.Pow: arithmetic.power,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Value, Value], bool]] = {
    ast.Eq: arithmetic.same,
    ast.NotEq: lambda a, b: not arithmetic.same(a, b),
    ast.Lt: arithmetic.ordered(operator.lt),
    ast.LtE: arithmetic.ordered(operator.le),
    ast.Gt: arithmetic.ordered(operator.gt),
    ast.GtE: arithmetic.ordered(operator.ge),
    ast.In: arithmetic.contains,
    ast.NotIn: lambda a, b: not arithmetic.contains(a, b),
}
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@lru_cache(maxsize=4096)  # the same texts stand in many layers
def parse(text: str) -> Expression:
    """Compile an expression. Raises ExpressionError."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError("A604", f"the expression has {len(text):,} characters, and {MAX_LENGTH:,} are the limit")
    source = text.strip().replace("\r", " ")  # which Python counts as the end of a line
    indent = len(text) - len(text.lstrip()) if source else 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = ast.parse(source, mode="eval")
    except SyntaxError as error:
        if "too many" in error.msg:
            raise ExpressionError("A604", f"the expression is nested deeper than {MAX_NESTING}") from None
        from archspec.syntax.unparsed import refusal  # only mistakes need it

        found = refusal(source, error)
        raise ExpressionError("A306", found.message, indent + found.start, indent + found.end, found.helps) from None
    except (MemoryError, RecursionError):
        raise ExpressionError("A604", f"the expression is nested deeper than {MAX_NESTING}") from None
    except (ValueError, Warning):
        raise ExpressionError("A306", "the expression holds a character that no text may hold") from None
    compiler = _Compiler(text, source, indent)
    evaluate, steps = compiler.compile(tree.body, 0), compiler.steps
    operands, signs = [], []
    if isinstance(tree.body, ast.Compare):
        operands, signs = [tree.body.left, *tree.body.comparators], [type(sign) for sign in tree.body.ops]
    shown = tuple((ast.unparse(operand), compiler.compile(operand, 0)) for operand in operands)
    return Expression(text, evaluate, shown, steps, signs == [ast.Eq])


class _Compiler:
    def __init__(self, text: str, source: str, indent: int) -> None:
        self._text, self._source, self._indent = text, source, indent
        self._ascii = source.isascii() and "\n" not in source
        self._bound: list[str] = []  # the variable of the comprehension around
        self.steps = 0  # compiled so far

    def _place(self, node: ast.expr) -> tuple[int, int]:
        """Offsets of a node in the text; ast counts UTF-8 bytes."""
        if self._ascii:
            return self._indent + node.col_offset, self._indent + (node.end_col_offset or len(self._source))
        lines = _LINE.findall(self._source)  # as Python counts them: str.splitlines knows more line ends

        def offset(line: int, column: int) -> int:
            before = lines[line - 1].encode()[:column].decode(errors="ignore")
            return self._indent + sum(map(len, lines[: line - 1])) + len(before)

        return offset(node.lineno, node.col_offset), offset(node.end_lineno or 1, node.end_col_offset or 0)

    def _refused(
        self, node: ast.expr, message: str, code: str = "A306", helps: Sequence[Help | str] = ()
    ) -> ExpressionError:
        """The error at a node; to be raised."""
        return ExpressionError(code, message, *self._place(node), helps)

    def _guard(self, node: ast.expr, function: Callable[..., Value], *parts: Evaluator) -> Evaluator:
        """Apply a function to the values of the parts; what it refuses is said at this node."""
        place = self._place(node)

        def run(env: Environment) -> Value:
            try:
                values = [part(env) for part in parts] if len(parts) != 2 else [parts[0](env), parts[1](env)]
                for value in values:
                    if type(value) is list or type(value) is range:  # most functions of lists go through them
                        env.spend(len(value))
                return function(*values)
            except arithmetic.Undecided as error:
                raise ExpressionError("A312", str(error), *place) from None
            except (ValueError, OverflowError) as error:
                raise ExpressionError("A307", str(error), *place) from None

        return run

    def compile(self, node: ast.expr, depth: int) -> Evaluator:
        if depth > MAX_NESTING:
            raise self._refused(node, f"the expression is nested deeper than {MAX_NESTING}", "A604")
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise self._refused(node, f"`{ast.unparse(node)[:40]}` is not part of the expression language")
        self.steps += 1
        compiled: Evaluator = method(node, depth + 1)
        return compiled

    def _constant(self, node: ast.Constant, depth: int) -> Evaluator:
        value = node.value
        if not isinstance(value, (int, float, str)) and value is not None:
            raise self._refused(node, f"`{ast.unparse(node)}` is not part of the expression language")
        if value is None:
            helps = [Help("write `null`", "null")]
            raise self._refused(node, "the expression language has no such word", "A301", helps)
        try:
            arithmetic.bounded(value)
        except ValueError:  # said when it is evaluated
            return self._guard(node, lambda: arithmetic.bounded(value))
        return lambda env: value

    def _name(self, node: ast.Name, depth: int) -> Evaluator:
        name = node.id
        self._check_spelling(node, name)
        if name in CONSTANTS:
            constant = CONSTANTS[name]
            return lambda env: constant
        start, end = self._place(node)

        def look(env: Environment) -> Value:
            try:
                return env.lookup(name)
            except ExpressionError as error:
                raise ExpressionError(error.code, error.message, start, end, error.helps) from None

        return look

    def _check_spelling(self, node: ast.Name | ast.Attribute, name: str) -> None:
        """Refuse a name in letters that Python takes for others: `\uff58` for `x`."""
        start, end = self._place(node)
        if not self._ascii and not self._text[start:end].endswith(name):
            raise self._refused(node, f"`{self._text[start:end]}` is no name: names have plain letters, digits and _")

    def _binop(self, node: ast.BinOp, depth: int) -> Evaluator:
        function = _BINARY.get(type(node.op))
        if function is None:
            raise self._refused(node, f"`{ast.unparse(node)}` uses an operator that the language lacks")
        return self._guard(node, function, self.compile(node.left, depth), self.compile(node.right, depth))

    def _unaryop(self, node: ast.UnaryOp, depth: int) -> Evaluator:
        operand = self.compile(node.operand, depth)
        if isinstance(node.op, ast.USub):
            return self._guard(node, arithmetic.negative, operand)
        if isinstance(node.op, ast.Not):
            return self._guard(node, lambda value: not arithmetic.truth(value), operand)
        raise self._refused(node, f"`{ast.unparse(node)}` uses an operator that the language lacks")

    def _boolop(self, node: ast.BoolOp, depth: int) -> Evaluator:
        parts = [self._guard(part, arithmetic.truth, self.compile(part, depth)) for part in node.values]
        if isinstance(node.op, ast.And):
            return lambda env: all(part(env) for part in parts)
        return lambda env: any(part(env) for part in parts)

    def _compare(self, node: ast.Compare, depth: int) -> Evaluator:
        operands = [self.compile(part, depth) for part in (node.left, *node.comparators)]
        checks = []
        for i, sign in enumerate(node.ops):
            function = _COMPARE.get(type(sign))
            if function is None:
                raise self._refused(node, f"`{ast.unparse(node)}` uses an operator that the language lacks")
            checks.append(self._guard(node, function, operands[i], operands[i + 1]))
        return checks[0] if len(checks) == 1 else lambda env: all(check(env) for check in checks)

    def _ifexp(self, node: ast.IfExp, depth: int) -> Evaluator:
        test = self._guard(node.test, arithmetic.truth, self.compile(node.test, depth))
        body, orelse = self.compile(node.body, depth), self.compile(node.orelse, depth)
        return lambda env: body(env) if test(env) else orelse(env)

    def _list(self, node: ast.List | ast.Tuple, depth: int) -> Evaluator:
        items = [self.compile(item, depth) for item in node.elts]
        return self._guard(node, lambda *values: arithmetic.bounded_list(list(values)), *items)

    _tuple = _list

    def _call(self, node: ast.Call, depth: int) -> Evaluator:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        function = arithmetic.FUNCTIONS.get(name)
        if function is None:
            known = ", ".join(arithmetic.FUNCTIONS)
            raise self._refused(
                node.func, f"there is no function `{ast.unparse(node.func)[:40]}`", helps=[f"the functions are {known}"]
            )
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise self._refused(node, f"`{name}` takes its arguments by position")
        arguments = [self.compile(argument, depth) for argument in node.args]

        def call(*values: Value) -> Value:
            try:
                return function(*values)
            except TypeError:
                raise ValueError(f"`{name}` does not take {len(values)} arguments") from None

        return self._guard(node, call, *arguments)

    def _subscript(self, node: ast.Subscript, depth: int) -> Evaluator:
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            shape = self._size_of(node.value, depth)
            return self._guard(node, _item, shape, self.compile(node.slice, depth))
        items = self.compile(node.value, depth)
        if not isinstance(node.slice, ast.Slice):
            return self._guard(node, _item, items, self.compile(node.slice, depth))
        absent: Evaluator = lambda env: None  # noqa: E731
        bounds = (node.slice.lower, node.slice.upper, node.slice.step)
        parts = [self.compile(part, depth) if part else absent for part in bounds]
        return self._guard(node, _slice, items, *parts)

    def _attribute(self, node: ast.Attribute, depth: int) -> Evaluator:
        return self._size_of(node, depth)

    def _size_of(self, node: ast.Attribute, depth: int) -> Evaluator:
        label = node.attr
        self._check_spelling(node, label)
        if label not in LABELS and label != "shape":
            help = f"a size is one of {', '.join('.' + each for each in LABELS)} and .shape[k]"
            raise self._refused(node, f"`{ast.unparse(node)}` does not end in a size", helps=[help])
        path = self._path(node.value, depth)
        start, end = self._place(node)
        dotted = self._source[start - self._indent : end - self._indent] == ".".join([*map(str, path), label])

        def size(env: Environment) -> Value:
            try:
                names = tuple(str(part if isinstance(part, str) else arithmetic.whole(part(env))) for part in path)
            except ValueError as error:
                raise ExpressionError("A307", str(error), start, end) from None
            try:
                type_ = env.type_of(names)
            except ExpressionError as error:
                if dotted and error.end is not None:  # at the part of the path that it is about
                    raise _shifted(error, start, end - start) from None
                raise ExpressionError(error.code, error.message, start, end, in_words(error.helps)) from None
            if label == "shape":
                return list(type_.shape)
            if label not in type_.axes:
                axes = ", ".join(axis or "?" for axis in type_.axes)
                message = f"`{'.'.join(names)}` has no axis labelled {label}: its axes are {axes or 'none'}"
                raise ExpressionError("A307", message, start, end, ["`.shape[k]` reads an axis by its number"])
            return type_.shape[type_.axes.index(label)]

        return size

    def _path(self, node: ast.expr, depth: int) -> list[str | Evaluator]:
        """`a.b[2].c` as its parts; an index in brackets is an expression of its own."""
        if depth > MAX_NESTING:
            raise self._refused(node, f"the expression is nested deeper than {MAX_NESTING}", "A604")
        if isinstance(node, ast.Name):
            return [node.id]
        if isinstance(node, ast.Attribute):
            return [*self._path(node.value, depth + 1), node.attr]
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
            return [*self._path(node.value, depth + 1), self.compile(node.slice, depth)]
        raise self._refused(node, f"`{ast.unparse(node)[:40]}` is not a layer or input")

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp, depth: int) -> Evaluator:
        loop = node.generators[0]
        if len(node.generators) > 1 or self._bound or loop.is_async:
            raise self._refused(node, "a comprehension has one `for`, and stands in no other")
        if not isinstance(loop.target, ast.Name):
            raise self._refused(loop.target, "a comprehension binds one name")
        items = self.compile(loop.iter, depth)
        name, before = loop.target.id, self.steps
        self._bound.append(name)
        tests = [self._guard(test, arithmetic.truth, self.compile(test, depth)) for test in loop.ifs]
        element = self.compile(node.elt, depth)
        self._bound.pop()
        steps = self.steps - before
        place = self._place(node)

        def run(env: Environment) -> Value:
            values = items(env)
            if not isinstance(values, (list, range)):
                raise ExpressionError(
                    "A307", f"a comprehension wants a list, and this is {arithmetic.describe(values)}", *place
                )
            if len(values) > arithmetic.MAX_ITEMS:
                raise ExpressionError("A604", f"the comprehension has more than {arithmetic.MAX_ITEMS:,} items", *place)
            env.spend(steps * len(values))
            inner = (Bound(env, name, value) for value in values)
            return [element(each) for each in inner if all(test(each) for test in tests)]

        return self._guard(node, arithmetic.bounded_list, run)

    _generatorexp = _listcomp


@dataclass(frozen=True, slots=True)
class Bound:
    """An environment with one more name: the variable of a comprehension."""

    outer: Environment
    name: str
    value: Value

    def lookup(self, name: str) -> Value:
        return self.value if name == self.name else self.outer.lookup(name)

    def type_of(self, path: Path) -> TensorType:
        return self.outer.type_of(path)

    def spend(self, steps: int) -> None:
        self.outer.spend(steps)


def _item(items: Value, index: Value) -> Value:
    if not isinstance(items, (list, range, str)):
        raise ValueError(f"only a list has items, and this is {arithmetic.describe(items)}")
    number = arithmetic.whole(index)
    if not -len(items) <= number < len(items):
        raise ValueError(f"there is no item {number} in a list of {len(items)}")
    return items[number]


def _slice(items: Value, *bounds: Value) -> Value:
    if not isinstance(items, (list, range)):
        raise ValueError(f"only a list has items, and this is {arithmetic.describe(items)}")
    return list(items)[slice(*(None if bound is None else arithmetic.whole(bound) for bound in bounds))]


@dataclass(frozen=True, slots=True)
class Template:
    """Text with `{expr}` in it: literal parts and expressions, alternating, with the offsets of each."""

    parts: tuple[str | tuple[int, Expression], ...]

    @property
    def is_plain(self) -> bool:
        return all(isinstance(part, str) for part in self.parts)

    def can_give(self, text: str) -> bool:
        """Whether its expressions could make it this text, each at least one character of it."""
        position = least = 0  # where the text is read on, and how much of it expressions take at least
        for part in self.parts:
            if not isinstance(part, str):
                least += 1
                continue
            found = text.find(part, position + least) if least else position if text.startswith(part) else -1
            if found < 0:
                return False
            position, least = found + len(part), 0
        last = self.parts[-1]
        if isinstance(last, str):
            return position == len(text) or (len(self.parts) > 1 and text.endswith(last))
        return position + least <= len(text)

    def render(self, env: Environment) -> str:
        """The text. Raises ExpressionError."""
        text = ""
        for part in self.parts:
            text += part if isinstance(part, str) else _rendered(part, env)
            if len(text) > MAX_TEXT:
                raise ExpressionError("A604", f"the text comes to more than {MAX_TEXT:,} characters")
        return text


def _rendered(part: tuple[int, Expression], env: Environment) -> str:
    offset, expression = part
    env.spend(expression.steps)
    try:
        value = expression.evaluate(env)
    except ExpressionError as error:
        raise _shifted(error, offset, len(expression.text)) from None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        message = f"a name is made of integers and text, and `{expression.text}` is {arithmetic.describe(value)}"
        raise ExpressionError("A307", message, offset, offset + len(expression.text))
    return str(value)


def parse_template(text: str) -> Template:
    """Split text at its `{expr}`. Raises ExpressionError."""
    parts: list[str | tuple[int, Expression]] = []
    position = 0
    while (start := text.find("{", position)) >= 0:
        end = text.find("}", start)
        if end < 0:
            raise ExpressionError("A306", "`{` is never closed", start, start + 1)
        if start > position:
            parts.append(text[position:start])
        try:
            parts.append((start + 1, parse(text[start + 1 : end])))
        except ExpressionError as error:
            raise _shifted(error, start + 1, end - start - 1) from None
        position = end + 1
    if position < len(text) or not parts:
        parts.append(text[position:])
    return Template(tuple(parts))


def _shifted(error: ExpressionError, offset: int, length: int) -> ExpressionError:
    end = offset + (length if error.end is None else error.end)
    return ExpressionError(error.code, error.message, offset + error.start, end, error.helps)
