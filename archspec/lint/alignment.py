"""A408, quickly: whether paths may meet whose positions see different parts of the image.

What the positions along a path see moves in steps, and lies around a centre that windows shift. Both are numbers per
axis, which are quick to follow through a network; only where paths meet that differ in them are the exact receptive
fields worked out.
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

from archspec.graph import Graph, Node, Value
from archspec.lint.network import Network
from archspec.ops import FAMILIES
from archspec.ops.base import Op, Window
from archspec.types import SPATIAL

Grid: TypeAlias = tuple[tuple[float, float], ...]
"""Per axis, how far positions lie apart, and where the first one has its centre."""

_KINDS = {
    "centred": ("convolution", "pooling"),
    "sliding": ("transposed", "padding"),
    "resizing": ("adaptive", "resize", "slicing", "patches"),  # in a way that depends on the size of their input
}


def report_misaligned_merges(network: Network) -> None:
    """Merges of values at which the same position sees different pixels."""
    if not _may_be_misaligned(network.graph):
        return
    from archspec.lint.meetings import report_meetings

    report_meetings([node for node in network.graph.nodes if len(node.taken) > 1], network)


def _may_be_misaligned(graph: Graph) -> bool:
    grids: dict[Value, Grid | None] = {}
    same: dict[Grid, Grid] = {}  # so that equal ones are one
    slid: dict[tuple[int, int], Grid | None] = {}
    for value in graph.inputs:
        axes = sum(axis in SPATIAL for axis in value.type.axes)
        grids[value] = same.setdefault(((1.0, 0.0),) * axes, ((1.0, 0.0),) * axes) if axes else None
    for node in graph.nodes:
        inputs = node.inputs
        if len(inputs) == 1:  # most layers
            grid = grids[inputs[0]]
        else:
            grid = None
            for value in node.taken:
                other = grids[value]
                if grid is not None and other is not None and other is not grid:
                    return True
                grid = grid or other
        if grid is not None:
            kind = _kind(type(node.op))
            if not kind:
                grid = grid if node.outputs[0].type.axes == node.inputs[0].type.axes else None
            elif kind == "resizing":
                grid = _slid(node, grid, same)
            elif kind == "sliding" or not _stays(node):
                key = (id(node.op), id(grid))
                if key not in slid:
                    slid[key] = _slid(node, grid, same)
                grid = slid[key]
        for value in node.outputs:
            grids[value] = grid
    return False


@cache
def _kind(op: type[Op]) -> str:
    """How an op moves positions; empty: not at all, as long as the axes stay."""
    of = (kind for kind, families in _KINDS.items() for family in families if op.__name__ in FAMILIES[family])
    return next(of, "")


def _stays(node: Node) -> bool:
    """Whether positions stay where they are: those of a map that keeps its size, and is padded alike on both sides."""
    sizes, padding = node.inputs[0].type.shape[2:], getattr(node.op, "padding", 0)
    return node.outputs[0].type.shape[2:] == sizes and padding != "same"


def _slid(node: Node, grid: Grid, same: dict[Grid, Grid]) -> Grid | None:
    window = node.op.receptive(*node.input_types)
    if window == "point":
        return grid
    if not isinstance(window, Window) or len(window.size) != len(grid):
        return None
    scales = window.scale or (1,) * len(grid)
    columns = zip(grid, window.size, window.stride, window.start, scales, strict=True)
    found = tuple(
        (step * stride / scale, centre + step * (start + (size - scale) / 2) / scale)
        for (step, centre), size, stride, start, scale in columns
    )
    return same.setdefault(found, found)
