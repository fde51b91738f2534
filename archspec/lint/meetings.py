"""A408, exactly: where paths meet, what positions of each see of the image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, islice
from math import lcm
from typing import NamedTuple

from archspec.diagnostics import Label
from archspec.graph import Node, Value
from archspec.lint.network import Network
from archspec.reports.receptive import Field, Reach, receptive_fields

_COMPARED = 50  # of the paths that meet in one layer, each with each
_LEAST_RATIO = 1.5  # of steps: maps that are resized to a size which is no multiple differ by less


def report_meetings(merges: Iterable[Node], network: Network) -> None:
    """Those layers among `merges` at which the same position of two inputs sees different pixels."""
    fields = receptive_fields(network.graph)
    for node in merges:
        if (found := _meeting(node, fields)) is not None:
            _report(found, network)


class _Meeting(NamedTuple):
    """A layer at which two paths meet, and what they see along an axis of the image."""

    node: Node
    axis: str
    inputs: tuple[int, int]
    seen: tuple[Reach, Reach]


def _meeting(node: Node, fields: Mapping[Value, Field | None]) -> _Meeting | None:
    for axis, seen in _along_axes(node, fields):
        different = {reach: i for i, reach in reversed(seen.items())}  # the first of those that see the same
        for one, other in combinations(islice(reversed(different), _COMPARED), 2):
            if _apart(one, other):
                return _Meeting(node, axis, (different[one], different[other]), (one, other))
    return None


def _along_axes(node: Node, fields: Mapping[Value, Field | None]) -> Iterator[tuple[str, dict[int, Reach]]]:
    """What a layer's inputs see along each axis of the image, where their positions are also its own."""
    result = node.outputs[0].type
    known = {i: fields[value] or {} for i, value in enumerate(node.taken)}
    for axis in dict.fromkeys(axis for field in known.values() for axis in field):
        seen = {i: field[axis] for i, field in known.items() if axis in field}
        yield (
            axis,
            {
                i: reach
                for i, reach in seen.items()
                if isinstance(reach, Reach)
                and reach.axis in result.axes
                and _size(node.inputs[i], reach.axis) == result.shape[result.axes.index(reach.axis)]
            },
        )


def _size(value: Value, axis: str) -> object:
    return value.type.shape[value.type.axes.index(axis)]


def _apart(one: Reach, other: Reach) -> bool:
    """Whether steps differ, or one sees what lies half a step or more beside what the other sees. A field inside of
    the other is as it should be: causal convolutions have it at one end."""
    slow, fast = sorted((one.stride, other.stride))
    if one.axis != other.axis or not slow:
        return False
    if slow != fast:
        return fast >= _LEAST_RATIO * slow
    period = lcm(len(one.seen), len(other.seen))
    a, b = one.of(0, period - 1), other.of(0, period - 1)
    if a is None or b is None:
        return False
    nested = (a[0] - b[0]) * (a[1] - b[1]) <= 0
    return not nested and abs(sum(a) - sum(b)) >= slow * period


def _report(found: _Meeting, network: Network) -> None:
    node, (one, other) = found.node, found.seen
    what = "go in steps of different length" if one.stride != other.stride else "are shifted against each other"
    places = node.origin.values
    labels = [
        Label(places[i], _in_words(reach))
        for i, reach in zip(found.inputs, found.seen, strict=True)
        if i < len(places)
    ]
    names = " and ".join(f"`{node.inputs[i].name}`" for i in found.inputs)
    network.warn(
        "A408",
        node,
        f"`{node.path}` merges {names}, whose positions {what} along {found.axis}",
        labels=labels,
        helps=["give both paths the same strides, and the same padding for their kernels"],
    )


def _in_words(reach: Reach) -> str:
    """What position k sees, or, where fields differ from one to the next, the first one."""
    first = reach.seen[0]
    if first is None:
        return "position 0 sees nothing"
    if len(reach.seen) > 1:
        return f"position 0 sees pixels {first[0]} to {first[1]}, and a step is {reach.stride}"
    moved = f"{reach.step}k" if reach.step > 1 else "k"
    low, high = (f"{moved} {'-' if pixel < 0 else '+'} {abs(pixel)}" if pixel else moved for pixel in first)
    return f"position k sees pixels {low} to {high}"
