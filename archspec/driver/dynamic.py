"""Axes that stay symbols in the file: whether a network can have them so, and which layer says no."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from archspec.architecture import Architecture
from archspec.diagnostics import Diagnostics, SpecError
from archspec.dims import symbols
from archspec.graph import Graph, Node


def opened(architecture: Architecture, labels: Collection[str]) -> Architecture:
    """The network with the axes of these labels as symbols; itself for none. Raises UnknownAxisError for a label that
    no input has, and SpecError where a layer is made for one size."""
    if not labels:
        return architecture
    architecture.require_axes(labels)
    found = architecture.with_dynamic(labels)
    found.require_open_sizes()
    return found


@contextmanager
def refusals_placed(graph: Graph, labels: Collection[str]) -> Iterator[None]:
    """Turn what ONNX cannot write of a layer with such axes into a SpecError, which tells its line."""
    from archspec.backends.onnx import EmitError

    try:
        yield
    except EmitError as error:
        layer = next((node for node in graph.nodes if node.path == error.path), None)
        if layer is None or not labels or not _is_open(layer):
            raise
        diagnostics = Diagnostics()
        message = f"`{layer.path}` cannot stay open: {str(error).removeprefix(f'{layer.path}: ')}"
        diagnostics.add("A501", message, layer.origin.span)
        raise SpecError(diagnostics) from error


def _is_open(layer: Node) -> bool:
    """Whether any axis but the first of what it reads is a symbol."""
    return any(symbols(size) for type_ in layer.input_types for size in type_.shape[1:])
