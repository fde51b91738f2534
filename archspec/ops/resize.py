"""Ops that resize maps: torch.nn.Upsample and its kin, and torch.nn.functional.interpolate."""

from __future__ import annotations

from typing import ClassVar, Literal

from archspec.dims import Dim
from archspec.ops.arguments import OptionalScales, OptionalSizes, OptionalTargets
from archspec.ops.base import Fact, OpError, TorchExpression, TorchRecipe, layout, of_rank, size_source, torch_nn
from archspec.ops.conditions import can_reach
from archspec.ops.filters import Rule
from archspec.ops.interpolation import Resizing
from archspec.types import TensorType, in_spec

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
    """torch.nn.functional.interpolate: each axis behind the channels to `size`, of which symbols may be part, to
    floor(size x scale_factor), or, where it reads two values, to the size of the second."""

    inputs: ClassVar[tuple[int, int | None]] = (1, 2)
    taken: ClassVar[int | None] = 1

    size: OptionalTargets = None
    scale_factor: OptionalScales = None
    mode: Literal[Mode, "lanczos"] = "nearest"
    align_corners: bool | None = None
    recompute_scale_factor: bool | None = None
    antialias: bool = False

    def _rule(self) -> Rule:
        return Rule(self.mode, self.align_corners, bool(self.recompute_scale_factor), self.antialias)

    def _targets(self, *inputs: TensorType) -> list[Dim]:
        if len(inputs) == 1:
            return super()._targets(*inputs)
        for field in ("size", "scale_factor", "recompute_scale_factor"):
            if (value := getattr(self, field)) is not None:
                text = f"{field} is {in_spec(value)}, and a second value gives the size: {inputs[1]}"
                raise OpError(text, field=field)
        of_rank(self, inputs[1], inputs[0].rank, axes=layout(inputs[0].rank), input=1)
        targets = inputs[1].shape[2:]
        for axis, target in enumerate(targets, start=2):
            if not can_reach(target, self._least):
                text = f"the result has the second value's size, {inputs[1]}, and has to have {self._least} or more"
                raise OpError(text, input=1, facts=[Fact(1, axis)])
        return list(targets)

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        sizes: list[Dim] = []
        written = {name: repr(value) for name, value in self.written().items()}
        if len(inputs) == 2:
            written = {"size": "{1}.shape[2:]", **written}
        elif self.size is not None:
            targets = self._per_axis("size", inputs[0].rank - 2)
            sources = [size_source(target, inputs[0].shape, sizes) for target in targets]
            written["size"] = f"({', '.join(sources)},)" if len(set(sources)) > 1 else sources[0]
        arguments = "".join(f", {name}={source}" for name, source in written.items())
        return TorchExpression(f"torch.nn.functional.interpolate({{0}}{arguments})", tuple(sizes))
