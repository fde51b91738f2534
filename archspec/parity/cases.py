"""At which sizes the two runs are compared: numbers for the symbols of a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TypeAlias

from archspec.dims import evaluate, symbols
from archspec.graph import Graph

Sizes: TypeAlias = dict[str, int]

BATCHES = (1, 2, 3)
_STEP = 32  # what most networks that divide their maps divide them by
_LARGEST = 1024


class NoSizes(Exception):
    """No sizes were found that the network takes."""


def sizes_of(graph: Graph, batches: Sequence[int] = BATCHES, fixed: Mapping[str, int] | None = None) -> list[Sizes]:
    """The sizes to compare at: a case for each batch size, and, where other sizes are symbols too, two more at
    other sizes. No two axes are alike, and one case is off the usual multiples if the network takes that. `fixed`
    symbols have one number in all cases.

    Raises NoSizes.
    """
    fixed = fixed or {}
    shapes = [value.type.shape for value in graph.inputs]
    batch = {name for shape in shapes for size in shape[:1] for name in symbols(size)} - fixed.keys()
    known = batch | fixed.keys()
    others = {name: None for shape in shapes for size in shape for name in sorted(symbols(size)) if name not in known}
    if not others:
        return [{**fixed, **dict.fromkeys(batch, count)} for count in batches]
    smallest = {**fixed, **dict.fromkeys(batch, batches[0])}
    first, *more = _settings(graph, smallest, list(others))
    return [
        *({**smallest, **dict.fromkeys(batch, count), **first} for count in batches),
        *({**smallest, **sizes} for sizes in more),
    ]


def _settings(graph: Graph, fixed: Sizes, names: Sequence[str]) -> Iterator[Sizes]:
    """Up to three settings of these symbols, each of which the network takes."""
    first = next(_fitting(graph, fixed, _aligned(names), least=2), None)
    solved = [{name: sizes[name] for name in names} for sizes in graph.solutions(_STEP)] if first is None else []
    first = first or next(_fitting(graph, fixed, chain(_aligned(names), solved), least=1), None)
    if first is None:
        raise NoSizes(f"no sizes up to {_LARGEST} were found for {', '.join(names)} that the network takes")
    turned = dict(zip(names, reversed(first.values()), strict=True))
    odd = {name: size + _STEP + 5 + 6 * k for k, (name, size) in enumerate(turned.items())}
    larger = {name: size + 2 * _STEP for name, size in turned.items()}
    more = list(_fitting(graph, fixed, [odd, larger], least=1))
    if not more:
        more = [sizes for sizes in _fitting(graph, fixed, solved, least=1) if sizes != first]
    return iter([first, *more[:2]])


def _aligned(names: Sequence[str]) -> Iterator[Sizes]:
    """Multiples of what networks divide their maps by, no two alike."""
    return ({name: size + _STEP * k for k, name in enumerate(names)} for size in range(_STEP, _LARGEST, _STEP))


def _fitting(graph: Graph, fixed: Sizes, candidates: Iterable[Sizes], least: int) -> Iterator[Sizes]:
    """Those that the layers ask for, and that leave at least so much of every axis that depends on them."""
    return (sizes for sizes in candidates if _fits(graph, {**fixed, **sizes}, least, frozenset(sizes)))


def _fits(graph: Graph, sizes: Sizes, least: int, free: frozenset[str]) -> bool:
    if not graph.takes(sizes):
        return False
    values = (value for node in graph.nodes for value in node.outputs)
    dependent = {size for value in values for size in value.type.shape if symbols(size) & free}
    return all(number >= least for number in (evaluate(size, sizes) for size in dependent) if isinstance(number, int))
