"""The receptive field: which pixels of the model's first image each position of a value can see.

Carried exactly along every path: for each spatial axis of the image, the first and the last pixel that
positions see, and how that moves from position to position. It is the field of the arithmetic, not cut
at the borders of the image, and counts holes inside it. Two ops break it open: a global one ("whole"),
and one that mixes positions that were folded into channels (a Linear after Flatten), which sees them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import Literal, NamedTuple, TypeAlias

from archspec.dims import Dim
from archspec.graph import Graph, Node, Value
from archspec.ops.base import Receptive, Window
from archspec.ops.conditions import gathered
from archspec.types import SPATIAL, TensorType

_LONGEST_PERIOD = 4096  # of fields that differ from position to position; beyond it they are not followed

Interval: TypeAlias = tuple[int, int]


class Reach(NamedTuple):
    """What the positions along an axis see of one axis of the image: position k * len(seen) + r sees the
    pixels seen[r], from first to last, moved by k * step; None: it sees nothing."""

    axis: str
    step: int
    seen: tuple[Interval | None, ...]

    @property
    def size(self) -> int:
        return max((last - first + 1 for first, last in filter(None, self.seen)), default=0)

    @property
    def stride(self) -> Fraction:
        """How many pixels what is seen moves from one position to the next, on average over a period."""
        return Fraction(self.step, len(self.seen))

    @property
    def start(self) -> int | None:
        """The first pixel that position 0 sees; negative in padding."""
        return self.seen[0][0] if self.seen[0] else None

    def of(self, first: int, last: int) -> Interval | None:
        """What the positions from first to last see together."""
        period = len(self.seen)
        positions = {*range(first, min(last + 1, first + period)), *range(max(first, last + 1 - period), last + 1)}
        moved = [(position // period * self.step, self.seen[position % period]) for position in positions]
        return _hull((by + seen[0], by + seen[1]) for by, seen in moved if seen)

    def slid(self, size: int, stride: int, start: int, scale: int) -> Reach | None:
        """Seen through a window that slides along the axis; None where fields would differ for too long."""
        period = scale * len(self.seen)
        shared = gcd(stride, period)
        if period // shared > _LONGEST_PERIOD:
            return None
        firsts = [start + stride * position for position in range(period // shared)]
        seen = tuple(self.of(first // scale, (first + size - 1) // scale) for first in firsts)
        return Reach(self.axis, stride // shared * self.step, seen)


class Scattered(NamedTuple):
    """Positions that see `size` pixels each, in no order that windows could follow: pixels folded into
    another axis, or, where `axis` is None, one position picked out."""

    axis: str | None
    size: int


Sight: TypeAlias = Reach | Scattered | Literal["whole"]
"""What is seen along one axis of the image."""
Field: TypeAlias = Mapping[str, Sight]
"""What is seen, by the image's axes. Empty: nothing of the image."""


def _hull(intervals: Iterable[Interval]) -> Interval | None:
    ends = list(intervals)
    return (min(first for first, _ in ends), max(last for _, last in ends)) if ends else None


def receptive_fields(graph: Graph) -> dict[Value, Field | None]:
    """What each value sees of the first model input that has spatial axes; None: not known, because an
    op lost track of positions (a Reshape), or because paths meet that go in different steps."""
    fields: dict[Value, Field | None] = {value: {} for value in graph.inputs}
    image = image_of(graph)
    if image:
        fields[image] = {axis: Reach(axis, 1, ((0, 0),)) for axis in spatial(image.type)}
    for node in graph.nodes:
        read = [fields[value] for value in node.taken]
        fields.update((value, _through(node, read, value.type)) for value in node.outputs)
    return fields


def image_of(graph: Graph) -> Value | None:
    """The model input whose pixels are counted."""
    return next((value for value in graph.inputs if spatial(value.type)), None)


def sizes(field: Field | None, image: Value | None) -> tuple[Dim, ...] | Literal["whole"] | None:
    """A field's extent along each spatial axis of the image; `whole` once it is all of it on every axis."""
    if not field or image is None:
        return None
    if all(sight == "whole" for sight in field.values()):
        return "whole"
    extents = dict(zip(image.type.axes, image.type.shape, strict=True))
    return tuple(extents[axis] if sight == "whole" else sight.size for axis, sight in field.items())


def steps(field: Field | None) -> list[Fraction | None] | None:
    """A field's stride along each spatial axis of the image; None where positions don't go in steps."""
    reaches = _reaches(field)
    return [reach and reach.stride for reach in reaches] if any(reaches) else None


def starts(field: Field | None) -> list[int | None] | None:
    """The first pixel that position 0 sees along each spatial axis of the image; None where none is the first."""
    reaches = _reaches(field)
    return [reach and reach.start for reach in reaches] if any(reaches) else None


def _reaches(field: Field | None) -> list[Reach | None]:
    return [sight if isinstance(sight, Reach) else None for sight in (field or {}).values()]


def spatial(type_: TensorType) -> list[str]:
    """The labels of its spatial axes, in order."""
    return [axis for axis in type_.axes if axis in SPATIAL]


def _through(node: Node, read: Sequence[Field | None], out: TensorType) -> Field | None:
    """What a result sees, by what the layer's inputs see."""
    known = [field for field in read if field is not None]
    if len(known) < len(read):
        return None
    seen: dict[str, Sight] = {}
    for axis, parts in _parts(node, known, out).items():
        together = _together(parts)
        if together is None:
            return None
        seen[axis] = together
    return seen


def _parts(node: Node, read: Sequence[Field], out: TensorType) -> dict[str, list[Sight | None]]:
    """What a result sees along each axis of the image through each of the layer's inputs."""
    receptive = node.op.receptive(*node.input_types)
    parts: dict[str, list[Sight | None]] = {}
    for field, type_ in zip(read, node.input_types[: len(node.taken)], strict=True):
        for axis, sight in field.items():
            parts.setdefault(axis, []).append(_step(sight, receptive, node, type_, out))
    return parts


def misaligned(graph: Graph, fields: Mapping[Value, Field | None]) -> Iterator[tuple[Node, list[Fraction]]]:
    """The layers at which paths meet that go in different steps, and these steps: no field is known behind them."""
    for node in graph.nodes:
        read = [field for value in node.taken if (field := fields[value]) is not None]
        result = node.outputs[0]
        if fields[result] is None and len(read) == len(node.taken):
            for parts in _parts(node, read, result.type).values():
                strides = {part.stride for part in parts if isinstance(part, Reach)}
                if len(strides) > 1:
                    yield node, sorted(strides)
                    break


def _step(sight: Sight, receptive: Receptive, node: Node, type_: TensorType, out: TensorType) -> Sight | None:
    if sight == "whole" or receptive == "whole":
        return "whole"
    if sight.axis == "C" and node.op.mixes_channels:
        return "whole"
    if receptive == "point":
        return _relocated(sight, node, type_, out)
    window = dict(zip(reversed(spatial(type_)), reversed(by_axis(receptive)), strict=False))
    slid: Reach | Scattered | None = sight
    if sight.axis in window and window[sight.axis] != (1, 1, 0, 1):
        slid = sight.slid(*window[sight.axis]) if isinstance(sight, Reach) else None
    if slid is None or sight.axis is None or out.rank != type_.rank:
        return slid
    label = out.axes[type_.axes.index(sight.axis)]  # windows leave axes where they are, and label them anew
    return slid._replace(axis=label) if label is not None else None


def by_axis(window: Window) -> list[tuple[int, int, int, int]]:
    """Its size, stride, start and scale along each axis."""
    scale = window.scale or (1,) * len(window.size)
    return list(zip(window.size, window.stride, window.start, scale, strict=True))


def _relocated(sight: Reach | Scattered, node: Node, type_: TensorType, out: TensorType) -> Sight | None:
    """The same pixels where each position of a result is one of the input's, found again by the axis' label."""
    if sight.axis is None:
        return sight
    extent = type_.shape[type_.axes.index(sight.axis)]
    found = sight.axis in out.axes
    if found and same_size(node, extent, out.shape[out.axes.index(sight.axis)]):
        return sight
    if extent == 1:
        return Scattered(None, sight.size)
    if found:  # sliced or concatenated
        return Scattered(sight.axis, sight.size)
    if not any(out.axes):
        return None
    if out.elements != type_.elements:  # one position selected
        return Scattered(None, sight.size)
    into = "L" if "L" in out.axes and "L" not in type_.axes else "C"
    return Scattered(into, sight.size) if into in out.axes else None


def same_size(node: Node, a: Dim, b: Dim) -> bool:
    """Whether two sizes are equal, or have to be: what is not proved is what the layer requires."""
    if a == b or isinstance(a - b, int):
        return a == b
    with gathered() as required:
        node.op.infer(*node.input_types)
    return any(need.relation == "==" and need.left - need.right in (a - b, b - a) for need in required)


def _together(parts: Sequence[Sight | None]) -> Sight | None:
    """What a position sees by several paths; None where they don't go in step."""
    if None in parts:
        return None
    if "whole" in parts:
        return "whole"
    first = parts[0]
    if all(part == first for part in parts):
        return first
    paths = [part for part in parts if isinstance(part, Reach)]
    period = lcm(*(len(path.seen) for path in paths))
    steps = {(path.axis, path.step * period // len(path.seen)) for path in paths}
    if len(paths) < len(parts) or len(steps) > 1 or period > _LONGEST_PERIOD:
        return None
    seen = tuple(
        _hull(interval for path in paths if (interval := path.of(position, position))) for position in range(period)
    )
    return Reach(*steps.pop(), seen)
