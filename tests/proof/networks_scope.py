"""A scope of a program that is being drawn: what it can read, by which names, and what nothing reads yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from tests.proof.networks_program import Apply, Block, Group, Key, Layer, Name, Read
from tests.proof.networks_twin import Frame, Node, Result, Value
from tests.proof.source import Source

_WORDS = ["conv", "a", "b", "left", "right", "down", "up", "mix", "body", "head", "skip", "norm", "act", "wide", "gate"]


@dataclass(eq=False)
class Here:
    """`frame` is its run so far, `env` the names that its expressions may use, by their values here and now."""

    parent: Here | None
    frame: Frame
    env: dict[str, Any]
    named: bool
    block: Block | None
    depth: int
    spliced: bool = False
    children: list[Layer] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)  # names of this scope
    barred: set[str] = field(default_factory=set)  # names that mean something further out

    @property
    def in_list(self) -> bool:
        """Whether what is left unread here cannot be read from outside."""
        here: Here | None = self
        while here is not None:
            if not here.named:
                return True
            here = here.parent
        return False

    def new_name(self, source: Source) -> str | None:
        """A name that is free here; None in a list."""
        if not self.named:
            return None
        word = source.choice(_WORDS)
        name, number = word, 1
        while name in self.taken or name in self.barred:
            number += 1
            name = f"{word}{number}"
        self.taken.add(name)
        return name

    def visible(self) -> list[tuple[Read, Value]]:
        """All values with one output that can be read by a name, nearest first."""
        found = [(read, value) for read, result in self.results() for read, value in values_of(read, result)]
        return found[-40:]

    def appliable(self) -> Iterator[tuple[Read, Result]]:
        """All layers that can be applied again."""
        for read, result in self.results():
            what = read.source.what if isinstance(read.source, Layer) else None
            owned = isinstance(what, Apply) and what.op == "Parameter"
            spliced = isinstance(what, Group) and what.spliced
            if what is not None and not owned and not spliced and result.values is not None:
                yield read, result

    def results(self) -> Iterator[tuple[Read, Result]]:
        """All layers and inputs that can be read by a name, and the repetitions of those that have their own."""
        scope: Here | None = self
        hidden: set[str] = set()
        numbers = True
        while scope is not None:
            for name, result in scope.frame.inputs.items():
                if name not in hidden:
                    yield Read(name), Result(result.values, is_list=result.is_list)
            for layer, results in scope.frame.done.items():
                if not scope.addressable(layer) or (layer.name is None and not numbers):
                    continue
                for i, result in enumerate(results if isinstance(layer.name, Key) and layer.loops else results[-1:]):
                    read = Read(layer, (), i)
                    if _shown(layer) not in hidden:
                        yield read, result
            hidden |= scope.taken
            numbers &= scope.named  # the numbers of a list hide those of the lists around it
            scope = scope.parent

    def addressable(self, layer: Layer, before: list[Layer] | None = None) -> bool:
        """Whether a layer has a name, or a number that is sure: `before` are the layers before it in its list."""
        if layer.name is not None:
            return True
        if self.spliced or (before is None and layer not in self.children):
            return False
        if before is None:
            before = self.children[: self.children.index(layer)]
        return all(
            each.condition is None
            and not each.loops
            and not (isinstance(each.what, Group) and each.what.spliced)
            and not (isinstance(each.what, Apply) and isinstance(each.what.op, Name))
            for each in (*before, layer)
        )

    def bar(self, read: Read) -> None:
        """The name of what is read keeps its meaning in all scopes between."""
        if read.source is None:
            return
        name = read.source if isinstance(read.source, str) else _shown(read.source)
        scope: Here | None = self
        while scope is not None and read.source not in scope.frame.done and read.source not in scope.frame.inputs:
            scope.barred.add(name)
            scope = scope.parent

    def leaves(self, nodes: Iterable[Node]) -> list[tuple[Read, Value]]:
        """The values made in this scope that nothing reads, the last one excepted."""
        read = {id(value.node) for node in nodes for value in node.inputs}
        prev = self.frame.prev.values or ()
        read |= {id(value.node) for value in prev}
        found: dict[int, tuple[Read, Value]] = {}
        for layer, results in self.frame.done.items():
            if self.addressable(layer):
                for each, value in _values_of_all(layer, results):
                    if value.node is not None and id(value.node) not in read:
                        found.setdefault(id(value.node), (each, value))
        return list(found.values())


def only(result: Result) -> Value | None:
    """The value of a layer that has one."""
    return result.values[0] if result.values is not None and not result.is_list else None


def alike(one: torch.Size, other: torch.Size) -> bool:
    """Whether a concatenation along axis 1 takes both."""
    return len(one) == len(other) >= 2 and one[:1] + one[2:] == other[:1] + other[2:]


def _values_of_all(layer: Layer, results: list[Result]) -> Iterator[tuple[Read, Value]]:
    """The values of a layer in all repetitions that can be read, or in the last one."""
    each_named = isinstance(layer.name, Key) and layer.loops
    for i, result in enumerate(results):
        if each_named or i == len(results) - 1:
            yield from values_of(Read(layer, (), i), result)


def values_of(read: Read, result: Result) -> Iterator[tuple[Read, Value]]:
    """The values of a layer: its own, its outputs by number, those of its children by their paths."""
    source = read.source
    if result.values is None:
        return
    if not result.is_list:
        yield read, result.values[0]
    else:
        for i, value in enumerate(result.values):
            yield Read(source, (*read.path, str(i)), read.repetition), value
    if result.children is None or result.absent or len(read.path) > 1:
        return
    what = source.what if isinstance(source, Layer) else None
    if isinstance(what, Group) and what.spliced:
        return
    for name, child in result.children.items():
        if name != "*" and not child.absent:
            yield from values_of(Read(source, (*read.path, name), read.repetition), child)


def _shown(layer: Layer) -> str:
    """How a layer is called; of a key with an expression its beginning, which is its alone."""
    return layer.name.before if isinstance(layer.name, Key) else layer.name or ""

