"""At which sizes the two runs are compared: numbers for the symbols of a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from archspec.dims import Dim, evaluate, symbols
from archspec.graph import Graph, Value
from archspec.ops.base import OpError
from archspec.types import TensorType

Sizes: TypeAlias = dict[str, int]

BATCHES = (1, 2, 3)
_STEP = 32  # what most networks that divide their maps divide them by
_LARGEST = 1024


class NoSizes(Exception):
    """No sizes were found that the network takes."""


def sizes_of(graph: Graph, batches: Sequence[int] = BATCHES) -> list[Sizes]:
    """The sizes to compare at: a case for each batch size, and, where other sizes are symbols too, two more at
    other sizes. No two axes are alike, and one case is off the usual multiples if the network takes that.

    Raises NoSizes.
    """
    shapes = [value.type.shape for value in graph.inputs]
    batch = {name for shape in shapes for size in shape[:1] for name in symbols(size)}
    others = {name: None for shape in shapes for size in shape for name in sorted(symbols(size)) if name not in batch}
    if not others:
        return [dict.fromkeys(batch, count) for count in batches]
    first, *more = _settings(graph, dict.fromkeys(batch, batches[0]), list(others))
    return [
        *({**dict.fromkeys(batch, count), **first} for count in batches),
        *({**dict.fromkeys(batch, batches[0]), **sizes} for sizes in more),
    ]


def _settings(graph: Graph, batch: Sizes, names: Sequence[str]) -> Iterator[Sizes]:
    """Up to three settings of these symbols, each of which the network takes."""
    aligned = [{name: size + _STEP * k for k, name in enumerate(names)} for size in range(_STEP, _LARGEST, _STEP)]
    first = next(_fitting(graph, batch, aligned, least=2), None) or next(_fitting(graph, batch, aligned, least=1), None)
    if first is None:
        raise NoSizes(f"no sizes up to {_LARGEST} were found for {', '.join(names)} that the network takes")
    turned = dict(zip(names, reversed(first.values()), strict=True))
    odd = {name: size + _STEP + 5 + 6 * k for k, (name, size) in enumerate(turned.items())}
    larger = {name: size + 2 * _STEP for name, size in turned.items()}
    return iter([first, *_fitting(graph, batch, [odd, larger], least=1)])


def _fitting(graph: Graph, batch: Sizes, candidates: Iterable[Sizes], least: int) -> Iterator[Sizes]:
    """Those that every layer takes, and that leave at least so much of every axis that depends on them."""
    return (sizes for sizes in candidates if _fits(graph, {**batch, **sizes}, least, frozenset(sizes)))


def _fits(graph: Graph, sizes: Sizes, least: int, free: frozenset[str]) -> bool:
    for node in graph.nodes:
        try:
            node.op.infer(*(_at(value, sizes) for value in node.inputs))
        except OpError:
            return False
        dependent = [size for value in node.outputs for size in value.type.shape if symbols(size) & free]
        if any(size < least for size in _numbers(dependent, sizes)):
            return False
    return True


def _at(value: Value, sizes: Mapping[str, int]) -> TensorType:
    return value.type._replace(shape=_numbers(value.type.shape, sizes))


def _numbers(shape: Iterable[Dim], sizes: Mapping[str, int]) -> tuple[int, ...]:
    numbers = [evaluate(size, sizes) for size in shape]
    return tuple(number for number in numbers if isinstance(number, int))
