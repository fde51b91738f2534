"""What a run of a program holds: values, what layers give, scopes while they are run, and mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor

from tests.proof.networks_program import Block, Key, Layer
from tests.proof.networks_torch import Labels


class TooBig(Exception):
    """A value that would take too long."""


class Unknown(Exception):
    """An expression asks for the size of a value that there is not, because its layer failed."""


class Refused(Exception):
    """A layer that cannot be applied; said by whoever is to blame."""

    def __init__(self, culprits: Sequence[Layer | Block], message: str) -> None:
        super().__init__(message)
        self.culprits = tuple(culprits)


@dataclass(frozen=True, eq=False)
class Value:
    tensor: Tensor
    labels: Labels
    node: Node | None = None


@dataclass(frozen=True, eq=False)
class Node:
    """One application of one op."""

    path: str
    owner: str
    layer: Layer
    op: str
    inputs: tuple[Value, ...]


@dataclass(frozen=True)
class Failure:
    """A mistake: where it may be told (a bound op's is at the op or where the block is called), and why."""

    culprits: tuple[Layer | Block, ...]
    message: str


class Place(NamedTuple):
    path: str
    owner: str
    share: Layer | None = None  # the layer on whose account it is applied again,
    directly: bool = False  # and not a scope around it

    def child(self, name: str) -> Place:
        path, owner = (f"{each}.{name}" if each else name for each in (self.path, self.owner))
        return Place(path, owner, self.share)


ApplyAgain = Callable[["list[Result]", Place], "Result"]


@dataclass(frozen=True, eq=False)
class Result:
    """What a layer gives: its values, None where it failed; its children; how to apply it again."""

    values: tuple[Value, ...] | None
    children: Mapping[str, Result] | None = None
    owner: str = ""
    again: ApplyAgain | None = None
    parts: frozenset[str] = frozenset()  # the paths of the ops in it
    absent: bool = False
    any_number: bool = False  # of an absent layer that gives a list: each of its outputs is the same
    is_list: bool = False  # its values are read by number, even if there is one

    def single(self) -> Value:
        if self.values is None:
            raise Unknown
        if self.is_list:
            raise Refused((), f"a list of {len(self.values)} outputs is read as one")
        return self.values[0]

    def part(self, name: str) -> Result:
        if self.any_number and name.isdigit():
            return self
        if self.values is None:
            raise Unknown
        if self.children is not None and not self.absent:
            if name not in self.children:
                raise Refused((), f"there is no layer {name}")
            return self.children[name]
        assert self.values is not None
        if not self.is_list or not name.isdigit() or int(name) >= len(self.values):
            raise Refused((), f"there is no output {name} of {len(self.values)}")
        return Result((self.values[int(name)],))


FAILED = Result(None)


@dataclass(eq=False)
class Frame:
    """A scope while it is run."""

    parent: Frame | None
    place: Place
    prev: Result
    inputs: Mapping[str, Result] = field(default_factory=dict)
    done: dict[Layer, list[Result]] = field(default_factory=dict)
    children: dict[str, Result] = field(default_factory=dict)
    shown: dict[str, Result] = field(default_factory=dict)
    numbers: int = 0
    last: str = ""

    def result(self, source: Layer | str, repetition: int = 0) -> Result:
        frame: Frame | None = self
        while frame is not None:
            if isinstance(source, str) and source in frame.inputs:
                return frame.inputs[source]
            if isinstance(source, Layer) and source in frame.done:
                return frame.done[source][repetition if isinstance(source.name, Key) and source.loops else -1]
            frame = frame.parent
        raise AssertionError(f"{source} is not visible: the program is no program")
