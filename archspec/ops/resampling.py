"""Interpolation in ONNX: by Resize where onnxruntime's does what torch does, else by places or by matrices."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from archspec.dims import Dim
from archspec.ops.base import Emitter, Handle, OpError
from archspec.ops.emission import along_axes, positions
from archspec.ops.filters import Rule, even, places, single, weights
from archspec.types import DType

_RESIZED = (DType.float32, DType.float16)
_SMALL = 128


class Stretch(NamedTuple):
    """An axis to resize: how far apart in the input two neighbours of the output lie is its `step`; None where a size
    is open."""

    size: Dim
    target: Dim
    step: Fraction | None


def small(targets: Sequence[Dim]) -> bool:
    """Whether torch has a kernel of its own for maps of this size: if height and width are 128 together at most."""
    return len(targets) == 2 and sum(size if isinstance(size, int) else _SMALL for size in targets) <= _SMALL


def resizes(rule: Rule, dtype: DType, axes: Sequence[Stretch]) -> bool:
    """Whether onnxruntime's Resize does what torch does. It takes maps that keep their size for copies, and finds the
    nearest positions by the inverse of the step, which gives others where that is rounded."""
    if dtype not in _RESIZED or rule.mode == "lanczos" or (rule.antialias and rule.align_corners):
        return False
    if rule.mode in ("nearest", "nearest-exact"):
        return all(axis.step is not None and even(axis.step) for axis in axes)
    return any(axis.size != axis.target for axis in axes) or all(axis.step == 1 for axis in axes)


def attributes(rule: Rule) -> dict[str, Any]:
    """torch's rules for where an output position lies in the input, in the words of Resize."""
    if rule.mode == "nearest":
        return {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    where = "align_corners" if rule.align_corners else "half_pixel"
    found: dict[str, Any] = {"mode": "linear", "coordinate_transformation_mode": where}
    if rule.mode == "nearest-exact":
        return found | {"mode": "nearest", "nearest_mode": "round_prefer_ceil"}
    if rule.mode == "bicubic":
        found |= {"mode": "cubic", "cubic_coeff_a": -0.5 if rule.antialias else -0.75}
    return found | ({"antialias": 1, "exclude_outside": 1} if rule.antialias else {})


def gathered(emit: Emitter, x: Handle, rule: Rule, dtype: DType, axes: Sequence[Stretch]) -> Handle:
    """The nearest positions, counted as torch counts them."""
    few = small([axis.target for axis in axes])
    precision = DType.float64 if dtype is DType.float64 and not few else DType.float32
    for number, axis in enumerate(axes, start=2):
        step = None if axis.step is None else float(axis.step)
        if step is not None and precision is DType.float32:
            step = single(step)
        if step is not None and isinstance(axis.size, int) and isinstance(axis.target, int):
            found = emit.constant(places(rule, axis.size, axis.target, step, few), DType.int64)
        else:
            found = _places(emit, rule, axis, step, precision)
        x = emit.node("Gather", x, found, axis=number)
    return x


def _places(emit: Emitter, rule: Rule, axis: Stretch, step: float | None, precision: DType) -> Handle:
    """`places`, computed at run time."""
    if step is None:
        ends = (emit.node("Cast", emit.shape([end]), to=precision) for end in (axis.size, axis.target))
        apart = emit.node("Cast", emit.node("Div", *ends), to=DType.float64)
    else:
        apart = emit.constant(step, DType.float64)
    middle = 0.5 if rule.mode == "nearest-exact" else 0.0
    place = emit.node("Cast", positions(emit, emit.shape([axis.target])), to=DType.float64)
    place = emit.node("Add", place, emit.constant(middle, DType.float64))
    place = emit.node("Sub", emit.node("Mul", place, apart), emit.constant(middle, DType.float64))
    place = emit.node("Floor", emit.node("Add", emit.node("Cast", place, to=DType.float32), emit.constant(middle)))
    return emit.node("Min", emit.node("Cast", place, to=DType.int64), emit.shape([axis.size - 1]))


def multiplied(emit: Emitter, x: Handle, rule: Rule, dtype: DType, axes: Sequence[Stretch]) -> Handle:
    """Each axis by the matrix of its weights, for which its sizes have to be known."""

    def step(matrix: list[list[float]], x: Handle) -> Handle:
        return emit.node("MatMul", x, emit.constant(matrix, dtype))

    steps = []
    for size, target, apart in axes:
        if not isinstance(size, int) or not isinstance(target, int) or apart is None:
            how = f"{rule.mode}{' against aliasing' if rule.antialias else ''}"
            raise OpError(f"onnxruntime has no {how} of {dtype} from {size} positions to {target}", input=0)
        steps.append(partial(step, weights(rule, size, target, float(apart))))
    return along_axes(emit, x, len(axes) + 2, steps)
