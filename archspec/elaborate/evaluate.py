"""What stands in the YAML -> values, directed by the type that is wanted.

Text is an expression where a number, bool, list or op is wanted; where text is wanted it is literal,
but for `{expr}` in it; and the words of an op's own argument (`same`, `bilinear`) win.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from archspec.diagnostics import Diagnostics, Help, in_words, near
from archspec.dims import Symbolic
from archspec.elaborate.effort import Effort, TooLarge
from archspec.elaborate.names import BlockRef, Failed, FileScope, Frame, OpRef, Pending
from archspec.elaborate.slots import Slot
from archspec.elaborate.values import ValueScope
from archspec.syntax import arithmetic
from archspec.syntax.arithmetic import Value, describe
from archspec.syntax.expressions import Expression, ExpressionError, Path, Template, parse, parse_template
from archspec.syntax.layers import locate
from archspec.syntax.tree import Mapping, Node, Scalar, Sequence
from archspec.types import TensorType

if TYPE_CHECKING:
    from archspec.elaborate.watch import Watch

_T = TypeVar("_T")
_BOOL_WORDS = {"yes": "true", "on": "true", "no": "false", "off": "false"}


@dataclass(frozen=True, slots=True, eq=False)
class Env:
    """What an expression sees: the names of its frames, the ops of its file, the sizes of the values in scope."""

    frame: Frame
    file: FileScope
    values: ValueScope | None = None

    def lookup(self, name: str) -> Value:
        frame: Frame | None = self.frame
        while frame is not None:
            if name in frame.names:
                value = frame.names[name]
                return frame.get(name) if isinstance(value, Pending) else value
            frame = frame.parent
        op = self.file.op_named(name)
        if op is not None:
            return op
        if self.file.incomplete and name[:1].isupper():
            raise Failed
        raise ExpressionError("A301", f"there is no name `{name}` here", 0, None, self._helps(name))

    def _helps(self, name: str) -> list[Help]:
        if (word := _BOOL_WORDS.get(name.lower())) is not None:
            return [Help(f"write `{word}`", word)]
        if self.values is not None and self.values.can_read(name):
            return [Help(f"`{name}` is a layer or input: an expression reads its sizes, say `{name}.C`")]
        return near(name, filter(str.isidentifier, self.frame.visible())) or self.file.near_ops(name)

    def type_of(self, path: Path) -> TensorType:
        if self.values is None:
            raise ExpressionError("A308", f"there is no layer or input `{path[0]}` here")
        [entry] = self.values.resolve(path)
        return entry.single(".".join(path)).type

    def spend(self, steps: int) -> None:
        self.file.effort.spend(steps)


@dataclass(slots=True, eq=False)
class Evaluator:
    """Evaluates nodes, reports what goes wrong, and keeps every parsed expression."""

    diagnostics: Diagnostics
    effort: Effort
    watch: Watch | None = None  # who wants to know where values come from
    _expressions: dict[Scalar, Expression] = field(default_factory=dict)
    _templates: dict[Scalar, Template] = field(default_factory=dict)

    def report(self, scalar: Scalar, error: ExpressionError) -> Failed:
        """Report an expression's error at its place; to be raised."""
        as_written = scalar.inner.text == scalar.text  # else what is underlined is more than what was meant
        helps = error.helps if as_written else in_words(error.helps)
        self.diagnostics.add(error.code, error.message, locate(scalar, error), helps=helps)
        if self.diagnostics.is_full:
            raise TooLarge
        return Failed()

    def _attempt(self, scalar: Scalar, action: Callable[[], _T]) -> _T:
        try:
            return action()
        except ExpressionError as error:
            raise self.report(scalar, error) from None

    def expression(self, scalar: Scalar, env: Env) -> Value:
        """The value of a text as an expression. Raises Failed."""
        expression = self._expressions.get(scalar) or self.parsed(scalar)
        self.effort.spend(expression.steps, scalar.inner)
        try:
            return expression.evaluate(env)
        except ExpressionError as error:
            raise self.report(scalar, error) from None

    def parsed(self, scalar: Scalar) -> Expression:
        """The expression of a text. Raises Failed."""
        if scalar.broken:
            raise Failed
        expression = self._expressions.get(scalar)
        if expression is None:
            expression = self._expressions[scalar] = self._attempt(scalar, lambda: parse(scalar.text))
        return expression

    def text(self, scalar: Scalar, env: Env) -> str:
        """The text of a scalar with its `{expr}` filled in. Raises Failed."""
        if scalar.broken:
            raise Failed
        if "{" not in scalar.text:
            return scalar.text
        template = self._templates.get(scalar)
        if template is None:
            template = self._templates[scalar] = self._attempt(scalar, lambda: parse_template(scalar.text))
        self.effort.spend(len(template.parts), scalar.inner)
        return self._attempt(scalar, lambda: template.render(env))

    def value(self, node: Node, env: Env) -> Value:
        """The value of a node where anything is wanted: text is an expression. Raises Failed."""
        if isinstance(node, Scalar):
            return self.expression(node, env) if isinstance(node.value, str) else node.value
        if isinstance(node, Sequence):
            self.effort.spend(len(node.items), node.span)
            try:
                return arithmetic.bounded_list([self.value(item, env) for item in node.items])
            except ValueError as error:
                self.diagnostics.add("A307", str(error), node.span)
                raise Failed from None
        self.diagnostics.add("A203", "a value is a number, an expression or a list, and this is a mapping", node.span)
        raise Failed

    def condition(self, scalar: Scalar, env: Env) -> bool:
        """The value of a condition. Raises Failed."""
        value = self.value(scalar, env)
        try:
            return arithmetic.truth(value)
        except ValueError as error:
            self.diagnostics.add("A305", str(error), scalar.inner)
            raise Failed from None

    def argument(self, node: Node, wanted: str, optional: bool, env: Env, name: str, literal: bool = False) -> Value:
        """The value of a block's argument of a declared type; `literal`: a plain default, in which a text
        in a list is an op's name or itself. Raises Failed."""
        if wanted == "str" and isinstance(node, Scalar) and isinstance(node.value, str):
            return self.text(node, env)
        value = self._literal_list(node, env) if literal and isinstance(node, Sequence) else self.value(node, env)
        try:
            return convert(value, wanted, optional)
        except ValueError as error:
            place = node.inner if isinstance(node, Scalar) else node.span
            self.diagnostics.add("A305", f"`{name}` {error}", place, helps=divided(node, value))
            raise Failed from None

    def _literal_list(self, node: Sequence, env: Env) -> Value:
        self.effort.spend(len(node.items), node.span)
        values = []
        for item in node.items:
            word = isinstance(item, Scalar) and isinstance(item.value, str) and item.text.isidentifier()
            if (
                word
                and isinstance(item, Scalar)
                and env.file.op_named(item.text) is None
                and not env.frame.find(item.text)
            ):
                values.append(item.text)
            elif isinstance(item, Sequence):
                values.append(self._literal_list(item, env))
            else:
                values.append(self.value(item, env))
        return values

    def slot(self, node: Node, slot: Slot, env: Env) -> Any:
        """The value of an op's argument. Raises Failed."""
        if isinstance(node, Mapping):
            return {key.text: self.slot(value, slot, env) for key, value in node}
        if isinstance(node, Sequence):
            self.effort.spend(len(node.items), node.span)
            return [self.slot(item, slot, env) for item in node.items]
        if isinstance(node.value, str):
            if node.text in slot.words:
                return node.text
            if slot.text and not slot.numbers:
                return self.text(node, env)
            return fitting(self.expression(node, env), slot)
        return fitting(node.value, slot)


def fitting(value: Value, slot: Slot) -> Value:
    """0 and 1 serve as bools, and a whole result serves as an int."""
    if slot.bools and not slot.numbers and isinstance(value, int) and value in (0, 1):
        return bool(value)
    if slot.integers and isinstance(value, float) and _is_whole(value):
        return int(value)
    if isinstance(value, range):
        return list(value)
    return value


def divided(node: Node, value: Value) -> list[str]:
    """Help for an expression that divides and gives a fraction where none is wanted."""
    text = node.text if isinstance(node, Scalar) else ""
    return ["`//` divides and rounds down"] if isinstance(value, float) and "/" in text.replace("//", "") else []


def convert(value: Value, wanted: str, optional: bool) -> Value:
    """A value as a declared type; ValueError with words that continue the argument's name."""
    if type(value) is _PLAIN.get(wanted) or (value is None and optional):
        return value
    if isinstance(value, range):
        value = list(value)
    check, words = _TYPES[wanted]
    if not check(value):
        hint = " or null" if optional else ""
        raise ValueError(f"has to be {words}{hint}, and is {describe(value)}")
    if wanted == "bool":
        return bool(value)
    if wanted in ("int", "size") and isinstance(value, float):
        return int(value)
    return value


def _is_whole(value: Value) -> bool:
    if isinstance(value, float):
        return value.is_integer() and abs(value) <= arithmetic.MAX_MAGNITUDE
    return isinstance(value, (int, Symbolic)) and not isinstance(value, bool)


def _is_bool(value: Value) -> bool:
    return isinstance(value, bool) or (isinstance(value, int) and value in (0, 1))


def _share_a_type(items: list[Value]) -> bool:
    kinds = {"list" if isinstance(item, list) else _kind(item) for item in items if item is not None}
    return len(kinds) < 2 or (kinds <= {"number", "bool"} and all(map(_is_bool, items)))


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "bool"
    return "number" if arithmetic.is_number(value) else "op" if isinstance(value, (OpRef, BlockRef)) else "text"


_PLAIN: dict[str, type] = {"int": int, "float": float, "bool": bool, "str": str, "size": int}
"""The type that a value of a declared type nearly always has already."""

_TYPES: dict[str, tuple[Callable[[Value], bool], str]] = {
    "int": (_is_whole, "an integer"),
    "float": (arithmetic.is_number, "a number"),
    "bool": (_is_bool, "true or false"),
    "str": (lambda value: isinstance(value, str), "text"),
    "list": (lambda value: isinstance(value, list) and _share_a_type(value), "a list of one type"),
    "op": (lambda value: isinstance(value, (OpRef, BlockRef)), "an op or a block"),
    "size": (
        lambda value: _is_whole(value) or (isinstance(value, list) and bool(value) and all(map(_is_whole, value))),
        "an integer or a list of integers",
    ),
}
