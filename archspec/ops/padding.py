"""Padding: maps that go on beyond their ends, or stop before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from archspec.ops.arguments import Sides1, Sides2, Sides3
from archspec.ops.base import (
    Emitter,
    Handle,
    OpError,
    Receptive,
    TorchRecipe,
    Weightless,
    Window,
    of_dtype,
    torch_nn,
)
from archspec.ops.borders import Border, extend, extended
from archspec.ops.emission import runnable
from archspec.ops.window import occupied, spatial_sizes
from archspec.types import DType, TensorType

_GREATEST = {DType.float16: 65504.0, DType.bfloat16: 3.3895313892515355e38, DType.float32: 3.4028234663852886e38}

_PADDED = tuple(dtype for dtype in DType if dtype not in (DType.bfloat16, DType.int16))


class _Pad(Weightless):
    """What all pads share: how much goes before and after each axis behind the channels."""

    spatial: ClassVar[int]
    padding_mode: ClassVar[Border] = "zeros"
    mixes_channels: ClassVar[bool] = False

    padding: tuple[int, ...]

    def _sides(self) -> list[tuple[int, int]]:
        """Before and after each axis: torch counts from the last one."""
        return list(zip(self.padding[::2], self.padding[1::2], strict=True))[::-1]

    def infer(self, *inputs: TensorType) -> TensorType:
        sizes = spatial_sizes(self, inputs[0], self.spatial)
        if self.padding_mode in ("reflect", "replicate"):
            of_dtype(self, inputs[0], *(dtype for dtype in DType if dtype is not DType.bool))
            occupied(self, inputs[0])
        found = [extended(self.padding_mode, size, *sides) for size, sides in zip(sizes, self._sides(), strict=True)]
        return TensorType.of((*inputs[0].shape[:2], *found), inputs[0].dtype)

    def arithmetic(self, *inputs: TensorType) -> Mapping[int, str]:
        sizes = zip(inputs[0].shape[2:], self._sides(), strict=True)
        return {axis: f"{size} + {before} + {after}" for axis, (size, (before, after)) in enumerate(sizes, 2)}

    def receptive(self, *inputs: TensorType) -> Receptive:
        return Window((1,) * self.spatial, (1,) * self.spatial, tuple(-before for before, _ in self._sides()))

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        if self.padding_mode != "circular":
            runnable("Pad", inputs[0], *_PADDED)
        zero = _constant(emit, 0.0, inputs[0].dtype) if self.padding_mode == "zeros" else None
        return extend(emit, values[0], self.padding_mode, [(0, 0), (0, 0), *self._sides()], zero)


class _ConstantPad(_Pad):
    """Padding with a number."""

    value: float

    def infer(self, *inputs: TensorType) -> TensorType:
        dtype = inputs[0].dtype
        if not _holds(dtype, self.value):
            raise OpError(f"value is {self.value}, which {dtype} doesn't hold", field="value")
        return super().infer(*inputs)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        runnable("Pad", inputs[0], *_PADDED)
        value = _constant(emit, self.value, inputs[0].dtype)
        return extend(emit, values[0], "zeros", [(0, 0), (0, 0), *self._sides()], value)


def _constant(emit: Emitter, value: float, dtype: DType) -> Handle:
    """What stands in a border. onnxruntime folds one of 0 into a MaxPool behind it, whose own border is -inf; it
    leaves -0.0 alone."""
    return emit.constant(value or -0.0, dtype)


def _holds(dtype: DType, value: float) -> bool:
    """Whether a number lies in the range of an element type, and is whole where that is one of integers."""
    if dtype.is_floating or dtype is DType.bool:
        return abs(value) <= _GREATEST.get(dtype, float("inf"))
    bits = 8 * dtype.bytes
    low, high = (0, 2**bits - 1) if dtype is DType.uint8 else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return value.is_integer() and low <= value <= high


class ConstantPad1d(_ConstantPad):
    """torch.nn.ConstantPad1d: N, C, L -> N, C, left + L + right; `padding` is one number or [left, right], and crops
    where it is negative; the new positions hold `value`."""

    spatial: ClassVar[int] = 1
    padding: Sides1


class ConstantPad2d(_ConstantPad):
    """torch.nn.ConstantPad2d: N, C, H, W -> N, C, top + H + bottom, left + W + right; as ConstantPad1d, with `padding`
    [left, right, top, bottom]."""

    spatial: ClassVar[int] = 2
    padding: Sides2


class ConstantPad3d(_ConstantPad):
    """torch.nn.ConstantPad3d: N, C, D, H, W -> N, C, front + D + back, top + H + bottom, left + W + right; as
    ConstantPad1d, with `padding` [left, right, top, bottom, front, back]."""

    spatial: ClassVar[int] = 3
    padding: Sides3


class ZeroPad1d(_Pad):
    """torch.nn.ZeroPad1d: N, C, L -> N, C, left + L + right, as ConstantPad1d with zeros."""

    spatial: ClassVar[int] = 1
    padding: Sides1


class ZeroPad2d(_Pad):
    """torch.nn.ZeroPad2d: N, C, H, W -> N, C, top + H + bottom, left + W + right; `padding` is one number or
    [left, right, top, bottom], and crops where it is negative."""

    spatial: ClassVar[int] = 2
    padding: Sides2


class ZeroPad3d(_Pad):
    """torch.nn.ZeroPad3d: N, C, D, H, W -> N, C, front + D + back, top + H + bottom, left + W + right, as ConstantPad3d
    with zeros."""

    spatial: ClassVar[int] = 3
    padding: Sides3


class ReflectionPad1d(_Pad):
    """torch.nn.ReflectionPad1d: N, C, L -> N, C, left + L + right; the new positions mirror the input at its first and
    last one, so that `padding` is smaller than L; it crops where it is negative."""

    spatial: ClassVar[int] = 1
    padding_mode: ClassVar[Border] = "reflect"
    padding: Sides1


class ReflectionPad2d(_Pad):
    """torch.nn.ReflectionPad2d: N, C, H, W -> N, C, top + H + bottom, left + W + right, as ReflectionPad1d."""

    spatial: ClassVar[int] = 2
    padding_mode: ClassVar[Border] = "reflect"
    padding: Sides2


class ReflectionPad3d(_Pad):
    """torch.nn.ReflectionPad3d: N, C, D, H, W -> N, C, front + D + back, top + H + bottom, left + W + right, as
    ReflectionPad1d."""

    spatial: ClassVar[int] = 3
    padding_mode: ClassVar[Border] = "reflect"
    padding: Sides3


class ReplicationPad1d(_Pad):
    """torch.nn.ReplicationPad1d: N, C, L -> N, C, left + L + right; the new positions repeat the first and the last
    one; `padding` crops where it is negative."""

    spatial: ClassVar[int] = 1
    padding_mode: ClassVar[Border] = "replicate"
    padding: Sides1


class ReplicationPad2d(_Pad):
    """torch.nn.ReplicationPad2d: N, C, H, W -> N, C, top + H + bottom, left + W + right, as ReplicationPad1d."""

    spatial: ClassVar[int] = 2
    padding_mode: ClassVar[Border] = "replicate"
    padding: Sides2


class ReplicationPad3d(_Pad):
    """torch.nn.ReplicationPad3d: N, C, D, H, W -> N, C, front + D + back, top + H + bottom, left + W + right, as
    ReplicationPad1d."""

    spatial: ClassVar[int] = 3
    padding_mode: ClassVar[Border] = "replicate"
    padding: Sides3


class CircularPad1d(_Pad):
    """torch.nn.CircularPad1d: N, C, L -> N, C, left + L + right; the new positions repeat those of the other end, so
    that `padding` is L at most; it crops where it is negative, before the rest goes around."""

    spatial: ClassVar[int] = 1
    padding_mode: ClassVar[Border] = "circular"
    padding: Sides1


class CircularPad2d(_Pad):
    """torch.nn.CircularPad2d: N, C, H, W -> N, C, top + H + bottom, left + W + right, as CircularPad1d."""

    spatial: ClassVar[int] = 2
    padding_mode: ClassVar[Border] = "circular"
    padding: Sides2


class CircularPad3d(_Pad):
    """torch.nn.CircularPad3d: N, C, D, H, W -> N, C, front + D + back, top + H + bottom, left + W + right, as
    CircularPad1d."""

    spatial: ClassVar[int] = 3
    padding_mode: ClassVar[Border] = "circular"
    padding: Sides3
