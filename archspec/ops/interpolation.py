"""Interpolation: where the positions of a resized map lie in the map that it is made from."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from fractions import Fraction
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
from archspec.ops.emission import reshape
from archspec.ops.filters import REACH, Rule
from archspec.ops.resampling import Stretch, attributes, gathered, multiplied, resizes, small
from archspec.ops.window import occupied
from archspec.types import TensorType, in_spec

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
_LINEAR = ("linear", "bilinear", "trilinear")
_SMOOTHED = ("bilinear", "bicubic", "lanczos")
_FINEST = 1024  # denominators of scales up to here are exact in float64, whatever the size
_GREATEST = 2**62


class Resizing(Weightless):
    """What all ops share that bring the axes behind the channels to `size`, or to floor(size x scale_factor)."""

    mixes_channels: ClassVar[bool] = False

    size: Dim | tuple[Dim, ...] | None
    scale_factor: OptionalScales = None

    @abstractmethod
    def _rule(self) -> Rule:
        """Its rule."""

    def infer(self, *inputs: TensorType) -> TensorType:
        type_, rule = inputs[0], self._rule()
        of_rank(self, type_, *_RANKS[rule.mode], axes=" or ".join(map(layout, _RANKS[rule.mode])))
        of_dtype(self, type_, *(FLOATS[:2] if rule.antialias else FLOATS))
        self._check_arguments(rule)
        targets = self._targets(*inputs)
        if rule.mode == "area":
            averaged(self, type_, targets)
        else:
            occupied(self, type_)
        return TensorType.of((*type_.shape[:2], *targets), type_.dtype)

    def _check_arguments(self, rule: Rule) -> None:
        if rule.align_corners is not None and rule.mode in _UNALIGNED:
            text = f"align_corners is {in_spec(rule.align_corners)}, which means nothing to the mode {rule.mode}"
            raise OpError(text, field="align_corners")
        if rule.recompute and self.size is not None:
            text = f"size is {in_spec(self.size)}, and recompute_scale_factor goes with scale_factor"
            raise OpError(text, field="size")
        if rule.antialias and rule.mode not in _SMOOTHED:
            text = f"antialias is true, which goes with {', '.join(_SMOOTHED)}, and mode is {rule.mode}"
            raise OpError(text, field="antialias")
        if rule.mode == "lanczos" and (rule.align_corners or not rule.antialias):
            raise OpError("mode is lanczos, which goes with antialias, and without align_corners", field="mode")

    def _targets(self, *inputs: TensorType) -> list[Dim]:
        """The sizes behind the channels that the result has."""
        if (self.size is None) == (self.scale_factor is None):
            size, scale = in_spec(self.size), in_spec(self.scale_factor)
            text = f"{type(self).__name__} takes size or scale_factor, and size is {size}, scale_factor {scale}"
            raise OpError(text, field="size")
        sizes = inputs[0].shape[2:]
        if self.scale_factor is not None:
            scales = self._per_axis("scale_factor", len(sizes))
            return [_scaled(size, scale, self._least) for size, scale in zip(sizes, scales, strict=True)]
        targets = self._per_axis("size", len(sizes))
        for target in targets:
            if not can_reach(target, self._least):
                raise OpError(f"size is {target}, and has to be {self._least} or more", field="size")
        return targets

    @property
    def _least(self) -> int:
        """The least size that torch resizes to."""
        return 0 if self._rule().mode == "area" else 1

    def _per_axis(self, field: str, count: int) -> list[Any]:
        written = getattr(self, field)
        items = list(written) if isinstance(written, tuple) else [written] * count
        if len(items) != count:
            raise OpError(f"{field} is {items}, and the input has {count} axes to resize", field=field)
        return items

    def receptive(self, *inputs: TensorType) -> Receptive:
        sizes, targets = inputs[0].shape[2:], self._targets(*inputs)
        if self._rule().mode == "area":
            parts = equal_parts(sizes, targets)
            return Window(parts, parts, (0,) * len(parts)) if parts and set(targets) != {1} else "whole"
        steps = [axis.step for axis in self._stretches(sizes, targets)]
        windows = [self._taps(step.numerator or 1, step.denominator) for step in steps if step is not None]
        return Window(*zip(*windows, strict=True)) if len(windows) == len(steps) else "whole"

    def _stretches(self, sizes: Sequence[Dim], targets: Sequence[Dim]) -> list[Stretch]:
        factors = [None] * len(sizes) if self.scale_factor is None else self._per_axis("scale_factor", len(sizes))
        columns = zip(sizes, targets, factors, strict=True)
        few = small(targets)
        return [Stretch(size, target, self._step(size, target, factor, few)) for size, target, factor in columns]

    def _step(self, size: Dim, target: Dim, factor: float | None, few: bool) -> Fraction | None:
        rule = self._rule()
        scale = None if rule.align_corners or rule.recompute else factor
        heedless = few and rule.mode == "nearest"  # of the scale, where it keeps or doubles the size
        if target == size and (heedless or scale is None or (rule.mode in _LINEAR and not rule.antialias)):
            return Fraction(1)
        if heedless and target == 2 * size:
            return Fraction(1, 2)
        if scale is not None:
            return 1 / Fraction(scale)
        if not isinstance(size, int) or not isinstance(target, int):
            return None
        if rule.align_corners:
            return Fraction(size - 1, target - 1) if target > 1 else Fraction(0)
        return Fraction(size, target)

    def _taps(self, p: int, q: int) -> tuple[int, int, int, int]:
        """The window along an axis of step p / q, as size, stride, start and scale: what lies around o p / q
        where corners are aligned, else around (o + 1/2) p / q - 1/2, as far as the filter reaches; against aliasing it
        reaches further by p / q where that is above 1."""
        rule = self._rule()
        if p == q:
            return 1, 1, 0, 1
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
        x, type_, targets, rule = values[0], inputs[0], self._targets(*inputs), self._rule()
        if rule.mode == "area":
            return emit_means(emit, x, type_, targets)
        if 0 in type_.shape:
            return reshape(emit, x, type_.shape, [*type_.shape[:2], *targets])
        axes = self._stretches(type_.shape[2:], targets)
        if rule.antialias and not all(isinstance(size, int) for size in (*type_.shape[2:], *targets)):
            emit.require(18, "a Resize against aliasing, of sizes that stay symbols")
        younger = emit.opset < 18 and rule.antialias
        if younger or not resizes(rule, type_.dtype, axes):
            by = gathered if rule.mode in _NEAREST else multiplied
            return by(emit, x, rule, type_.dtype, axes)
        return self._resized(emit, x, type_, axes)

    def _resized(self, emit: Emitter, x: Handle, type_: TensorType, axes: Sequence[Stretch]) -> Handle:
        """By a Resize: of the axes behind the channels alone from opset 18 on, and of all below."""
        rule, targets = self._rule(), [axis.target for axis in axes]
        whole = emit.opset < 18
        scales = sizes = None
        if self.scale_factor is not None and not rule.recompute:
            factors = zip(self._per_axis("scale_factor", len(axes)), axes, strict=True)
            scaled = [1.0 if axis.step == 1 else float(factor) for factor, axis in factors]
            scales = emit.constant([1.0, 1.0, *scaled] if whole else scaled)
        else:
            sizes = emit.shape([*type_.shape[:2], *targets] if whole else targets)
        some = {} if whole else {"axes": list(range(2, type_.rank))}
        return emit.node("Resize", x, None, scales, sizes, **some, **attributes(rule))


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
