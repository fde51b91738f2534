"""Operators that move, cut, join and repeat elements."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from archspec.backends.onnx.inference.elementwise import broadcast
from archspec.backends.onnx.inference.known import Application, Known, Unknown, rule
from archspec.dims import Dim, divide, product_of
from archspec.types import DType


@rule("Transpose")
def _transpose(node: Application) -> Sequence[Known]:
    order = node.get("perm", range(node.x.rank)[::-1])
    return [Known(tuple(node.x.shape[axis] for axis in order), node.x.dtype)]


@rule("Reshape")
def _reshape(node: Application) -> Sequence[Known]:
    x, wanted = node.x, node.content(1)
    keeps = not node.get("allowzero", 0)
    sizes: list[Dim] = [x.shape[k] if keeps and size == 0 else size for k, size in enumerate(wanted)]
    if -1 in sizes:
        sizes[sizes.index(-1)] = _remaining(x.shape, [size for size in sizes if size != -1])
    return [x._replace(shape=tuple(sizes))]


def _remaining(before: Sequence[Dim], others: Sequence[Dim]) -> Dim:
    """The size that takes the elements that the other sizes leave."""
    rest = list(before)
    taken: Dim = 1
    for size in others:
        if size in rest:  # also where it is 0
            rest.remove(size)
        else:
            taken = taken * size
    elements = product_of(rest)
    found = divide(elements, taken)
    if found is None and isinstance(taken, int):  # which divides, or the network would not run
        found = elements // taken
    if found is None:
        raise Unknown
    return found


@rule("Flatten")
def _flatten(node: Application) -> Sequence[Known]:
    axis = node.get("axis", 1)
    shape = node.x.shape
    return [Known((product_of(shape[:axis]), product_of(shape[axis:])), node.x.dtype)]


@rule("Squeeze")
def _squeeze(node: Application) -> Sequence[Known]:
    axes = node.axes(1)
    away = [k for k, size in enumerate(node.x.shape) if size == 1] if axes is None else axes
    return [node.x._replace(shape=tuple(size for k, size in enumerate(node.x.shape) if k not in away))]


@rule("Unsqueeze")
def _unsqueeze(node: Application) -> Sequence[Known]:
    axes = node.content(1)
    rank = node.x.rank + len(axes)
    new = {axis % rank for axis in axes}
    sizes = iter(node.x.shape)
    return [node.x._replace(shape=tuple(1 if k in new else next(sizes) for k in range(rank)))]


@rule("Expand")
def _expand(node: Application) -> Sequence[Known]:
    return [Known(broadcast(node.x.shape, node.content(1)), node.x.dtype)]


@rule("Concat")
def _concat(node: Application) -> Sequence[Known]:
    parts = [node.input(index) for index in range(len(node.inputs))]
    axis = node.axis(0)
    shape = list(broadcast(*((*part.shape[:axis], 1, *part.shape[axis + 1 :]) for part in parts)))
    shape[axis] = sum((part.shape[axis] for part in parts), start=0)
    contents = [part.content for part in parts if part.content is not None]
    joined = tuple(item for content in contents for item in content)
    content = joined if len(shape) == 1 and len(contents) == len(parts) else None
    return [Known(tuple(shape), node.x.dtype, content)]


@rule("Split")
def _split(node: Application) -> Sequence[Known]:
    axis = node.axis(0)
    size = node.x.shape[axis]
    sizes = node.content(1) if node.has(1) else node.get("split", None)
    if sizes is None:
        count = node.get("num_outputs", node.outputs)
        part = size if count == 1 else -(-size // count)
        sizes = [*[part] * (count - 1), size - (count - 1) * part]
    return [_resized(node.x, axis, each) for each in sizes]


@rule("Slice")
def _slice(node: Application) -> Sequence[Known]:
    starts, ends = node.content(1), node.content(2)
    axes = node.content(3) if node.has(3) else range(len(starts))
    steps = node.content(4) if node.has(4) else [1] * len(starts)
    x = node.x
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        axis %= x.rank
        size = x.shape[axis]
        content = None
        if x.rank == 1 and x.content is not None and all(isinstance(each, int) for each in (start, end)):
            content = x.content[start:end:step]
        x = _resized(x, axis, _sliced(size, start, end, step))._replace(content=content)
    return [x]


def _sliced(size: Dim, start: Dim, end: Dim, step: int) -> Dim:
    """How many positions a slice takes; one of a symbolic size lies inside of it."""
    if not isinstance(start, int) or not isinstance(step, int):
        raise Unknown
    if isinstance(size, int) and isinstance(end, int):
        return len(range(size)[start:end:step])
    if step < 1:
        if (start, step) == (-1, -1) and isinstance(end, int) and end < -(2**31):  # all of it, from the end
            return size
        raise Unknown
    low = start if start >= 0 else size + start
    high = size if isinstance(end, int) and end > 2**31 else size + end if isinstance(end, int) and end < 0 else end
    count = -(-(high - low) // step)
    return max(count, 0) if isinstance(count, int) else count


@rule("Gather")
def _gather(node: Application) -> Sequence[Known]:
    axis, indices = node.axis(0), node.input(1)
    shape = (*node.x.shape[:axis], *indices.shape, *node.x.shape[axis + 1 :])
    content = None
    if node.x.rank == 1 and node.x.content is not None and indices.content is not None:
        content = tuple(node.x.content[index] for index in indices.content)
    return [Known(shape, node.x.dtype, content)]


@rule("Pad")
def _pad(node: Application) -> Sequence[Known]:
    pads = node.content(1)
    axes = [axis % node.x.rank for axis in node.content(3)] if node.has(3) else range(node.x.rank)
    shape = list(node.x.shape)
    for k, axis in enumerate(axes):
        shape[axis] = shape[axis] + pads[k] + pads[k + len(axes)]
    return [Known(tuple(shape), node.x.dtype)]


@rule("Shape")
def _shape(node: Application) -> Sequence[Known]:
    sizes = node.x.shape[node.get("start", 0) : node.get("end", node.x.rank)]
    return [Known((len(sizes),), DType.int64, sizes)]


@rule("Range")
def _range(node: Application) -> Sequence[Known]:
    [start], [limit], [delta] = (node.content(index) for index in range(3))
    if not isinstance(delta, int) or delta < 1:
        raise Unknown
    return [Known((-(-(limit - start) // delta),), node.x.dtype)]


@rule("DepthToSpace")
def _depth_to_space(node: Application) -> Sequence[Known]:
    batch, channels, *spatial = node.x.shape
    block = node.attributes["blocksize"]
    return [Known((batch, channels // block**2, *(size * block for size in spatial)), node.x.dtype)]


@rule("Col2Im")
def _col2im(node: Application) -> Sequence[Known]:
    image, kernel = node.content(1), node.content(2)
    return [Known((node.x.shape[0], node.x.shape[1] // prod(kernel), *image), node.x.dtype)]


@rule("Resize")
def _resize(node: Application) -> Sequence[Known]:
    axes = [axis % node.x.rank for axis in node.get("axes", range(node.x.rank))]
    shape = list(node.x.shape)
    if node.has(3):
        targets = node.content(3)
    else:
        targets = tuple(_scaled(shape[axis], scale) for axis, scale in zip(axes, node.content(2), strict=True))
    for axis, size in zip(axes, targets, strict=True):
        shape[axis] = size
    return [Known(tuple(shape), node.x.dtype)]


def _scaled(size: Dim, scale: float) -> Dim:
    """floor(size * scale)."""
    if isinstance(size, int):
        return int(size * scale)
    numerator, denominator = float(scale).as_integer_ratio()
    return size * numerator // denominator


def _resized(x: Known, axis: int, size: Dim) -> Known:
    return Known((*x.shape[:axis], size, *x.shape[axis + 1 :]), x.dtype)
