"""Values in other words: an expression, an argument of the block or of the spec, a `let` name, a size at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.proof.networks_ops import is_batch
from tests.proof.networks_program import (
    Argument,
    Binary,
    Block,
    Either,
    Expr,
    Layer,
    Listed,
    Literal,
    Loop,
    Name,
    Program,
    Read,
    Size,
)
from tests.proof.networks_scope import Here, only
from tests.proof.source import Source

INDICES = ["i", "j", "k", "s", "t"]
_WORDS = ["width", "depth", "wide", "gate", "kernel", "rate", "out", "mix"]
_TYPES = {int: "int", bool: "bool", str: "op", list: "size", type(None): "op?"}


class Spelling:
    """What the arguments of a program are called. `stack` holds the scopes that are being drawn."""

    def __init__(self, source: Source, program: Program) -> None:
        self.source = source
        self.program = program
        self.stack: list[Here] = []
        self.first_values: dict[Block, dict[str, Any]] = {}  # of each block's arguments
        self._lets: set[str] = set()  # names of `let` at layers, which hide any other

    def spelled(self, here: Here, value: Any) -> Expr:
        """An expression whose value, here and now, is this one."""
        if is_batch(value):
            return Size(Read(None), 0)
        if isinstance(value, list):
            if any(map(is_batch, value)) or self.source.chance(4):
                return Listed(tuple(self.spelled(here, item) for item in value))
            same = [name for name, each in here.env.items() if each == value]
            if not same and self.source.chance(6):
                return self.argument(here, value)
            return Name(self.source.choice(same)) if same and self.source.chance(2) else Literal(value)
        if type(value) is int and self.source.chance(3):
            return self._spelled_number(here, value)
        if isinstance(value, bool):
            if self.source.chance(4):
                return self.condition(here, value)
            if self.source.chance(6):
                return self.argument(here, value)
        return Literal(value)

    def _spelled_number(self, here: Here, value: int) -> Expr:
        same = [name for name, each in here.env.items() if type(each) is int and each == value]
        if same and self.source.chance(2):
            return Name(self.source.choice(same))
        index = next((name for name in here.env if name in INDICES and here.env[name] <= value), None)
        match self.source.integer(0, 5):
            case 0 if index is not None:
                return Binary("+", Name(index), Literal(value - here.env[index]))
            case 1:
                return self.argument(here, value)
            case 2 if value > 1:
                part = self.source.integer(1, value - 1)
                return Binary("+", Literal(part), Literal(value - part))
            case 3 if value % 2 == 0:
                return Binary("*", Literal(2), self.spelled(here, value // 2))
            case 4:
                return Either(self.condition(here, True), Literal(value), Literal(value + 1))
        return self._size(here, value) or Literal(value)

    def _size(self, here: Here, value: int) -> Expr | None:
        """The size of a value at hand, or its half or double."""
        visible = [(read, each) for read, each in here.visible() if not _numbered(read)][-6:]
        prev = only(here.frame.prev)
        for read, each in [*([(Read(None), prev)] if prev else []), *visible]:
            for axis, size in list(enumerate(each.tensor.shape))[1:]:
                label = each.labels[axis]
                shown = label if label and each.labels.count(label) == 1 and self.source.chance(2) else axis
                here.bar(read)
                if size == value:
                    return Size(read, shown)
                if size == 2 * value:
                    return Binary("//", Size(read, shown), Literal(2))
        return None

    def condition(self, here: Here, value: bool) -> Expr:
        """A condition that is as it should be, here and now."""
        same = [name for name, each in here.env.items() if each is value]
        if same and self.source.chance(2):
            return Name(self.source.choice(same))
        prev = only(here.frame.prev)
        if prev is not None and prev.tensor.dim() > 1 and self.source.chance(2):
            sign = "==" if value else "!="
            return Binary(sign, Size(Read(None), 1), Literal(prev.tensor.shape[1]))
        if self.source.chance(2):
            return self.argument(here, value)
        return Binary("<" if value else ">=", Literal(1), Literal(2)) if self.source.chance(2) else Literal(value)

    def argument(self, here: Here, value: Any, block: bool = False) -> Name:
        """A new argument of the block, or of the spec, with this value here and now."""
        name = self.fresh(here.env)
        if here.block is not None and (block or self.source.chance(2)):
            typed = value is None or self.source.chance(3)
            needed = typed and self.source.chance(2)
            argument = Argument(_TYPES[type(value)] if typed or type(value) is list else None, Literal(value))
            here.block.arguments[name] = Argument(argument.type, None) if needed else argument
            self.first_values[here.block][name] = value
            for each in self.stack:
                if each.block is here.block:
                    each.env[name] = value
            here.env[name] = value
            if type(value) is int and self.source.chance(4):
                return self._block_let(here, here.block, name)
            return Name(name)
        type_ = "size" if isinstance(value, list) else None
        self.program.arguments[name] = Argument(type_, Literal(value))
        if type(value) is int and self.source.chance(3):
            let = self.fresh({**here.env, name: value})
            self.program.let[let] = Binary("+", Name(name), Literal(0))
            self._see(here, let, value)
        self._see(here, name, value)
        return Name(name)

    def _block_let(self, here: Here, block: Block, name: str) -> Name:
        """A `let` name of a block with the value of one of its arguments."""
        let = self.fresh(here.env)
        block.let[let] = Binary("*", Name(name), Literal(1))
        for each in (*self.stack, here):
            if each.block is block:
                each.env[let] = each.env[name]
        return Name(let)

    def _see(self, here: Here, name: str, value: Any) -> None:
        for each in (*self.stack, here):
            each.env.setdefault(name, value)

    def loops(self, env: Mapping[str, Any]) -> tuple[tuple[Loop, ...], dict[str, Any]]:
        """Loops, and the first indices."""
        if self.source.chance(3):
            return (Loop(None, Literal(self.source.integer(0 if self.source.chance(4) else 1, 3))),), {}
        free = [index for index in INDICES if index not in env]
        loops, first = [], {}
        for index in free[: 2 if self.source.chance(5) else 1]:
            items: Any = self.source.choice([1, 2, 2, 3, [2, 4], [1, 3], [3, 2, 1]])
            loops.append(Loop(index, Literal(items)))
            first[index] = items[0] if isinstance(items, list) else 0
        return tuple(loops), first

    def let_of_layer(self, env: Mapping[str, Any]) -> str:
        """A name for a `let` of a layer."""
        name = self.fresh(env)
        self._lets.add(name)
        return name

    def fresh(self, env: Mapping[str, Any]) -> str:
        """A name that means nothing yet."""
        word = self.source.choice(_WORDS)
        taken = {*env, *self.program.arguments, *self.program.let, *self._lets, *INDICES}
        name, number = word, 1
        while name in taken:
            number += 1
            name = f"{word}{number}"
        return name


def _numbered(read: Read) -> bool:
    """Whether a number stands first in its text, which no expression can begin with."""
    return isinstance(read.source, Layer) and read.source.name is None
