"""Example inputs for a graph: random, of sizes at which every layer has something to work on."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import torch

from archspec.dims import Dim, Symbolic, evaluate, symbols
from archspec.graph import Graph, Value
from archspec.types import DType

_PIXELS = 256  # how many values a byte has


def example_sizes(graph: Graph, *, batch: int = 2) -> dict[str, int]:
    """A number for every symbol of the inputs: `batch` on axes labelled N; for all others the least power of two from
    64 on at which the layers run and no value is empty, or else what solves the layers' conditions. Raises ValueError
    where nothing is found."""
    axes = [pair for value in graph.inputs for pair in zip(value.type.shape, value.type.axes, strict=True)]
    batches = {name for size, label in axes if label == "N" for name in symbols(size)}
    others = {name for size, _ in axes for name in symbols(size)} - batches
    values = [*graph.inputs, *(value for node in graph.nodes for value in node.outputs)]
    dims = {size for value in values for size in value.type.shape if isinstance(size, Symbolic)}
    powers = (dict.fromkeys(sorted(others), 2**power) for power in range(6, 13))
    for candidate in chain(powers, graph.solutions(64)):
        sizes = {**candidate, **dict.fromkeys(sorted(batches), batch)}
        if graph.takes(sizes) and all(_number(dim, sizes) >= 1 for dim in dims):
            return sizes
    raise ValueError(f"no sizes for {', '.join(sorted(others))} leave every value of {graph.name} non-empty")


def example_inputs(
    graph: Graph, *, sizes: Mapping[str, int], generator: torch.Generator | None = None
) -> dict[str, torch.Tensor]:
    """Random inputs by name, on the CPU, with `sizes` for the symbols in their shapes. Floating ones are normal, with
    a mean of their own for each sample and channel: pure noise is all the same to a network that
    averages over it. Integer ones are indices into the smallest table that they reach, and else 0 or 1; bytes that are
    pixels are spread like the floating ones."""
    entries = _entries(graph)
    made: dict[str, torch.Tensor] = {}
    for value in graph.inputs:
        shape = tuple(_number(size, sizes) for size in value.type.shape)
        dtype: torch.dtype = getattr(torch, value.type.dtype)
        below = min((_number(count, sizes) for count in entries.get(value, ())), default=2)
        if DType(value.type.dtype).is_floating:
            means = torch.randn((*shape[:2], *(1 for _ in shape[2:])), generator=generator) * 0.3
            made[value.name] = (torch.randn(shape, generator=generator) + means).to(dtype)
        elif below == _PIXELS:
            varied = [size if label in ("N", "C") else 1 for size, label in zip(shape, value.type.axes, strict=True)]
            means = torch.randn(varied, generator=generator) * 0.3
            pixels = (torch.randn(shape, generator=generator) + means) * (_PIXELS / 5) + _PIXELS / 2
            made[value.name] = pixels.clamp(0, _PIXELS - 1).to(dtype)
        else:
            made[value.name] = torch.randint(0, below, shape, generator=generator).to(dtype)
    return made


def _entries(graph: Graph) -> dict[Value, list[Dim]]:
    """Of each value how many entries the tables have that it holds indices into. Behind a layer that computes other
    numbers from them, nothing is known of a table but that 0 and 1 have always done."""
    entries: dict[Value, list[Dim]] = {}
    for node in reversed(graph.nodes):
        behind = [count for value in node.outputs for count in entries.get(value, ())]
        for value in node.inputs:
            entries.setdefault(value, []).extend(behind if node.op.view else [2] * bool(behind))
        count = node.op.entries(*node.input_types)
        if count is not None:
            entries[node.inputs[0]].append(count)
    return entries


def _number(size: Dim, sizes: Mapping[str, int]) -> int:
    number = evaluate(size, sizes)
    if not isinstance(number, int):
        raise ValueError(f"{number} has no value among {', '.join(sizes)}")
    return number
