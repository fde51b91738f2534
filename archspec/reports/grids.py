"""How far apart the positions of a map are: its stride, in pixels of the model's first image.

The receptive field tells what a position sees, and ends where a position sees the whole image (behind the first
squeeze-and-excitation, say). The positions go on: a map that is scaled by what it holds as a whole, normalised, or
added to, stands on the grid that it stood on.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from archspec.graph import Graph, Node, Value
from archspec.ops.base import Receptive
from archspec.reports.receptive import by_axis, image_of, same_size, spatial
from archspec.types import TensorType


class Steps(NamedTuple):
    """An axis of a value whose positions go through an axis of the image, so many pixels from one to the next."""

    axis: str
    stride: Fraction


Grid: TypeAlias = Mapping[str, Steps]
"""Where positions stand, by the image's axes; an axis that they don't go through in equal steps is left out."""


def grids(graph: Graph) -> dict[Value, Grid]:
    """The grid of each value. Where values meet, those without a grid have no say (they are spread over the map), and
    those that go in different steps leave none."""
    found: dict[Value, Grid] = {value: {} for value in graph.inputs}
    image = image_of(graph)
    if image is None:
        return found
    found[image] = {axis: Steps(axis, Fraction(1)) for axis in spatial(image.type)}
    for node in graph.nodes:
        receptive = node.op.receptive(*node.input_types)
        for value in node.outputs:
            meeting: dict[str, set[Steps]] = {}
            for read, type_ in zip(node.taken, node.input_types, strict=False):
                for axis, steps in found[read].items():
                    if (after := _through(node, steps, receptive, type_, value.type)) is not None:
                        meeting.setdefault(axis, set()).add(after)
            found[value] = {axis: steps.pop() for axis, steps in meeting.items() if len(steps) == 1}
            if not meeting and getattr(node.op, "axes", None):
                found[value] = _put_together(image.type, value.type)
    return found


def _put_together(image: TensorType, out: TensorType) -> Grid:
    """The grid of a map that a Reshape makes of windows or tokens, and whose axes it names; none where the image is
    no multiple of it."""
    grid: dict[str, Steps] = {}
    for axis in spatial(image):
        size = image.shape[image.axes.index(axis)]
        positions = out.shape[out.axes.index(axis)] if axis in out.axes else 0
        if not isinstance(size, int) or not isinstance(positions, int) or not positions or size % positions:
            return {}
        grid[axis] = Steps(axis, Fraction(size // positions))
    return grid


def _through(node: Node, steps: Steps, receptive: Receptive, type_: TensorType, out: TensorType) -> Steps | None:
    """The steps of a result along an axis, by those of what the layer reads."""
    position = type_.axes.index(steps.axis)
    if isinstance(receptive, str):
        stays = steps.axis in out.axes and same_size(node, type_.shape[position], out.shape[out.axes.index(steps.axis)])
        return steps if stays else None
    label = out.axes[position] if out.rank == type_.rank else None
    if label is None:
        return None
    slides = dict(zip(reversed(spatial(type_)), reversed(by_axis(receptive)), strict=False))
    _, stride, _, scale = slides.get(steps.axis, (1, 1, 0, 1))
    return Steps(label, steps.stride * stride / scale)
