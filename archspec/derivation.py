"""Where values come from: what `explain` says of each argument, followed back to what is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from archspec.source import Span

Source: TypeAlias = Literal[
    "written",  # in the layer itself
    "argument",  # of a block or spec, given by the layer that calls it
    "default",  # of an argument
    "set",  # an arg of the network, from outside: the command line, Python, the zoo
    "extends",  # an arg of the network, by a spec that extends its own
    "let",
    "index",  # of a repetition
    "size",  # of a value
    "defaults",  # the spec's, for an op
    "op",  # the op's own default
    "inferred",  # from what the layer reads
    "changed",  # in the module, after it was built
]


@dataclass(frozen=True, slots=True, eq=False)
class Derivation:
    """A value: what is written for it and where, and the values of the names and sizes in that. `about` says in words
    what the value is of."""

    name: str
    value: Any
    source: Source
    about: str = ""
    text: str = ""
    place: Span | None = None
    parts: tuple[Derivation, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A block or spec that stands as a layer, where it is declared, and the values of its arguments."""

    name: str
    kind: Literal["block", "spec"]
    place: Span
    arguments: tuple[Derivation, ...]


@dataclass(slots=True, eq=False)
class Passage:
    """A layer as it is written: where, in which repetition, on which condition, what it calls, and the arguments of its
    op. Where `extends` edits it, `original` is the layer that stood there."""

    path: str
    place: Span
    indices: tuple[Derivation, ...] = ()
    condition: Derivation | None = None
    absent: bool = False
    edit: Span | None = None  # of an `extends` that removes or replaces it
    original: Span | None = None
    shares: str = ""  # which layer it applies again, as it is written
    calls: list[Call] = field(default_factory=list)
    op: Derivation | None = None  # where its name is not written
    arguments: tuple[Derivation, ...] = ()
    defaults: tuple[Derivation, ...] = ()  # of the spec, for its op
    init: tuple[Derivation, ...] = ()
