"""Layers that work in place: torch lets them overwrite a value that others still read, and the file that is
exported does not; so such a network has no one meaning, and is refused."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import NamedTuple

from archspec.diagnostics import Label
from archspec.elaborate.state import State
from archspec.graph import Node, Output, Value


class _Reading(NamedTuple):
    """A value that must not be overwritten, why, and the layer that reads it."""

    value: Value
    why: str
    reader: Node | None = None


def report_overwritten_values(outputs: Sequence[Output], state: State) -> None:
    """Report each layer with `inplace` whose input is read elsewhere, or is an input or output of the model."""
    able = {op for op in {type(node.op) for node in state.nodes} if "inplace" in op.model_fields}
    in_place = {node for node in state.nodes if type(node.op) in able and getattr(node.op, "inplace", False)}
    if not in_place:
        return
    concerned = [node for node in state.nodes if node.inputs and (node in in_place or node.op.view)]
    readers: dict[Value, list[Node]] = {node.inputs[0]: [] for node in concerned}
    for node in state.nodes:
        for value in node.inputs:
            if value in readers:
                readers[value].append(node)
    results = {output.value for output in outputs}
    overwritten: dict[Node, _Reading | None] = {}  # what a layer hurts that works on its input, or shows a view of it
    for node in concerned:
        value = node.inputs[0]
        found = _reading(value, node, readers[value], results)
        if found is None and value.node is not None and value.node.op.view:  # a view is overwritten with its value
            found = overwritten.get(value.node)
        overwritten[node] = found
        if found is not None and node in in_place:
            _report(node, found, state)


def _reading(value: Value, node: Node, readers: Sequence[Node], results: Set[Value]) -> _Reading | None:
    """Who needs a node's input beside the node."""
    other = next((reader for reader in readers if reader is not node), None)
    if other is not None:
        return _Reading(value, f"`{other.path}` reads too", other)
    if value.node is None:
        return _Reading(value, "is an input of the model")
    return _Reading(value, "is an output of the model") if value in results else None


def _report(node: Node, found: _Reading, state: State) -> None:
    state.diagnostics.add(
        "A508",
        f"`{node.path}` overwrites `{found.value.name}`, which {found.why}",
        node.origin.arguments.get("inplace", node.origin.span),
        labels=[Label(found.reader.origin.span, "read here")] if found.reader else [],
        helps=["leave `inplace` out here"],
    )
