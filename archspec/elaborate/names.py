"""Names in expressions: lexical frames, the definitions of each file, ops and blocks as values.

Whatever fails is reported where it fails, once, and raises `Failed`; what depends on it then stays silent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from archspec import ops
from archspec.diagnostics import Help, near
from archspec.ops.base import Op
from archspec.syntax.arithmetic import Value
from archspec.syntax.document import BlockDecl, Spec
from archspec.syntax.expressions import ExpressionError
from archspec.types import in_spec

if TYPE_CHECKING:
    from archspec.elaborate.effort import Effort
    from archspec.elaborate.values import ValueScope


_PYTHON = re.compile(r"(?:(?:torch\.)?nn\.)?(\w+)(\(.*\))?", re.DOTALL)

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


_LONGEST_WAIT = 16  # names that wait for each other on Python's stack
_waiting: ContextVar[int] = ContextVar("waiting", default=0)


@dataclass(slots=True, eq=False)
class Pending:
    """A name whose value is worked out when it is first looked up (or which failed)."""

    compute: Callable[[], Value]
    running: bool = False
    failed: bool = False
    done: bool = False
    value: Value = None

    def work_out(self) -> Value:
        """Its value. Raises Failed. Names may use each other in chains of any length: one that too many others wait
        for is worked out before them, at the foot of the stack, and they start again."""
        waiting = _waiting.get()
        if waiting == _LONGEST_WAIT:
            raise _First(self)
        token = _waiting.set(waiting + 1)
        chain = [self]
        try:
            while chain:
                pending = chain[-1]
                pending.running = True
                try:
                    pending.value, pending.done = pending.compute(), True
                except _First as other:
                    if waiting:
                        raise
                    chain.append(other.pending)
                    continue
                except Failed:
                    pending.failed = True
                chain.pop().running = False
        finally:
            for pending in chain:
                pending.running = False
            _waiting.reset(token)
        if self.failed:
            raise Failed
        return self.value


class _First(Exception):
    """The name that has to be worked out before those that wait for it."""

    def __init__(self, pending: Pending) -> None:
        self.pending = pending


@dataclass(slots=True, eq=False)
class Frame:
    """Names of one lexical level: indices, a `let`, a block's args, a file's args."""

    parent: Frame | None
    names: dict[str, Value | Pending] = field(default_factory=dict)
    loop: bool = False  # whether these are the indices of a repetition

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
        result = self.names[name] = value.value if value.done else value.work_out()
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
    effort: Effort
    blocks: dict[str, BlockRef] = field(default_factory=dict)
    values: ValueScope | None = None  # the model's inputs, whose sizes the file's `let` may read
    incomplete: bool = False  # an import failed, which is reported: a block that is missing may be one of its

    def op_named(self, name: str) -> OpRef | BlockRef | None:
        """The block or op that a name stands for in this file."""
        if name in self.blocks:
            return self.blocks[name]
        op = ops.find(name)
        return _reference(op) if op is not None else None

    def near_ops(self, name: str) -> list[Help]:
        """Help for a misspelt op or block, or one that goes by another name here."""
        if (meant := _SYNONYMS.get(name.lower())) is not None:
            return [Help(f"it is called `{meant}` here", meant)]
        return near(name, [*self.blocks, *ops.names()])

    def as_in_python(self, text: str) -> Help | None:
        """Help for `nn.ReLU`, `ReLU()` and `Conv2d(3, 8, 3)`; None for anything else."""
        match = _PYTHON.fullmatch(text)
        if match is None or self.op_named(match[1]) is None:
            return None
        has_arguments = bool(match[2] and match[2].strip("() "))
        return Help(f"write `{{op: {match[1]}, ...}}`") if has_arguments else Help(f"write `{match[1]}`", match[1])


class Stand(NamedTuple):
    """Where the layers of a network's files stand: below a path, or, if it is `only` one of them, at that path."""

    files: Sequence[FileScope]
    path: str = ""
    only: str = ""

    def of(self, own: str) -> str | None:
        """The path in the network of the layer that the files know by `own`; None: it is not in there."""
        if self.only:
            if own != self.only and not own.startswith(f"{self.only}."):
                return None
            own = own[len(self.only) + 1 :]
        return f"{self.path}.{own}".strip(".")

    def own(self, path: str) -> str:
        """What the files call the layer at a path below."""
        return f"{self.only}.{path[len(self.path):].strip('.')}".strip(".")


def use_values(arguments: Frame, caller: Frame | None) -> dict[str, str]:
    """The arguments of a block as they are in one use of it, behind the indices of the loops around that."""
    values: dict[str, Value | Pending] = {}
    while caller is not None:
        values = caller.names | values if caller.loop else values
        caller = caller.parent
    values |= arguments.names
    return {name: in_spec(value) for name, value in values.items() if not isinstance(value, Pending)}
