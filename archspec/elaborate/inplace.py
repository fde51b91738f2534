"""Layers that work in place: torch lets them overwrite a value that others still read, and the file that is
exported does not; so such a network has no one meaning, and is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache

from archspec.diagnostics import Label
from archspec.elaborate.state import State
from archspec.graph import Node, Output, Value
from archspec.ops.base import Op


def report_overwritten_values(outputs: Sequence[Output], state: State) -> None:
    """Report each layer with `inplace` whose input is read elsewhere, or is an input or output of the model."""
    readers: dict[Value, list[Node]] = {}
    for node in state.nodes:
        for value in node.inputs:
            readers.setdefault(value, []).append(node)
    results = Counter(output.value for output in outputs)
    for node in state.nodes:
        if _has_inplace(type(node.op)) and getattr(node.op, "inplace", False):
            _check(node, readers, results, state)


@cache
def _has_inplace(op: type[Op]) -> bool:
    return "inplace" in op.model_fields


def _check(node: Node, readers: dict[Value, list[Node]], results: Counter[Value], state: State) -> None:
    value: Value | None = node.inputs[0]
    reader = node
    while value is not None:  # a view of a value is overwritten with it
        others = [other for other in readers[value] if other is not reader]
        what = "an input of the model" if value.node is None else "an output of the model" if results[value] else None
        if others or what:
            where = f"`{others[0].path}` reads too" if others else f"is {what}"
            labels = [Label(others[0].origin.span, "read here")] if others else []
            state.diagnostics.add(
                "A508",
                f"`{node.path}` overwrites `{value.name}`, which {where}",
                node.origin.arguments.get("inplace", node.origin.span),
                labels=labels,
                helps=["leave `inplace` out here"],
            )
            return
        assert value.node is not None
        reader = value.node
        value = reader.inputs[0] if reader.op.view and reader.inputs else None
