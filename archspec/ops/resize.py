"""Ops that change the size of a map: padding with zeros, and interpolation."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import Any, Literal

from archspec.dims import Dim, below_one
from archspec.ops.arguments import OptionalScales, OptionalSections, Sides
from archspec.ops.base import (
    FLOATS,
    Emitter,
    Handle,
    OpError,
    Receptive,
    TorchRecipe,
    Weightless,
    Window,
    layout,
    of_dtype,
    of_rank,
    torch_nn,
)
from archspec.ops.emission import pad
from archspec.types import TensorType

_RANKS = {
    "nearest": (3, 4, 5),
    "nearest-exact": (3, 4, 5),
    "linear": (3,),
    "bilinear": (4,),
    "bicubic": (4,),
    "trilinear": (5,),
}
_FINEST = 1024  # denominators of scales up to here are exact in float64, whatever the size


class ZeroPad2d(Weightless):
    """torch.nn.ZeroPad2d: N, C, H, W -> N, C, top + H + bottom, left + W + right; `padding` is one number or
    [left, right, top, bottom], and crops where it is negative."""

    padding: Sides

    def infer(self, *inputs: TensorType) -> TensorType:
        of_rank(self, inputs[0], 4, axes=layout(4))
        left, right, top, bottom = self.padding
        n, c, height, width = inputs[0].shape
        sizes = (height + (top + bottom), width + (left + right))
        if any(map(below_one, sizes)):
            raise OpError(f"padding is {list(self.padding)}, which leaves {sizes[0]} x {sizes[1]}", field="padding")
        return TensorType.of((n, c, *sizes), inputs[0].dtype)

    def receptive(self, *inputs: TensorType) -> Receptive:
        return Window((1, 1), (1, 1), (-self.padding[2], -self.padding[0]))

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        left, right, top, bottom = self.padding
        return pad(emit, values[0], [(0, 0), (0, 0), (top, bottom), (left, right)])


class Upsample(Weightless):
    """torch.nn.Upsample: each axis behind the channels to `size`, or to floor(size x scale_factor)."""

    size: OptionalSections = None
    scale_factor: OptionalScales = None
    mode: Literal["nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear"] = "nearest"
    align_corners: bool | None = None
    recompute_scale_factor: bool | None = None

    def infer(self, *inputs: TensorType) -> TensorType:
        ranks = _RANKS[self.mode]
        of_rank(self, inputs[0], *ranks, axes=" or ".join(map(layout, ranks)))
        of_dtype(self, inputs[0], *FLOATS)
        if (self.size is None) == (self.scale_factor is None):
            text = f"Upsample takes size or scale_factor, and size is {self.size}, scale_factor {self.scale_factor}"
            raise OpError(text, field="size")
        if self.align_corners is not None and self.mode.startswith("nearest"):
            text = f"align_corners is {self.align_corners}, which means nothing to the mode {self.mode}"
            raise OpError(text, field="align_corners")
        if self.recompute_scale_factor and self.size is not None:
            raise OpError(f"size is {self.size}, and recompute_scale_factor goes with scale_factor", field="size")
        return TensorType.of((*inputs[0].shape[:2], *self._targets(inputs[0].shape[2:])), inputs[0].dtype)

    def _per_axis(self, field: str, spatial: tuple[Dim, ...]) -> tuple[Any, ...]:
        written = getattr(self, field)
        items = written if isinstance(written, tuple) else (written,) * len(spatial)
        if len(items) != len(spatial):
            raise OpError(f"{field} is {list(items)}, and the input has {len(spatial)} axes to resize", field=field)
        return items

    def _targets(self, spatial: tuple[Dim, ...]) -> tuple[Dim, ...]:
        if self.size is not None:
            return self._per_axis("size", spatial)
        scales = self._per_axis("scale_factor", spatial)
        return tuple(_scaled(size, scale) for size, scale in zip(spatial, scales, strict=True))

    def receptive(self, *inputs: TensorType) -> Receptive:
        spatial = inputs[0].shape[2:]
        steps = [self._step(k, *sizes) for k, sizes in enumerate(zip(spatial, self._targets(spatial), strict=True))]
        windows = [self._taps(step.numerator, step.denominator) for step in steps if step is not None]
        return Window(*zip(*windows, strict=True)) if len(windows) == len(steps) else "whole"

    def _step(self, axis: int, size: Dim, target: Dim) -> Fraction | None:
        """How far apart in the input two neighbours of the output lie; None where a size is open."""
        if self.scale_factor is not None and not self.align_corners and not self.recompute_scale_factor:
            return 1 / Fraction(self.scale_factor[axis] if isinstance(self.scale_factor, tuple) else self.scale_factor)
        if not isinstance(size, int) or not isinstance(target, int):
            return None
        return Fraction(size - 1, max(target - 1, 1)) if self.align_corners else Fraction(size, target)

    def _taps(self, p: int, q: int) -> tuple[int, int, int, int]:
        """The window along an axis of step p / q, as size, stride, start and scale: what lies around o p / q
        where corners are aligned, else around (o + 1/2) p / q - 1/2; one more on each side if cubic."""
        if self.mode == "nearest":
            return 1, p, 0, q
        if self.mode == "nearest-exact":
            return 1, 2 * p, p, 2 * q
        more = 1 if self.mode == "bicubic" else 0
        if self.align_corners:
            return q * (1 + 2 * more), p, -q * more, q
        return 2 * q * (1 + 2 * more), 2 * p, p - q - 2 * q * more, 2 * q

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        spatial = inputs[0].shape[2:]
        axes = list(range(2, inputs[0].rank))
        emit.require(18)  # the first that resizes some of the axes
        scales = sizes = None
        if self.scale_factor is not None and not self.recompute_scale_factor:
            scales = emit.constant([float(scale) for scale in self._per_axis("scale_factor", spatial)])
        else:
            sizes = emit.shape(self._targets(spatial))
        return emit.node("Resize", values[0], None, scales, sizes, axes=axes, **self._coordinates())

    def _coordinates(self) -> dict[str, Any]:
        """torch's rules for where an output position lies in the input, in ONNX's words."""
        if self.mode == "nearest":
            return {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        where = "align_corners" if self.align_corners else "half_pixel"
        if self.mode == "nearest-exact":
            return {"mode": "nearest", "coordinate_transformation_mode": where, "nearest_mode": "round_prefer_ceil"}
        if self.mode == "bicubic":
            return {"mode": "cubic", "coordinate_transformation_mode": where, "cubic_coeff_a": -0.75}
        return {"mode": "linear", "coordinate_transformation_mode": where}


def _scaled(size: Dim, scale: float) -> Dim:
    """floor(size x scale), as torch computes it in float64; exact for symbols, or refused."""
    if isinstance(size, int):
        found: Dim = floor(float(size) * scale)
    else:
        numerator, denominator = float(scale).as_integer_ratio()
        if denominator > _FINEST:
            raise OpError(f"scale_factor is {scale}, which is rounded on a symbolic size, {size}", field="scale_factor")
        found = size * numerator // denominator
    if below_one(found):
        raise OpError(f"scale_factor is {scale}, which leaves nothing of {size} positions", field="scale_factor")
    return found
