"""What a value is called from where it is read, by the language's own rule: the nearest scope that has such a
name, now or later, decides. What no name reaches gets one: an absent layer, which is an alias and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from archspec import ops
from archspec.backends.spec.reads import Applications, Read, Spot, Step, Twins, input_of
from archspec.graph import Graph, Scope, Value


class ExpandError(ValueError):
    """A network that a flat spec cannot say; names the layer, and what the language lacks."""


class Alias(NamedTuple):
    """A name for a value, for the layer behind it; where `several`, one for `.*` to read, as the outputs of a layer."""

    name: str
    sources: list[str] | None
    read: Read
    several: bool = False


@dataclass(eq=False)
class Place:
    """A scope that is being written: what its names mean, and what has to be added to it."""

    scope: Scope
    parent: Place | None  # None: names end here, at the root and at a block
    names: frozenset[str]  # the first words of all its layers
    twins: list[Twins] = field(default_factory=list)  # of its other applications
    shared: tuple[Place, ...] = ()  # the places around that are applied again, outermost first; it may be one
    own: str = ""  # an alias inside for what the scope reads, where that is needed
    local: set[str] = field(default_factory=set)  # names that stand for what is read from outside
    below: set[str] = field(default_factory=set)  # those of the places inside
    aliases: dict[Step, list[Alias]] = field(default_factory=dict)  # before a step
    inputs: dict[Read, tuple[str, Spot]] = field(default_factory=dict)  # of a block: its names, and where it reads them

    @property
    def is_block(self) -> bool:
        return self.parent is None and self.scope.parent is not None

    def read(self, spot: Spot) -> Read:
        """What is read at a spot in this place."""
        step, pick = spot
        if not self.shared:
            return Read(pick(step))
        elsewhere = (tuple(pick(twins[step]) for twins in place.twins) for place in self.shared)
        return Read(pick(step), tuple(elsewhere))

    def holds(self, path: str) -> bool:
        return self.scope.parent is None or path.startswith(f"{self.scope.path}.")

    def relative(self, path: str) -> str:
        return path.removeprefix(f"{self.scope.path}.") if self.scope.path else path


class Names:
    """The names of one graph. `blocks` are the scopes that have to stay blocks: a scope that is applied again reads
    one value anew there, and these read several. They are found on the way."""

    def __init__(self, graph: Graph, applications: Applications, blocks: set[Scope]) -> None:
        self.applications = applications
        self.blocks = blocks
        self._taken = {value.name for value in graph.inputs}.union(_words(graph.root))
        self._numbers: dict[str, Iterator[int]] = {}

    def fresh(self, word: str, joint: str = "_") -> str:
        """A name that nothing has: the word itself, or with a number behind it."""
        numbers = self._numbers.setdefault(word, count(2))
        found = word
        while self._is_taken(found):
            found = f"{word}{joint}{next(numbers)}"
        self._taken.add(found)
        return found

    def _is_taken(self, word: str) -> bool:
        return word in self._taken or ops.find(word) is not None

    def place(self, scope: Scope, parent: Place | None, around: Place | None, words: frozenset[str]) -> Place:
        """`around`: the place in which it is used, also where its names end at a block."""
        place = Place(scope, parent, words, [*self.applications.again.get(scope, {}).values()])
        place.shared = (around.shared if around else ()) + ((place,) if place.twins else ())
        return place

    def of(self, spot: Spot, place: Place, previous: Read | None) -> str:
        """What to write in `place` for what is read at a spot. `previous`: what `prev` is there."""
        read, at, passed = place.read(spot), place, list[Place]()
        while not _inside(read.value, at):
            seen = read.seen_from(len(at.shared))
            if at.is_block:
                return self._input(seen, spot, at)
            if at.twins and any(value is not read.value for value in read.elsewhere[len(at.shared) - 1]):
                if read == previous:
                    return "prev"
                if seen != at.read(input_of(at.scope)):
                    self.blocks.add(at.scope)
                return self._own(at)
            assert at.parent is not None
            passed.append(at)
            at = at.parent
        path = at.relative(_path(read.value, at.scope))
        if not _hidden(path, passed):
            return path
        return "prev" if read == previous else self._alias(path, read, at, passed)

    def of_first(self, step: Step, place: Place, previous: Step | None) -> str:
        """The name of the layer whose weights a step shares. Raises ExpandError where another layer hides it."""
        first, at, passed = self.applications.first[step.owner], place, list[Place]()
        while not at.holds(first.path) and at.parent is not None:
            passed.append(at)
            at = at.parent
        path = at.relative(first.path)
        if not at.holds(first.path) or _hidden(path, passed):
            if previous is first:
                return "prev"
            message = f"`{step.path}` applies `{first.path}` again, which no name reaches from there: rename a layer"
            raise ExpandError(message)
        return path

    def _own(self, place: Place) -> str:
        place.own = place.own or self._local("x", place)
        return place.own

    def _input(self, read: Read, spot: Spot, place: Place) -> str:
        if read not in place.inputs:
            own = zip(place.scope.input_names, range(len(place.scope.inputs)), strict=False)
            words = (word for word, number in own if place.read(input_of(place.scope, number)) == read)
            place.inputs[read] = (self._local(next(words, "x"), place), spot)
        return place.inputs[read][0]

    def _local(self, word: str, place: Place) -> str:
        """A name that nothing has that is read in this place."""
        around = list(_outwards(place))
        taken = place.below.union(*(each.local for each in around))
        found = word
        numbers = count(2)
        while found in taken or self._is_taken(found):
            found = f"{word}{next(numbers)}"
        place.local.add(found)
        for each in around[1:]:
            each.below.add(found)
        return found

    def _alias(self, path: str, read: Read, at: Place, passed: list[Place]) -> str:
        """A name where another layer has the value's own: in a scope that reads this value, else in front of it."""
        for place in passed:
            if read.seen_from(len(place.shared)) == place.read(input_of(place.scope)):
                return self._own(place)
        known = at.aliases.setdefault(passed[-1].scope, [])
        for alias in known:
            if alias.sources == [path]:
                return alias.name
        word = path.rpartition(".")[2]
        name = self.fresh(f"out{word}" if word.isdigit() else word)
        known.append(Alias(name, [path], read.seen_from(len(at.shared))))
        return name


def _words(scope: Scope) -> Iterator[str]:
    """The words of all names in a scope."""
    start = len(scope.path) + 1 if scope.path else 0
    for step in scope.steps:
        yield from step.path[start:].split(".")
        if isinstance(step, Scope):
            yield from _words(step)


def _outwards(place: Place | None) -> Iterator[Place]:
    while place is not None:
        yield place
        place = place.parent


def _inside(value: Value, place: Place) -> bool:
    return place.holds(value.name) if value.node is not None else place.scope.parent is None


def _hidden(path: str, passed: list[Place]) -> bool:
    first = path.partition(".")[0]
    return any(first in place.names for place in passed)


def _path(value: Value, home: Scope) -> str:
    """The shortest path of a value: of the outermost scope in `home` that gives it, else of its layer."""
    path = value.name
    scope = value.node.scope if value.node is not None else home
    while scope is not home:
        if scope.output is value:
            path = scope.path
        assert scope.parent is not None
        scope = scope.parent
    return path
