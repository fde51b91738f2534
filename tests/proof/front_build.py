"""What `check` takes has to be built, and to give the shapes that it said: on the meta device, which costs nothing,
and where that fails on the CPU, because meta kernels refuse what the CPU's take (docs/testing.md)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

import torch

import archspec
from archspec.architecture import Architecture, Request
from archspec.backends.torch import example_sizes
from archspec.dims import evaluate
from archspec.elaborate.limits import excess
from archspec.graph import Graph, Value
from tests.proof.front_oracle import Finding, raised
from tests.proof.front_run import Outcome

SMALL, LARGEST = 50, 1_000  # layers: of those that are built without exception, and of any that is
PARAMETERS, ELEMENTS = 5_000_000, 2_000_000  # the most on the CPU


def findings(outcome: Outcome, graph: Graph) -> Iterator[Finding]:
    """What is wrong with the module of a mutant that was taken."""
    found = list(_on("meta", graph, outcome))
    if found and _is_small(graph):
        found = list(_on("cpu", graph, outcome))
    yield from found


def is_due(graph: Graph, *, sampled: bool) -> bool:
    """Whether a network is to be built: every small one, and larger ones now and then."""
    return len(graph.nodes) <= (LARGEST if sampled else SMALL)


def _on(device: str, graph: Graph, outcome: Outcome) -> Iterator[Finding]:
    architecture = Architecture(Request(outcome.target), outcome.compilation)
    try:
        with torch.device(device), torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's, of layers of nothing
            torch.manual_seed(0)
            module = archspec.build(architecture)
    except Exception as error:
        yield raised("build", error)
        return
    sizes = _sizes(graph)
    if sizes is None:
        return
    try:
        with torch.device(device), torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = module.eval()(*_inputs(graph, sizes))
    except Exception as error:
        yield raised("forward", error)
        return
    yield from _shapes(graph, sizes, results)


def _inputs(graph: Graph, sizes: Mapping[str, int]) -> Iterator[torch.Tensor]:
    for value in graph.inputs:
        yield torch.zeros(_shape(value.type.shape, sizes), dtype=getattr(torch, value.type.dtype))


def _shape(shape: Any, sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(int(evaluate(size, sizes)) for size in shape)


def _shapes(graph: Graph, sizes: Mapping[str, int], results: Any) -> Iterator[Finding]:
    outputs = [output for output in graph.outputs if not output.training]
    given = results if isinstance(results, dict) else {output.name: results for output in outputs[:1]}
    if [output.name for output in outputs] != list(given):
        yield Finding("outputs", "names", f"declared {[output.name for output in outputs]}, given {list(given)}")
        return
    for output in outputs:
        tensor, said = given[output.name], _shape(output.value.type.shape, sizes)
        if tuple(tensor.shape) != said or str(tensor.dtype) != f"torch.{output.value.type.dtype}":
            op = type(output.value.node.op).__name__ if output.value.node else "input"
            found = f"{output.name}: {said} was said, and it is {tuple(tensor.shape)} {tensor.dtype}"
            yield Finding("outputs", op, found)


def _is_small(graph: Graph) -> bool:
    tensors = sum(int(torch.Size(tensor.shape).numel()) for _, _, tensor in graph.owned())
    return tensors <= PARAMETERS and _elements(graph) <= ELEMENTS


def _elements(graph: Graph) -> int:
    """The most elements of a value, with its symbols at their example's sizes."""
    sizes = _sizes(graph)
    return 0 if sizes is None else max(prod(_shape(value.type.shape, sizes)) for value in _values(graph))


def _sizes(graph: Graph) -> dict[str, int] | None:
    """Sizes for the symbols; None where there are none at which every layer has something to work on, or at which
    every value is small enough for any network."""
    try:
        sizes = example_sizes(graph)
    except ValueError:
        return None
    types = (value.type._replace(shape=_shape(value.type.shape, sizes)) for value in _values(graph))
    return None if any(excess(type_) for type_ in types) else sizes


def _values(graph: Graph) -> Iterator[Value]:
    yield from graph.inputs
    for node in graph.nodes:
        yield from node.outputs
