"""Interpolation: where the positions of a resized map lie in the map that it is made from."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import Any, ClassVar

from archspec.dims import Dim
from archspec.ops.adaptive import averaged, emit_means, equal_parts
from archspec.ops.arguments import OptionalScales
from archspec.ops.base import (
    FLOATS,
    Emitter,
    Handle,
    OpError,
    Receptive,
    Weightless,
    Window,
    layout,
    of_dtype,
    of_rank,
)
from archspec.ops.conditions import can_reach
from archspec.ops.emission import along_axes
from archspec.ops.filters import REACH, Rule, even, places, single, weights
from archspec.ops.window import occupied
from archspec.types import DType, TensorType

_RANKS = {
    "nearest": (3, 4, 5),
    "nearest-exact": (3, 4, 5),
    "area": (3, 4, 5),
    "linear": (3,),
    "bilinear": (4,),
    "bicubic": (4,),
    "lanczos": (4,),
    "trilinear": (5,),
}
_NEAREST = ("nearest", "nearest-exact")
_UNALIGNED = (*_NEAREST, "area")
_RESIZED = (DType.float32, DType.float16)
_LINEAR = ("linear", "bilinear", "trilinear")
_SMOOTHED = ("bilinear", "bicubic", "lanczos")
_FINEST = 1024  # denominators of scales up to here are exact in float64, whatever the size
_GREATEST = 2**62
_SMALL = 128  # the height and the width together, of the maps for which torch has a kernel of its own


class Resizing(Weightless):
    """What all ops share that bring the axes behind the channels to `size`, or to floor(size x scale_factor)."""

    mixes_channels: ClassVar[bool] = False

    size: Dim | tuple[Dim, ...] | None
    scale_factor: OptionalScales = None

    @abstractmethod
    def _rule(self) -> Rule:
        """Its rule."""

    def infer(self, *inputs: TensorType) -> TensorType:
        (type_,), rule = inputs, self._rule()
        of_rank(self, type_, *_RANKS[rule.mode], axes=" or ".join(map(layout, _RANKS[rule.mode])))
        of_dtype(self, type_, *(FLOATS[:2] if rule.antialias else FLOATS))
        self._check_arguments(rule)
        targets = self._targets(type_)
        if rule.mode == "area":
            averaged(self, type_, targets)
        else:
            occupied(self, type_)
        return TensorType.of((*type_.shape[:2], *targets), type_.dtype)

    def _check_arguments(self, rule: Rule) -> None:
        if (self.size is None) == (self.scale_factor is None):
            name, scale = type(self).__name__, self.scale_factor
            text = f"{name} takes size or scale_factor, and size is {self.size}, scale_factor {scale}"
            raise OpError(text, field="size")
        if rule.align_corners is not None and rule.mode in _UNALIGNED:
            text = f"align_corners is {rule.align_corners}, which means nothing to the mode {rule.mode}"
            raise OpError(text, field="align_corners")
        if rule.recompute and self.size is not None:
            raise OpError(f"size is {self.size}, and recompute_scale_factor goes with scale_factor", field="size")
        if rule.antialias and rule.mode not in _SMOOTHED:
            text = f"antialias is {rule.antialias}, which goes with {', '.join(_SMOOTHED)}, and mode is {rule.mode}"
            raise OpError(text, field="antialias")
        if rule.mode == "lanczos" and (rule.align_corners or not rule.antialias):
            raise OpError("mode is lanczos, which goes with antialias, and without align_corners", field="mode")

    def _targets(self, type_: TensorType) -> list[Dim]:
        least = 0 if self._rule().mode == "area" else 1
        sizes = type_.shape[2:]
        if self.scale_factor is not None:
            scales = self._per_axis("scale_factor", len(sizes))
            return [_scaled(size, scale, least) for size, scale in zip(sizes, scales, strict=True)]
        targets = self._per_axis("size", len(sizes))
        for target in targets:
            if not can_reach(target, least):
                raise OpError(f"size is {target}, and has to be {least} or more", field="size")
        return targets

    def _per_axis(self, field: str, count: int) -> list[Any]:
        written = getattr(self, field)
        items = list(written) if isinstance(written, tuple) else [written] * count
        if len(items) != count:
            raise OpError(f"{field} is {items}, and the input has {count} axes to resize", field=field)
        return items

    def receptive(self, *inputs: TensorType) -> Receptive:
        sizes, targets = inputs[0].shape[2:], self._targets(inputs[0])
        if self._rule().mode == "area":
            parts = equal_parts(sizes, targets)
            return Window(parts, parts, (0,) * len(parts)) if parts and set(targets) != {1} else "whole"
        steps = self._steps(sizes, targets)
        windows = [self._taps(step.numerator, step.denominator) for step in steps if step is not None]
        return Window(*zip(*windows, strict=True)) if len(windows) == len(steps) else "whole"

    def _steps(self, sizes: Sequence[Dim], targets: Sequence[Dim]) -> list[Fraction | None]:
        """How far apart in the input two neighbours of the output lie, per axis; None where a size is open."""
        return [self._step(k, *pair, _small(targets)) for k, pair in enumerate(zip(sizes, targets, strict=True))]

    def _step(self, axis: int, size: Dim, target: Dim, small: bool) -> Fraction | None:
        rule = self._rule()
        heedless = small and rule.mode == "nearest"  # of the scale, where it keeps or doubles the size
        if target == size and (heedless or (rule.mode in _LINEAR and not rule.antialias)):
            return Fraction(1)
        if heedless and target == 2 * size:
            return Fraction(1, 2)
        if self.scale_factor is not None and not rule.align_corners and not rule.recompute:
            return 1 / Fraction(self.scale_factor[axis] if isinstance(self.scale_factor, tuple) else self.scale_factor)
        if not isinstance(size, int) or not isinstance(target, int):
            return None
        return Fraction(size - 1, max(target - 1, 1)) if rule.align_corners else Fraction(size, target)

    def _taps(self, p: int, q: int) -> tuple[int, int, int, int]:
        """The window along an axis of step p / q, as size, stride, start and scale: what lies around o p / q
        where corners are aligned, else around (o + 1/2) p / q - 1/2, as far as the filter reaches; against aliasing it
        reaches further by p / q where that is above 1."""
        rule = self._rule()
        if rule.mode == "nearest":
            return 1, p, 0, q
        if rule.mode == "nearest-exact":
            return 1, 2 * p, p, 2 * q
        reach = REACH.get(rule.mode, 1)
        if rule.antialias:
            half = 2 * max(p, q) * reach
            return 2 * (half - q), 2 * p, p + q - half, 2 * q
        if rule.align_corners:
            return q * (2 * reach - 1), p, -q * (reach - 1), q
        return 2 * q * (2 * reach - 1), 2 * p, p - q - 2 * q * (reach - 1), 2 * q

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        (x,), (type_,), targets, rule = values, inputs, self._targets(inputs[0]), self._rule()
        if rule.mode == "area":
            return emit_means(emit, x, type_, targets)
        steps = self._steps(type_.shape[2:], targets)
        if rule.mode in _NEAREST and not (type_.dtype in _RESIZED and all(step and even(step) for step in steps)):
            return _gathered(emit, x, rule, type_, targets, steps)
        kept = targets == list(type_.shape[2:]) and set(steps) != {1}  # which onnxruntime takes for a copy
        if type_.dtype not in _RESIZED or rule.mode == "lanczos" or (rule.antialias and rule.align_corners) or kept:
            return _by_matrices(emit, x, rule, type_, targets, steps)
        emit.require(18)  # the first that resizes some of the axes
        scales = sizes = None
        if self.scale_factor is not None and not rule.recompute:
            factors = zip(self._per_axis("scale_factor", len(targets)), steps, strict=True)
            scales = emit.constant([1.0 if step == 1 else float(factor) for factor, step in factors])
        else:
            sizes = emit.shape(targets)
        return emit.node("Resize", x, None, scales, sizes, axes=list(range(2, type_.rank)), **_attributes(rule))


def _small(targets: Sequence[Dim]) -> bool:
    """Whether torch has a kernel of its own for so small a map."""
    return len(targets) == 2 and sum(size if isinstance(size, int) else _SMALL for size in targets) <= _SMALL


def _gathered(
    emit: Emitter, x: Handle, rule: Rule, type_: TensorType, targets: Sequence[Dim], steps: Sequence[Fraction | None]
) -> Handle:
    """The nearest positions, counted as torch counts them. (onnxruntime's Resize divides by the inverse of the step,
    which often gives the position before.)"""
    for axis, (size, target, step) in enumerate(zip(type_.shape[2:], targets, steps, strict=True), start=2):
        if isinstance(size, int) and isinstance(target, int) and step is not None:
            apart = float(step) if type_.dtype is DType.float64 and not _small(targets) else single(float(step))
            found = emit.constant(places(rule, size, target, apart, _small(targets)), DType.int64)
        else:
            found = _counted(emit, rule, type_.dtype, size, target, step)
        x = emit.node("Gather", x, found, axis=axis)
    return x


def _counted(emit: Emitter, rule: Rule, dtype: DType, size: Dim, target: Dim, step: Fraction | None) -> Handle:
    """`places`, computed at run time."""
    precision = DType.float64 if dtype is DType.float64 else DType.float32
    if step is not None:
        apart = emit.constant(float(step) if precision is DType.float64 else single(float(step)), DType.float64)
    else:
        ends = (emit.node("Cast", emit.shape([end]), to=precision) for end in (size, target))
        apart = emit.node("Cast", emit.node("Div", *ends), to=DType.float64)
    zero, one = emit.constant(0, DType.int64), emit.constant(1, DType.int64)
    found = emit.node("Range", zero, emit.node("Squeeze", emit.shape([target])), one)
    found = emit.node("Cast", found, to=DType.float64)
    middle = 0.5 if rule.mode == "nearest-exact" else 0.0
    found = emit.node("Mul", emit.node("Add", found, emit.constant(middle, DType.float64)), apart)
    found = emit.node("Cast", emit.node("Sub", found, emit.constant(middle, DType.float64)), to=DType.float32)
    found = emit.node("Floor", emit.node("Add", found, emit.constant(middle)))
    return emit.node("Min", emit.node("Cast", found, to=DType.int64), emit.shape([size - 1]))


def _by_matrices(
    emit: Emitter, x: Handle, rule: Rule, type_: TensorType, targets: Sequence[Dim], steps: Sequence[Fraction | None]
) -> Handle:
    """What onnxruntime has no Resize for, of known sizes."""

    def multiplied(matrix: list[list[float]], x: Handle) -> Handle:
        return emit.node("MatMul", x, emit.constant(matrix, type_.dtype))

    matrices = []
    for size, target, step in zip(type_.shape[2:], targets, steps, strict=True):
        if not isinstance(size, int) or not isinstance(target, int) or step is None:
            what = f"{rule.mode}{' against aliasing' if rule.antialias else ''} of {type_.dtype}"
            raise OpError(f"onnxruntime resizes no symbolic sizes, as {size} to {target}, by {what}", input=0)
        matrices.append(partial(multiplied, weights(rule, size, target, float(step))))
    return along_axes(emit, x, type_.rank, matrices)


def _attributes(rule: Rule) -> dict[str, Any]:
    """torch's rules for where an output position lies in the input, in ONNX's words."""
    if rule.mode == "nearest":
        return {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    where = "align_corners" if rule.align_corners else "half_pixel"
    found: dict[str, Any] = {"mode": "linear", "coordinate_transformation_mode": where}
    if rule.mode == "nearest-exact":
        return found | {"mode": "nearest", "nearest_mode": "round_prefer_ceil"}
    if rule.mode == "bicubic":
        found |= {"mode": "cubic", "cubic_coeff_a": -0.5 if rule.antialias else -0.75}
    return found | ({"antialias": 1, "exclude_outside": 1} if rule.antialias else {})


def _scaled(size: Dim, scale: float, least: int) -> Dim:
    """floor(size x scale), as torch computes it in float64; exact for symbols, or refused."""
    if isinstance(size, int):
        product = float(size) * scale
        if product > _GREATEST:
            raise OpError(f"scale_factor is {scale}, which makes {product:g} of {size} positions", field="scale_factor")
        found: Dim = int(product)
    else:
        numerator, denominator = float(scale).as_integer_ratio()
        if denominator > _FINEST:
            raise OpError(f"scale_factor is {scale}, which is rounded on a symbolic size, {size}", field="scale_factor")
        found = size * numerator // denominator
    if not can_reach(found, least):
        raise OpError(f"scale_factor is {scale}, which leaves nothing of {size} positions", field="scale_factor")
    return found
