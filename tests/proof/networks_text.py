"""A program written down as a spec. Where the language has several ways to say the same, a draw decides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from tests.proof.networks_program import (
    Apply,
    Argument,
    Binary,
    Block,
    Call,
    Either,
    Expr,
    Group,
    Key,
    Layer,
    Literal,
    Loop,
    Name,
    Program,
    Read,
    Share,
    Size,
)
from tests.proof.source import Source

_PLAIN = re.compile(r"[A-Za-z0-9_][\w.]*( ?[-+*/()%=<>!]* ?[\w.]+)*")
_NUMBER_LIKE = re.compile(r"[\d.]+(e[-+]?\d+)?")
_SHOWN = {True: "true", False: "false", None: "null"}

Fields = list[tuple[str, str]]


@dataclass
class Written:
    """A spec, and whose each of its lines is: the innermost layer, or a bound op's block."""

    lines: list[str] = field(default_factory=list)
    owners: list[Layer | Block | None] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def add(self, line: str, owner: Layer | Block | None = None) -> None:
        self.lines.append(line)
        self.owners.append(owner)


def write(program: Program, source: Source) -> Written:
    writer = _Writer(source, Written())
    writer.program(program)
    return writer.written


@dataclass
class _Writer:
    source: Source
    written: Written
    numbers: dict[Layer, int] = field(default_factory=dict)  # of layers in lists

    def program(self, program: Program) -> None:
        add = self.written.add
        for group in _groups(program):
            self.numbers.update((layer, i) for i, layer in enumerate(group.children))
        add("archspec: 1")
        add("name: drawn")
        self._mapping("args", {name: _declared(each) for name, each in program.arguments.items()})
        self._mapping("let", {name: quoted(self.text(each)) for name, each in program.let.items()})
        add("inputs:")
        for name, shape in program.inputs.items():
            add(f"  {name}: [{', '.join(map(str, shape))}]")
        if program.blocks:
            add("blocks:")
            for block in program.blocks:
                self._block(block)
        if program.defaults:
            add("defaults:")
            for op, values in program.defaults.items():
                add(f"  {op}: {_flow([(name, self.value(each)) for name, each in values.items()])}")
        add("layers:")
        self._children(program.body, 1)
        self._mapping("outputs", {name: quoted(self.reading(read)) for name, read in program.outputs.items()})

    def _mapping(self, key: str, entries: Mapping[str, str], indent: int = 0) -> None:
        if not entries:
            return
        space = "  " * indent
        if self.source.chance(2):
            self.written.add(f"{space}{key}: {_flow(list(entries.items()))}")
            return
        self.written.add(f"{space}{key}:")
        for name, text in entries.items():
            self.written.add(f"{space}  {name}: {text}")

    def _block(self, block: Block) -> None:
        add = self.written.add
        add(f"  {block.name}:")
        if block.inputs != ("x",):
            add(f"    inputs: [{', '.join(block.inputs)}]")
        self._mapping("args", {name: _declared(each) for name, each in block.arguments.items()}, 2)
        self._mapping("let", {name: quoted(self.text(each)) for name, each in block.let.items()}, 2)
        if isinstance(block.body, Group):
            add("    layers:")
            self._children(block.body, 3)
            return
        for name, text in self._applied(block.body):
            add(f"    {name}: {text}", block)

    # --- layers ---------------------------------------------------------------------------------------

    def _children(self, group: Group, indent: int) -> None:
        for layer in group.children:
            self._layer(layer, indent, f"{self.key(layer.name)}:" if group.named else "-")

    def _layer(self, layer: Layer, indent: int, key: str) -> None:
        space = "  " * indent
        fields, children = self._fields(layer)
        if isinstance(layer.what, Group) and len(fields) == 0 and not layer.what.spliced and not layer.what.named:
            if key != "-" and self.source.chance(2):  # a list as a layer
                self.written.add(f"{space}{key}", layer)
                self._children(layer.what, indent + 1)
                return
        elif len(fields) == 1 and fields[0][0] == "op" and self.source.chance(2):
            self.written.add(f"{space}{key} {fields[0][1]}", layer)
            return
        if not children and not self.source.chance(4):
            self.written.add(f"{space}{key} {_flow(fields)}", layer)
            return
        if key != "-":
            self.written.add(f"{space}{key}", layer)
        start = f"{space}- " if key == "-" else f"{space}  "
        position = self.source.integer(0, len(fields)) if children else -1
        for i, (name, text) in enumerate([*fields, ("", "")]):
            if i == position:
                assert isinstance(layer.what, Group)
                self.written.add(f"{start}{children}:", layer)
                self._children(layer.what, indent + 2)
                start = f"{space}  "
            if name:
                self.written.add(f"{start}{name}: {text}", layer)
                start = f"{space}  "

    def _fields(self, layer: Layer) -> tuple[Fields, str]:
        """What is said of a layer, in some order, and under which word its children stand."""
        what, children = layer.what, ""
        fields: Fields = []
        if isinstance(what, Group):
            children = "splice" if what.spliced else "layers"
        elif isinstance(what, Share):
            fields.append(("share", _as_text(self.reading(what.read))))
        elif isinstance(what, Call):
            fields.append(("op", what.block.name))
            fields += [(name, self.value(each)) for name, each in what.arguments.items()]
        else:
            fields += self._applied(what)
        if layer.reads is not None:
            texts = [quoted(self.reading(read)) for read in layer.reads]
            lone = len(texts) == 1 and self.source.chance(2)
            fields.append(("from", texts[0] if lone else f"[{', '.join(texts)}]"))
        if layer.condition is not None:
            fields.append(("if", quoted(self.text(layer.condition))))
        if layer.loops:
            fields.append(("repeat", quoted(", ".join(map(self._loop, layer.loops)))))
        if layer.let:
            let = [(name, quoted(self.text(each))) for name, each in layer.let.items()]
            fields.append(("let", _flow(let)))
        for i in range(len(fields) - 1, 0, -1):
            if self.source.chance(4):
                fields[i - 1], fields[i] = fields[i], fields[i - 1]
        return fields, children

    def _applied(self, what: Apply) -> Fields:
        op = what.op.name if isinstance(what.op, Name) else what.op
        return [("op", op), *((name, self.value(each)) for name, each in what.arguments.items())]

    def key(self, name: str | Key | None) -> str:
        if isinstance(name, Key):
            text = f"{name.before}{{{self.text(name.number)}}}"
            return text if self.source.chance(2) and _is_plain_key(text) else f'"{text}"'
        assert name is not None
        return name

    def _loop(self, loop: Loop) -> str:
        text = self.text(loop.items)
        if loop.index is None:
            return text
        is_list = isinstance(loop.items, Literal) and isinstance(loop.items.value, list)
        return f"{loop.index} in {text}" if is_list else f"{loop.index} in range({text})"

    # --- what a layer reads ---------------------------------------------------------------------------

    def reading(self, read: Read) -> str:
        """The text of a `from`."""
        return ".".join([self._first(read), *read.path, *(["*"] if read.every else [])])

    def _first(self, read: Read) -> str:
        source = read.source
        if source is None:
            return "prev"
        if isinstance(source, str):
            return source
        if source.name is None:
            return str(self.numbers[source])
        if isinstance(source.name, str):
            return source.name
        if not source.loops:
            return f"{source.name.before}{_number(source.name.number, {})}"
        if isinstance(read.repetition, int):
            indices = list(_indices(source.loops))[read.repetition]
            return f"{source.name.before}{_number(source.name.number, indices)}"
        [loop] = source.loops
        return f"{source.name.before}{{{self.text(_replaced(source.name.number, loop.index, read.repetition))}}}"

    # --- expressions ----------------------------------------------------------------------------------

    def value(self, expression: Expr) -> str:
        """An expression as the value of an argument."""
        match expression:
            case Literal(list(items)):
                listed = f"[{', '.join(map(_shown, items))}]"
                return listed if not self.source.chance(4) else f'"{listed}"'
            case Literal(str(word)):
                return word
            case Literal(int(number)) if not isinstance(number, bool) and self.source.chance(6):
                return f'"{number}"'
            case Literal(value):
                return _shown(value)
            case Literal() | Name() | Size() | Binary() | Either():
                return quoted(self.text(expression))
        return f"[{', '.join(quoted(self.text(item)) for item in expression.items)}]"

    def text(self, expression: Expr) -> str:
        match expression:
            case Literal(value):
                return _inside(value)
            case Name(name):
                return name
            case Size(read, axis):
                parts = [self._first(read), *read.path]
                value = parts[0] + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts[1:])
                return f"{value}.shape[{axis}]" if isinstance(axis, int) else f"{value}.{axis}"
            case Binary(sign, left, right):
                return f"{self._operand(left)} {sign} {self._operand(right)}"
            case Either(condition, yes, no):
                return f"{self._operand(yes)} if {self._operand(condition)} else {self._operand(no)}"
        return f"[{', '.join(map(self.text, expression.items))}]"

    def _operand(self, expression: Expr) -> str:
        text = self.text(expression)
        return f"({text})" if isinstance(expression, Binary | Either) else text


# --- texts --------------------------------------------------------------------------------------------


def quoted(text: str) -> str:
    """A scalar of YAML, in flow style too."""
    return text if _PLAIN.fullmatch(text) else f'"{text}"'


def _as_text(text: str) -> str:
    """A name that is a text even where it is a number."""
    return f"\"{text}\"" if text.isdigit() else quoted(text)


def _is_plain_key(text: str) -> bool:
    return re.fullmatch(r"\w+\{[\w +*-]+\}", text) is not None


def _flow(fields: Sequence[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{name}: {text}" for name, text in fields) + "}"


def _shown(value: Any) -> str:
    return _SHOWN[value] if isinstance(value, bool | None) else str(value)


def _inside(value: Any) -> str:
    """A literal inside of an expression."""
    if isinstance(value, list):
        return f"[{', '.join(map(_inside, value))}]"
    return f"'{value}'" if isinstance(value, str) else _shown(value)


def _declared(argument: Argument) -> str:
    if argument.default is None:
        return argument.type or "int"
    default = argument.default.value
    text = f"[{', '.join(map(_shown, default))}]" if isinstance(default, list) else _shown(default)
    return text if argument.type is None else quoted(f"{argument.type} = {text}")


# --- numbers ------------------------------------------------------------------------------------------


def _number(expression: Expr, indices: Mapping[str, int]) -> int:
    """The number in a key, which depends on indices only."""
    match expression:
        case Literal(int(value)):
            return value
        case Name(name):
            return indices[name]
        case Binary(sign, left, right):
            a, b = _number(left, indices), _number(right, indices)
            return {"+": a + b, "-": a - b, "*": a * b}[sign]
    raise AssertionError(expression)


def _indices(loops: Sequence[Loop]) -> Iterator[dict[str, int]]:
    """The indices of each repetition; of loops that are told by literals."""
    items = []
    for loop in loops:
        assert isinstance(loop.items, Literal)
        value = loop.items.value
        items.append(range(value) if isinstance(value, int) else value)
    for values in product(*items):
        yield {loop.index: value for loop, value in zip(loops, values, strict=True) if loop.index}


def _replaced(expression: Expr, name: str | None, other: Expr) -> Expr:
    match expression:
        case Name(found) if found == name:
            return other
        case Binary(sign, left, right):
            return Binary(sign, _replaced(left, name, other), _replaced(right, name, other))
    return expression


def _groups(program: Program) -> Iterator[Group]:
    waiting = [program.body, *(block.body for block in program.blocks if isinstance(block.body, Group))]
    while waiting:
        group = waiting.pop()
        yield group
        waiting.extend(layer.what for layer in group.children if isinstance(layer.what, Group))
