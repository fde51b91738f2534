"""Values -> where they come from: the names and sizes in what is written, followed back to literals.

What makes the names of each frame is noted while layers are elaborated; an expression is then read once more, name by
name, in the place where it was evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, TypeAlias

from archspec.derivation import Derivation, Source
from archspec.elaborate.evaluate import Env
from archspec.elaborate.files import implied_type
from archspec.elaborate.inference import size_in_words
from archspec.elaborate.names import FileScope, Frame
from archspec.elaborate.slots import Slot
from archspec.elaborate.values import FAILED
from archspec.source import Span
from archspec.syntax import tree
from archspec.syntax.document import ArgDecl
from archspec.syntax.expressions import parse_template
from archspec.syntax.layers import Arguments, Loop
from archspec.syntax.operands import Operand, Size, operands
from archspec.syntax.tree import Node, Scalar

_DEEPEST = 20  # beyond it, what names are made of is no longer followed

Reading: TypeAlias = Literal["expression", "text", "word"]
"""How a text is meant: as an expression, literally but for `{expr}`, or as a word of an argument's own."""


class Bound(NamedTuple):
    """What makes a frame of arguments: the block or spec, what its caller gives, and where defaults are read."""

    owner: str
    declared: Mapping[str, ArgDecl]
    given: Arguments
    caller: Env | None  # None: what is given is plain, from outside
    home: Env
    homes: Mapping[str, Env]  # of the defaults that an extending file sets


class Let(NamedTuple):
    """What makes a frame of `let` names."""

    section: tree.Mapping
    env: Env


class Index(NamedTuple):
    """What makes the frame of one repetition."""

    loop: Loop
    env: Env


class Deriver:
    """Follows values back, by what was noted of frames."""

    def __init__(self) -> None:
        self.given: Mapping[str, Sequence[Span]] = {}  # the sizes of the model's inputs, as they are written
        self.made: dict[Frame, Bound | Let | Index] = {}
        self._known: dict[tuple[Frame, str], Derivation] = {}  # a name that is read twice is one derivation
        self._depth = 0  # of names in what is written for names

    def derived(
        self, name: str, value: Any, source: Source, node: Node, env: Env, reading: _Reader, about: str = ""
    ) -> Derivation:
        """What is written in a node, whose value is known."""
        place = node.inner if isinstance(node, Scalar) else node.span
        parts = dict.fromkeys(part for each in _scalars(node) for part in self._parts(each, env, reading(each)))
        return Derivation(name, value, source, about, _text(node), place, tuple(parts))

    def _parts(self, scalar: Scalar, env: Env, reading: Reading) -> Iterator[Derivation]:
        """The names and sizes in a text."""
        if not scalar.is_text or reading == "word" or self._depth > _DEEPEST:
            return
        texts = [scalar.text]
        if reading == "text":
            texts = [part[1].text for part in parse_template(scalar.text).parts if not isinstance(part, str)]
        for text in texts:
            for operand in operands(text, env):
                part = self._operand(operand, env)
                if part is not None:
                    yield part

    def _operand(self, operand: Operand, env: Env) -> Derivation | None:
        if isinstance(operand, Size):
            return self._size(operand, env)
        return self.named(operand.text, env)

    def named(self, name: str, env: Env) -> Derivation | None:
        """Where the value of a name comes from; None for an op or block, which stands for itself."""
        frame = env.frame.find(name)
        if frame is None:
            return None
        key = (frame, name)
        if key in self._known:
            return self._known[key]
        self._depth += 1
        found = self._of_frame(name, frame.get(name), self.made[frame])
        self._depth -= 1
        if self._depth < _DEEPEST:  # else its parts are missing here, and may be asked for elsewhere
            self._known[key] = found
        return found

    def _of_frame(self, name: str, value: Any, made: Bound | Let | Index) -> Derivation:
        if isinstance(made, Index):
            items, index = made.loop.items, made.loop.index
            assert index is not None
            parts = tuple(self._parts(items, made.env, "expression"))
            return Derivation(name, value, "index", "index", f"{name} in {items.text}", index.span, parts)
        if isinstance(made, Let):
            return self._of_let(name, value, made.section, made.env)
        if name in made.declared:
            return self._of_argument(name, value, made)
        section = made.home.file.spec.let
        assert section is not None
        return self._of_let(name, value, section, _in_network(made.home.file))

    def _of_let(self, name: str, value: Any, section: tree.Mapping, env: Env) -> Derivation:
        node = section.entries[name][1]
        return self.derived(name, value, "let", node, env, expression, "let")

    def _of_argument(self, name: str, value: Any, made: Bound) -> Derivation:
        declared, home = made.declared[name], made.homes.get(name, made.home)
        wanted = declared.type or implied_type(declared, home.file)
        if name in made.given and made.caller is not None:
            reading = _of_type(wanted, False, made.caller)
            about = f"argument of {made.owner}"
            return self.derived(name, value, "argument", made.given[name][1], made.caller, reading, about)
        reading = _of_type(wanted, declared.literal, home)
        if name in made.given:
            return self.derived(name, value, "set", made.given[name][1], home, reading, f"set for {made.owner}")
        assert declared.default is not None
        if name in made.homes:
            about = f"set for {made.owner} by {home.file.spec.name}"
            return self.derived(name, value, "extends", declared.default, home, reading, about)
        return self.derived(name, value, "default", declared.default, home, reading, f"default of {made.owner}")

    def _size(self, operand: Size, env: Env) -> Derivation:
        assert env.values is not None
        [entry] = env.values.resolve(operand.path)
        value = entry.single(".".join(operand.path))
        if operand.axis is None:
            return Derivation(operand.text, list(value.type.shape), "size", f"the shape of {value.name}")
        axis = operand.axis if isinstance(operand.axis, int) else value.type.axes.index(operand.axis)
        about, text, place = size_in_words(value, axis, self.given)
        return Derivation(operand.text, value.type.shape[axis], "size", about, text, place)


_Reader: TypeAlias = "Callable[[Scalar], Reading]"


def expression(scalar: Scalar) -> Reading:
    """Every text is an expression."""
    return "expression"


def of_slot(slot: Slot) -> _Reader:
    """How an op's argument reads texts."""

    def reading(scalar: Scalar) -> Reading:
        if scalar.text in slot.words:
            return "word"
        return "text" if slot.text and not slot.numbers else "expression"

    return reading


def _of_type(wanted: str, literal: bool, env: Env) -> _Reader:
    """How an argument of a declared type reads texts; `literal`: a word in a list that names nothing is itself."""

    def reading(scalar: Scalar) -> Reading:
        if wanted == "str":
            return "text"
        named = env.frame.find(scalar.text) is not None or env.file.op_named(scalar.text) is not None
        return "word" if literal and wanted == "list" and scalar.text.isidentifier() and not named else "expression"

    return reading


def _text(node: Node) -> str:
    """What is written, in one line."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, tree.Sequence):
        return f"[{', '.join(map(_text, node.items))}]"
    return f"{{{', '.join(f'{key.text}: {_text(value)}' for key, value in node)}}}"


def _scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    for part in node.items if isinstance(node, tree.Sequence) else ():
        yield from _scalars(part)
    for _, part in node if isinstance(node, tree.Mapping) else ():
        yield from _scalars(part)


def as_now(env: Env) -> Env:
    """An environment in which `prev` stays what it is, however the walk goes on."""
    return env if env.values is None else replace(env, values=replace(env.values))


def _in_network(file: FileScope) -> Env:
    """What the `let` of a file sees: the inputs of the model, of which the first is `prev`."""
    if file.values is None:
        return Env(file.frame, file)
    first = next(iter(file.values.names.values()), FAILED)
    return Env(file.frame, file, replace(file.values, prev=first))
