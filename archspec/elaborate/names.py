"""Names in expressions: lexical frames, the definitions of each file, ops and blocks as values.

Whatever fails is reported where it fails, once, and raises `Failed`; what depends on it then stays silent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from archspec import ops
from archspec.diagnostics import near
from archspec.ops.base import Op
from archspec.syntax.arithmetic import Value
from archspec.syntax.document import BlockDecl, Spec
from archspec.syntax.expressions import ExpressionError

if TYPE_CHECKING:
    from archspec.elaborate.values import ValueScope


# What torch's functions and other libraries call an op.
_SYNONYMS = {
    **dict.fromkeys(["cat", "concatenate"], "Concat"),
    **dict.fromkeys(["view", "unflatten"], "Reshape"),
    **dict.fromkeys(["dense", "fullyconnected"], "Linear"),
    **dict.fromkeys(["globalaveragepool", "globalavgpool2d", "globalaveragepooling2d"], "AdaptiveAvgPool2d"),
    **dict.fromkeys(["interpolate", "resize"], "Upsample"),
    **dict.fromkeys(["multiply"], "Mul"),
    **dict.fromkeys(["swish"], "SiLU"),
}


class Failed(Exception):
    """Something that was reported already, here or where this came from."""


class OpRef(NamedTuple):
    """An op as a value."""

    op: type[Op]

    @property
    def name(self) -> str:
        return self.op.__name__

    def __str__(self) -> str:
        return self.name


_reference = cache(OpRef)


@dataclass(frozen=True, slots=True)
class BlockRef:
    """A block as a value, with the file it is written in, whose names its body sees."""

    block: BlockDecl
    file: FileScope

    @property
    def name(self) -> str:
        return self.block.name

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True, eq=False)
class Pending:
    """A name whose value is worked out when it is first looked up (or which failed)."""

    compute: Callable[[], Value]
    running: bool = False
    failed: bool = False


@dataclass(slots=True, eq=False)
class Frame:
    """Names of one lexical level: indices, a `let`, a block's args, a file's args."""

    parent: Frame | None
    names: dict[str, Value | Pending] = field(default_factory=dict)

    def find(self, name: str) -> Frame | None:
        """The nearest level that has the name."""
        frame: Frame | None = self
        while frame is not None and name not in frame.names:
            frame = frame.parent
        return frame

    def get(self, name: str) -> Value:
        """The value of a name of this level. Raises Failed, or ExpressionError for a circle."""
        value = self.names[name]
        if not isinstance(value, Pending):
            return value
        if value.failed:
            raise Failed
        if value.running:
            raise ExpressionError("A307", f"`{name}` is defined by itself")
        value.running = True
        try:
            self.names[name] = result = value.compute()
        except Failed:
            value.failed = True
            raise
        finally:
            value.running = False
        return result

    def force(self) -> None:
        """Work out all names, so that every mistake among them is reported."""
        for name in list(self.names):
            try:
                self.get(name)
            except Failed:
                continue

    def visible(self) -> Iterator[str]:
        """All names that can be seen from here."""
        frame: Frame | None = self
        while frame is not None:
            yield from frame.names
            frame = frame.parent


def fail() -> Value:
    """The computation of a name that is known to have failed."""
    raise Failed


@dataclass(slots=True, eq=False)
class FileScope:
    """What one file defines: its args and `let` as a frame, its own and its imported blocks."""

    spec: Spec
    frame: Frame
    blocks: dict[str, BlockRef] = field(default_factory=dict)
    values: ValueScope | None = None  # the model's inputs, whose sizes the file's `let` may read

    def op_named(self, name: str) -> OpRef | BlockRef | None:
        """The block or op that a name stands for in this file."""
        if name in self.blocks:
            return self.blocks[name]
        op = ops.find(name)
        return _reference(op) if op is not None else None

    def near_ops(self, name: str) -> list[str]:
        """Help for a misspelt op or block, or one that goes by another name here."""
        if (meant := _SYNONYMS.get(name.lower())) is not None:
            return [f"it is called `{meant}` here"]
        return near(name, [*self.blocks, *ops.names()])
