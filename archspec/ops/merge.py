"""Merges: arithmetic over several values, element by element, and concatenation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from archspec.ops.base import (
    FLOATS,
    Emitter,
    Fact,
    Handle,
    OpError,
    Receptive,
    TorchExpression,
    TorchRecipe,
    Weightless,
    axis_of,
    of_dtype,
)
from archspec.ops.broadcasting import agreed, broadcast, common_axes, equalising, of_one_dtype
from archspec.ops.conditions import can_equal
from archspec.ops.scalars import scalar
from archspec.types import DType, TensorType


class _Broadcast(Weightless):
    """A function of the elements of several values, which broadcast."""

    mixes_channels: ClassVar[bool] = False
    inputs: ClassVar[tuple[int, int | None]] = (2, 2)
    dtypes: ClassVar[tuple[DType, ...]] = (*FLOATS, DType.int32, DType.int64)

    def infer(self, *inputs: TensorType) -> TensorType:
        for k, type_ in enumerate(inputs):
            of_dtype(self, type_, *self.dtypes, input=k)
        dtype = of_one_dtype(self, inputs)
        shape = broadcast(self, *inputs)
        return TensorType(shape, common_axes(*(type_.axes for type_ in inputs)), dtype)

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "point"


class _Arithmetic(_Broadcast):
    """An operator between two values or more, or between one value and a number."""

    inputs: ClassVar[tuple[int, int | None]] = (1, None)
    operator: ClassVar[str]

    value: float | None = None

    def infer(self, *inputs: TensorType) -> TensorType:
        name = type(self).__name__
        found = super().infer(*inputs)
        if len(inputs) == 1 and self.value is None:
            raise OpError(f"{name} reads two values, or one and `value: number`, and gets one", input=0, code="A504")
        if len(inputs) > 1 and self.value is not None:
            raise OpError(f"{name} takes `value` with one input only, and gets {len(inputs)}", field="value")
        if self.value is not None:
            scalar("value", self.value, found.dtype)
        return found

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        operands = [f"{{{k}}}" for k in range(len(inputs))]
        if self.value is not None:
            operands.append(repr(scalar("value", self.value, inputs[0].dtype)))
        return TorchExpression(f" {self.operator} ".join(operands))

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        result, *others = values
        if self.value is not None:
            others = [emit.constant(scalar("value", self.value, inputs[0].dtype), inputs[0].dtype)]
        for other in others:
            result = emit.node(type(self).__name__, result, other)
        return result


class Add(_Arithmetic):
    """torch.add: the sum of two values or more, broadcast; or of one and `value`."""

    operator: ClassVar[str] = "+"


class Sub(_Arithmetic):
    """torch.sub: the first value minus the second, broadcast; or minus `value`."""

    inputs: ClassVar[tuple[int, int | None]] = (1, 2)
    operator: ClassVar[str] = "-"


class Mul(_Arithmetic):
    """torch.mul: the product of two values or more, broadcast; or of one and `value`."""

    operator: ClassVar[str] = "*"


class Div(_Arithmetic):
    """torch.div, true division: the first value over the second, broadcast; or over `value`."""

    inputs: ClassVar[tuple[int, int | None]] = (1, 2)
    operator: ClassVar[str] = "/"
    dtypes: ClassVar[tuple[DType, ...]] = FLOATS

    def infer(self, *inputs: TensorType) -> TensorType:
        if self.value == 0:
            raise OpError("value is 0, by which nothing is divided", field="value")
        return super().infer(*inputs)


class Maximum(_Broadcast):
    """torch.maximum: the larger of the elements of two values, broadcast."""

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression("torch.maximum({0}, {1})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Max", *values)


class Minimum(_Broadcast):
    """torch.minimum: the smaller of the elements of two values, broadcast."""

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression("torch.minimum({0}, {1})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Min", *values)


class Concat(Weightless):
    """torch.cat: values side by side along `dim`, all other sizes equal; that size is their sum."""

    mixes_channels: ClassVar[bool] = False
    inputs: ClassVar[tuple[int, int | None]] = (2, None)

    dim: int = 1

    def infer(self, *inputs: TensorType) -> TensorType:
        first = inputs[0]
        dtype = of_one_dtype(self, inputs)
        axis = axis_of("dim", self.dim, first.rank)
        for number, type_ in enumerate(inputs):
            if type_.rank != first.rank:
                text = f"Concat reads values of one rank, and meets {first} and {type_}"
                raise OpError(text, input=number, code="A503", facts=[Fact(0), Fact(number)])
        columns = list(zip(*(type_.shape for type_ in inputs), strict=True))
        shape = [sum(sizes) if k == axis else agreed(sizes) for k, sizes in enumerate(columns)]
        for number, type_ in enumerate(inputs):
            for k, size in enumerate(type_.shape):
                if k != axis and not can_equal(size, shape[k]):
                    other = next(i for i, each in enumerate(inputs) if each.shape[k] == shape[k])
                    message = f"Concat along axis {axis} meets {shape[k]} and {type_.measure(k)}"
                    facts = [Fact(other, k), Fact(number, k)]
                    message += f": {inputs[other]} and {type_}"
                    raise OpError(message, input=number, code="A503", facts=facts, helps=equalising(type_, k))
        return TensorType(tuple(shape), common_axes(*(type_.axes for type_ in inputs)), dtype)

    def arithmetic(self, *inputs: TensorType) -> Mapping[int, str]:
        axis = axis_of("dim", self.dim, inputs[0].rank)
        return {axis: " + ".join(str(type_.shape[axis]) for type_ in inputs)}

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "point"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        operands = ", ".join(f"{{{k}}}" for k in range(len(inputs)))
        return TorchExpression(f"torch.cat([{operands}], dim={self.dim})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Concat", *values, axis=axis_of("dim", self.dim, inputs[0].rank))
