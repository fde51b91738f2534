"""A network as an abstract program: layers that read values, without a word of YAML and without a tensor.

`networks_text` writes it down as a spec, `networks_twin` runs it in plain torch; neither knows of the other. What
a layer reads is named by the layer that makes it, not by a text, so that finding names is left to archspec.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

# --- expressions --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Literal:
    """A number, a bool, a word, a list of numbers."""

    value: Any


@dataclass(frozen=True)
class Name:
    """An argument, a `let` name, an index."""

    name: str


@dataclass(frozen=True)
class Size:
    """The size of a value along the axis of this label, `conv.C`; or with this number, `conv.shape[1]`."""

    read: Read
    axis: str | int


@dataclass(frozen=True)
class Binary:
    sign: str  # + - * // == != < >=
    left: Expr
    right: Expr


@dataclass(frozen=True)
class Either:
    """`yes if condition else no`."""

    condition: Expr
    yes: Expr
    no: Expr


@dataclass(frozen=True)
class Listed:
    """A list of expressions."""

    items: tuple[Expr, ...]


Expr: TypeAlias = Literal | Name | Size | Binary | Either | Listed


# --- values -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Read:
    """A value by the layer that gives it: `source` is a layer, the name of an input, or None for the previous one.
    `repetition` is the one that is meant of a layer with `{expr}` in its key, `path` leads to a child or to an
    output, and `every` means all of them (`levels.*`)."""

    source: Layer | str | None
    path: tuple[str, ...] = ()
    repetition: int | Expr = 0
    every: bool = False


PREVIOUS = Read(None)


# --- layers -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Apply:
    """An op: its name as it stands, or an expression that gives one (`act` of a block's arguments)."""

    op: str | Name
    arguments: Mapping[str, Expr]


@dataclass(frozen=True, eq=False)
class Group:
    """Layers in a scope of their own, or, spliced, in the surrounding one. Named children, or numbered ones."""

    children: list[Layer]
    named: bool
    spliced: bool = False


@dataclass(frozen=True, eq=False)
class Call:
    block: Block
    arguments: Mapping[str, Expr]


@dataclass(frozen=True, eq=False)
class Share:
    """An earlier layer, applied again."""

    read: Read


What: TypeAlias = Apply | Group | Call | Share


@dataclass(frozen=True)
class Key:
    """A name with an expression in it: `stage{i + 1}`."""

    before: str
    number: Expr


@dataclass(frozen=True)
class Loop:
    """`index in items`: a range where `items` is a number. Without an index it is a count."""

    index: str | None
    items: Expr


@dataclass(eq=False)
class Layer:
    what: What
    name: str | Key | None = None  # None in lists
    reads: tuple[Read, ...] | None = None  # None: the previous one, without a word
    condition: Expr | None = None
    loops: tuple[Loop, ...] = ()
    let: Mapping[str, Expr] = field(default_factory=dict)

    @property
    def is_numbered_under_its_name(self) -> bool:
        """Whether it stands for a scope of numbered repetitions."""
        spliced = isinstance(self.what, Group) and self.what.spliced
        return bool(self.loops) and isinstance(self.name, str) and not spliced


@dataclass(frozen=True)
class Argument:
    """An argument of a block or a spec: its type, where one is written, and its default, if it has one."""

    type: str | None
    default: Literal | None = None


@dataclass(eq=False)
class Block:
    """`body` is the block's layers; or, for a bound op, one op."""

    name: str
    body: Group | Apply
    inputs: tuple[str, ...] = ("x",)
    arguments: dict[str, Argument] = field(default_factory=dict)
    let: dict[str, Expr] = field(default_factory=dict)


@dataclass(eq=False)
class Program:
    inputs: dict[str, tuple[int | str, ...]]
    body: Group
    arguments: dict[str, Argument] = field(default_factory=dict)
    let: dict[str, Expr] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    defaults: dict[str, dict[str, Literal]] = field(default_factory=dict)
    outputs: dict[str, Read] = field(default_factory=dict)  # none: the last layer


# --- walks --------------------------------------------------------------------------------------------


def layers_of(program: Program) -> Iterator[Layer]:
    """Every layer that is written down, once."""
    yield from _within(program.body)
    for block in program.blocks:
        if isinstance(block.body, Group):
            yield from _within(block.body)


def called_blocks(program: Program) -> list[Block]:
    """The blocks that the network uses, in order."""
    found: set[Block] = set()
    waiting = [program.body]
    while waiting:
        for layer in _within(waiting.pop()):
            if isinstance(layer.what, Call) and layer.what.block not in found:
                found.add(layer.what.block)
                waiting += [layer.what.block.body] if isinstance(layer.what.block.body, Group) else []
    return [block for block in program.blocks if block in found]


def _within(group: Group) -> Iterator[Layer]:
    for layer in group.children:
        yield layer
        if isinstance(layer.what, Group):
            yield from _within(layer.what)


def expressions_of(layer: Layer) -> Iterator[Expr]:
    """Every expression of a layer, inner ones included."""
    arguments = layer.what.arguments.values() if isinstance(layer.what, Apply | Call) else ()
    for expression in (*arguments, *layer.let.values(), *([layer.condition] if layer.condition else [])):
        yield from _parts(expression)


def _parts(expression: Expr) -> Iterator[Expr]:
    yield expression
    inner: tuple[Expr, ...] = ()
    if isinstance(expression, Binary):
        inner = (expression.left, expression.right)
    elif isinstance(expression, Either):
        inner = (expression.condition, expression.yes, expression.no)
    elif isinstance(expression, Listed):
        inner = expression.items
    for each in inner:
        yield from _parts(each)


def features(program: Program) -> set[str]:
    """What of the language a program uses."""
    found = set()
    for layer in layers_of(program):
        found.update(_layer_features(layer))
        for expression in expressions_of(layer):
            found.add(f"expression: {type(expression).__name__}")
    for block in program.blocks:
        found.add("bound op" if isinstance(block.body, Apply) else "block")
        found |= {"block of several inputs"} if len(block.inputs) > 1 else set()
        found |= {"block arguments"} if block.arguments else set()
        found |= {"let of a block"} if block.let else set()
    found |= {"arguments"} if program.arguments else set()
    found |= {"let"} if program.let else set()
    found |= {"defaults"} if program.defaults else set()
    found |= {"several outputs"} if len(program.outputs) > 1 else set()
    found |= {"several inputs"} if len(program.inputs) > 1 else set()
    found |= {"symbolic batch"} if any("N" in shape for shape in program.inputs.values()) else set()
    sizes = [size for shape in program.inputs.values() for size in shape[2:]]
    found |= {"1x1 input"} if sizes and set(sizes) == {1} else set()
    return found


def _layer_features(layer: Layer) -> Iterator[str]:
    what = layer.what
    if isinstance(what, Group):
        yield ("splice" if what.spliced else "scope") + (" of names" if what.named else " of numbers")
    elif isinstance(what, Share):
        yield "share"
    elif isinstance(what, Call):
        yield "call"
    elif isinstance(what.op, Name):
        yield "op by argument"
    elif what.op in ("Chunk", "Split"):
        yield "several outputs of an op"
    elif what.op in ("Add", "Concat", "Mul", "Sub", "Parameter"):
        yield what.op
    if layer.loops:
        kind = "key" if isinstance(layer.name, Key) else "name" if layer.name else "list"
        yield f"repeat under a {kind}"
        if len(layer.loops) > 1:
            yield "nested repeat"
        if any(loop.index is None for loop in layer.loops):
            yield "repeat by count"
    elif isinstance(layer.name, Key):
        yield "key with an expression"
    if layer.condition is not None:
        yield "if"
    if layer.let:
        yield "let of a layer"
    for read in layer.reads or ():
        if not isinstance(read.repetition, int):
            yield "from: by index"
        elif read.every:
            yield "from: every"
        elif read.path:
            yield "from: dotted"
