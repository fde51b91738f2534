"""Ops that resize maps: torch.nn.Upsample and its kin, and torch.nn.functional.interpolate."""

from __future__ import annotations

from typing import Literal

from archspec.dims import Dim
from archspec.ops.arguments import OptionalScales, OptionalSizes, OptionalTargets
from archspec.ops.base import TorchExpression, TorchRecipe, size_source, torch_nn
from archspec.ops.filters import Rule
from archspec.ops.interpolation import Resizing
from archspec.types import TensorType

Mode = Literal["nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area"]


class Upsample(Resizing):
    """torch.nn.Upsample: each axis behind the channels to `size`, or to floor(size x scale_factor)."""

    size: OptionalSizes = None
    scale_factor: OptionalScales = None
    mode: Mode = "nearest"
    align_corners: bool | None = None
    recompute_scale_factor: bool | None = None

    def _rule(self) -> Rule:
        return Rule(self.mode, self.align_corners, bool(self.recompute_scale_factor))

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)


class UpsamplingNearest2d(Resizing):
    """torch.nn.UpsamplingNearest2d: as Upsample with mode nearest."""

    size: OptionalSizes = None
    scale_factor: OptionalScales = None

    def _rule(self) -> Rule:
        return Rule("nearest")

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)


class UpsamplingBilinear2d(Resizing):
    """torch.nn.UpsamplingBilinear2d: N, C, H, W -> N, C, H', W', as Upsample with mode bilinear and aligned corners."""

    size: OptionalSizes = None
    scale_factor: OptionalScales = None

    def _rule(self) -> Rule:
        return Rule("bilinear", align_corners=True)

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)


class Interpolate(Resizing):
    """torch.nn.functional.interpolate: each axis behind the channels to `size`, of which symbols may be part, or to
    floor(size x scale_factor)."""

    size: OptionalTargets = None
    scale_factor: OptionalScales = None
    mode: Literal[Mode, "lanczos"] = "nearest"
    align_corners: bool | None = None
    recompute_scale_factor: bool | None = None
    antialias: bool = False

    def _rule(self) -> Rule:
        return Rule(self.mode, self.align_corners, bool(self.recompute_scale_factor), self.antialias)

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        sizes: list[Dim] = []
        written = {name: repr(value) for name, value in self.written().items()}
        if self.size is not None:
            targets = self._per_axis("size", inputs[0].rank - 2)
            sources = [size_source(target, inputs[0].shape, sizes) for target in targets]
            written["size"] = f"({', '.join(sources)},)" if len(set(sources)) > 1 else sources[0]
        arguments = "".join(f", {name}={source}" for name, source in written.items())
        return TorchExpression(f"torch.nn.functional.interpolate({{0}}{arguments})", tuple(sizes))
