"""At which level onnxruntime's optimisations change what a file computes, and which of its nodes they change."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from archspec.graph import Graph, Node
from archspec.parity.forensics.dissection import Arrays, Dissection, Part
from archspec.parity.forensics.layers import distance
from archspec.parity.runs import LEVELS, Level

_SHARE = 0.1  # of the change at the end; what changes less is rounding


class Change(NamedTuple):
    """The smallest part of a file that a level changes. Of its layers, the last gives another value."""

    layers: Sequence[Node]
    part: Part


class Runnable(Protocol):
    """A file, or a part of it."""

    def attempt(self, level: Level, device: str) -> Arrays: ...


def climb(subject: Runnable, expected: Arrays, device: str = "cpu") -> dict[Level, float]:
    """How far outputs are from what is expected at each level: the relative L2 of the worst, infinite where it does
    not run."""
    return {level: max(_distances(subject.attempt(level, device), expected).values()) for level in LEVELS}


def first_change(graph: Graph, dissection: Dissection, level: Level, device: str, change: float) -> Change:
    """The first layer that a level changes, with those layers before it that it takes for that. `change` is that of
    the file's outputs."""
    values, least = dissection.values, _SHARE * min(change, 1.0)

    def changed(part: Part) -> list[str]:
        expected = {output.name: values[output.name] for output in part.model.graph.output}
        return [name for name, found in _distances(part.attempt(level, device), expected).items() if found > least]

    layers = [layer for layer in graph.nodes if dissection.named(layer)]
    cuts = [dissection.end(layer) for layer in layers[:-1]]
    number = bisect_left(cuts, True, key=lambda cut: bool(changed(dissection.first(cut))))
    whole = dissection.first(cuts[number] if number < len(cuts) else len(dissection.nodes))
    known = dissection.known()
    names = [name for name in changed(whole) if name in known] or list(dissection.named(layers[number]).values())
    part = dissection.part(names, known)
    while not changed(part) and known.keys() & part.feeds.keys():  # one step further back
        known = {name: array for name, array in known.items() if name not in part.feeds}
        part = dissection.part(names, known)
    return Change(dissection.layers(graph, part), part)


def _distances(found: Arrays, expected: Arrays) -> dict[str, float]:
    return {name: distance(found[name], array) if name in found else math.inf for name, array in expected.items()}
