"""Functions of torch of each element by itself, under the function's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from archspec.ops.base import FLOATS, Elementwise, Emitter, Handle, OpError, TorchExpression, TorchRecipe, of_dtype
from archspec.ops.scalars import scalar
from archspec.types import DType, TensorType

_NUMBERS = (*FLOATS, DType.int32, DType.int64)


class _Function(Elementwise):
    """A function of torch that has an operator of ONNX."""

    dtypes: ClassVar[tuple[DType, ...]] = FLOATS
    function: ClassVar[str]
    operator: ClassVar[str]

    def infer(self, *inputs: TensorType) -> TensorType:
        of_dtype(self, inputs[0], *self.dtypes)
        return inputs[0]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression(f"torch.{self.function}({{0}})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node(self.operator, values[0])


class Abs(_Function):
    """torch.abs: |x|."""

    dtypes: ClassVar[tuple[DType, ...]] = _NUMBERS
    function: ClassVar[str] = "abs"
    operator: ClassVar[str] = "Abs"


class Neg(_Function):
    """torch.neg: -x."""

    dtypes: ClassVar[tuple[DType, ...]] = _NUMBERS
    function: ClassVar[str] = "neg"
    operator: ClassVar[str] = "Neg"


class Exp(_Function):
    """torch.exp: e to the power of x."""

    function: ClassVar[str] = "exp"
    operator: ClassVar[str] = "Exp"


class Log(_Function):
    """torch.log: the natural logarithm; nan below 0."""

    function: ClassVar[str] = "log"
    operator: ClassVar[str] = "Log"


class Sqrt(_Function):
    """torch.sqrt: the square root; nan below 0."""

    function: ClassVar[str] = "sqrt"
    operator: ClassVar[str] = "Sqrt"


class Reciprocal(_Function):
    """torch.reciprocal: 1 / x."""

    function: ClassVar[str] = "reciprocal"
    operator: ClassVar[str] = "Reciprocal"


class Rsqrt(_Function):
    """torch.rsqrt: 1 / sqrt(x); nan below 0."""

    function: ClassVar[str] = "rsqrt"
    operator: ClassVar[str] = "Sqrt"

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Reciprocal", super().to_onnx(emit, values, *inputs))


class Pow(Elementwise):
    """torch.pow: x to the power of a number; of integers, to a whole one >= 0."""

    exponent: float

    def infer(self, *inputs: TensorType) -> TensorType:
        of_dtype(self, inputs[0], *_NUMBERS)
        if scalar("exponent", self.exponent, inputs[0].dtype) < 0 and not inputs[0].dtype.is_floating:
            raise OpError(f"exponent is {self.exponent}, and the input holds integers", field="exponent")
        return inputs[0]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression(f"torch.pow({{0}}, {scalar('exponent', self.exponent, inputs[0].dtype)})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        dtype = inputs[0].dtype
        return emit.node("Pow", values[0], emit.constant(scalar("exponent", self.exponent, dtype), dtype))


class Clamp(Elementwise):
    """torch.clamp: min(max(x, min), max), of which one bound may be left out; `max` wins where it is below `min`."""

    min: float | None = None
    max: float | None = None

    def _bounds(self, dtype: DType) -> dict[str, float]:
        written = {"min": self.min, "max": self.max}
        return {name: scalar(name, value, dtype) for name, value in written.items() if value is not None}

    def infer(self, *inputs: TensorType) -> TensorType:
        of_dtype(self, inputs[0], *_NUMBERS)
        if not self._bounds(inputs[0].dtype):
            raise OpError("min and max are both null, and one is needed", field="min")
        return inputs[0]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        bounds = ", ".join(f"{name}={value}" for name, value in self._bounds(inputs[0].dtype).items())
        return TorchExpression(f"torch.clamp({{0}}, {bounds})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        """By Max and Min: ONNX leaves open what Clip does where the bounds cross."""
        dtype, x = inputs[0].dtype, values[0]
        for name, value in self._bounds(dtype).items():
            x = emit.node("Max" if name == "min" else "Min", x, emit.constant(value, dtype))
        return x
