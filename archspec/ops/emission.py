"""Small ONNX idioms that several families emit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from archspec.dims import Dim, product_of
from archspec.ops.base import Emitter, Handle, OpError
from archspec.types import DType, TensorType

Sides: TypeAlias = Sequence[tuple[int, int]]
"""How much goes before and after each axis."""

_END = 2**63 - 1  # ONNX's way to say: up to the end


def integers(emit: Emitter, values: Sequence[int]) -> Handle:
    """A constant list of integers."""
    return emit.constant(list(values), DType.int64)


def reshape(emit: Emitter, x: Handle, before: Sequence[Dim], after: Sequence[Dim]) -> Handle:
    """x of sizes `before` in sizes `after`. A symbolic size that stays in its place is copied (0), one
    other is left to the runtime (-1), and only for more than that are sizes computed."""
    if 0 in after:
        return _emptied(emit, x, after)
    sizes: list[Dim] = [
        0 if not isinstance(size, int) and k < len(before) and before[k] == size else size
        for k, size in enumerate(after)
    ]
    open_ = [k for k, size in enumerate(sizes) if not isinstance(size, int)]
    if len(open_) > 1:
        return emit.node("Reshape", x, emit.shape(list(after)))
    return emit.node("Reshape", x, integers(emit, [size if isinstance(size, int) else -1 for size in sizes]))


def _emptied(emit: Emitter, x: Handle, after: Sequence[Dim]) -> Handle:
    """x, which holds nothing, in other sizes. To Reshape a 0 is a size from opset 14 on, and a copy of one below."""
    if emit.opset >= 14:
        return emit.node("Reshape", x, emit.shape(after), allowzero=1)
    nothing = [1] * len(after)
    nothing[after.index(0)] = -1
    return emit.node("Expand", emit.node("Reshape", x, integers(emit, nothing)), emit.shape(after))


def pad(emit: Emitter, x: Handle, sides: Sides, mode: str = "constant", value: Handle | None = None) -> Handle:
    """x with this much before and after each of its axes; `value` is a constant, 0 where None."""
    pads = integers(emit, [*(before for before, _ in sides), *(after for _, after in sides)])
    return emit.node("Pad", x, pads, *([] if value is None else [value]), mode=mode)


def zeros_around(emit: Emitter, x: Handle, sides: Sides) -> Handle:
    """x with this many zeros before and after each axis behind the channels, for a pool that takes them for values.
    The Pad names its axes where it can: one that doesn't, onnxruntime 1.19 and 1.20 make padding of the pool."""
    if emit.opset < 18:
        return pad(emit, x, [(0, 0), (0, 0), *sides])
    pads = integers(emit, [*(before for before, _ in sides), *(after for _, after in sides)])
    return emit.node("Pad", x, pads, None, integers(emit, range(2, 2 + len(sides))), mode="constant")


def wrapped(emit: Emitter, x: Handle, sides: Sides) -> Handle:
    """x continued periodically. ONNX's Pad does that from opset 19 on only."""
    for axis, (before, after) in enumerate(sides):
        parts = [x]
        if before:
            parts.insert(0, slice_axis(emit, x, axis, -before, None))
        if after:
            parts.append(slice_axis(emit, x, axis, 0, after))
        if len(parts) > 1:
            x = emit.node("Concat", *parts, axis=axis)
    return x


def slice_axis(emit: Emitter, x: Handle, axis: int, start: int, end: int | None, step: int = 1) -> Handle:
    """x[start:end:step] along one axis."""
    bounds = ([start], [_END if end is None else end], [axis], [step])
    return emit.node("Slice", x, *(integers(emit, bound) for bound in bounds))


def rolled(emit: Emitter, x: Handle, axis: int, size: Dim, shift: int) -> Handle:
    """The positions of one axis, moved on by `shift`, and from the end to the front."""
    if not isinstance(size, int):
        return moved_on(emit, x, axis, emit.shape([size]), emit.constant(shift, DType.int64))
    cut = -shift % size if size else 0
    if not cut:
        return x
    return emit.node("Concat", slice_axis(emit, x, axis, cut, None), slice_axis(emit, x, axis, 0, cut), axis=axis)


def moved_on(emit: Emitter, x: Handle, axis: int, length: Handle, shift: Handle) -> Handle:
    """As `rolled`, where the length of the axis or the shift is known at run time: gathered by number."""
    places = emit.node("Mod", emit.node("Sub", positions(emit, length), shift), length)
    return emit.node("Gather", x, places, axis=axis)


def positions(emit: Emitter, length: Handle) -> Handle:
    """The numbers from 0 on, as many as a 1-D value of one size says."""
    zero, one = (emit.constant(number, DType.int64) for number in (0, 1))
    return emit.node("Range", zero, emit.node("Squeeze", length), one)


def split(emit: Emitter, x: Handle, axis: int, sizes: Sequence[Dim]) -> tuple[Handle, ...]:
    """Parts of one axis, of these sizes; symbolic ones are equal."""
    numbers = [size for size in sizes if isinstance(size, int)]
    if len(numbers) == len(sizes):
        return emit.nodes("Split", len(sizes), x, integers(emit, numbers), axis=axis)
    count = {"num_outputs": len(sizes)} if emit.opset >= 18 else {}
    return emit.nodes("Split", len(sizes), x, axis=axis, **count)


def per_channel(emit: Emitter, x: Handle, rank: int) -> Handle:
    """A vector over the channels, shaped to broadcast over a value of this rank."""
    return emit.node("Reshape", x, integers(emit, [-1, *[1] * (rank - 2)])) if rank > 2 else x


def mean(emit: Emitter, x: Handle, axes: Sequence[int], keepdims: bool = True) -> Handle:
    """The mean over axes."""
    return reduced(emit, "ReduceMean", x, axes, keepdims)


def reduced(emit: Emitter, op_type: str, x: Handle, axes: Sequence[int], keepdims: bool = True) -> Handle:
    """A reduction over axes, which are an attribute in old opsets, and then a value."""
    if emit.opset >= 18 or op_type == "ReduceSum":
        return emit.node(op_type, x, integers(emit, axes), keepdims=int(keepdims))
    return emit.node(op_type, x, axes=list(axes), keepdims=int(keepdims))


def along_axes(emit: Emitter, x: Handle, rank: int, steps: Sequence[Callable[[Handle], Handle]]) -> Handle:
    """Each axis behind the channels in turn stands last, goes through its step, and moves to the front of them; after
    all of them have, they stand in order again."""
    turned = [0, 1, rank - 1, *range(2, rank - 1)]
    for step in reversed(steps):
        x = step(x)
        if rank > 3:
            x = emit.node("Transpose", x, perm=turned)
    return x


def filled(emit: Emitter, number: float, sizes: Sequence[Dim], dtype: DType) -> Handle:
    """A value of these sizes that holds one number."""
    return emit.node("Expand", emit.constant(number, dtype), emit.shape(list(sizes)))


def within_plane(emit: Emitter, places: Handle, sizes: Sequence[Dim]) -> Handle:
    """Places as torch counts them, from the start of each plane of these sizes; ONNX's MaxPool counts them through
    the whole value."""
    return emit.node("Mod", places, emit.shape([product_of(sizes)]))


def runnable(op_type: str, type_: TensorType, *dtypes: DType) -> None:
    """Refuse an element type that onnxruntime has no kernel for: it has those for `dtypes`."""
    if type_.dtype not in dtypes:
        raise OpError(f"onnxruntime runs {op_type} of {', '.join(dtypes)}, and not of {type_.dtype}", input=0)
