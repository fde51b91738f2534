"""Merges: arithmetic over several values, element by element, and concatenation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from archspec.dims import Dim, equal
from archspec.ops.base import (
    FLOATS,
    Emitter,
    Handle,
    OpError,
    Receptive,
    TorchExpression,
    TorchRecipe,
    Weightless,
    axis_of,
    of_dtype,
)
from archspec.ops.broadcasting import broadcast, common_axes, of_one_dtype, open_pairs
from archspec.types import DType, TensorType


class _Arithmetic(Weightless):
    """An operator between two values or more, which broadcast, or between one value and a number."""

    mixes_channels: ClassVar[bool] = False
    inputs: ClassVar[tuple[int, int | None]] = (1, None)
    operator: ClassVar[str]
    dtypes: ClassVar[tuple[DType, ...]] = (*FLOATS, DType.int32, DType.int64)

    value: float | None = None

    def infer(self, *inputs: TensorType) -> TensorType:
        name = type(self).__name__
        for k, type_ in enumerate(inputs):
            of_dtype(self, type_, *self.dtypes, input=k)
        if len(inputs) == 1 and self.value is None:
            raise OpError(f"{name} reads two values, or one and `value: number`, and gets one", input=0, code="A504")
        if len(inputs) > 1 and self.value is not None:
            raise OpError(f"{name} takes `value` with one input only, and gets {len(inputs)}", field="value")
        if self.value is not None and not inputs[0].dtype.is_floating and not self.value.is_integer():
            raise OpError(f"value is {self.value}, and the input holds integers ({inputs[0].dtype})", field="value")
        dtype = of_one_dtype(self, inputs)
        shape = broadcast(self, *(type_.shape for type_ in inputs))
        return TensorType(shape, common_axes(*(type_.axes for type_ in inputs)), dtype)

    def unproved(self, *inputs: TensorType) -> list[tuple[Dim, Dim]]:
        return open_pairs(*(type_.shape for type_ in inputs))

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "point"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        operands = [f"{{{k}}}" for k in range(len(inputs))]
        if self.value is not None:
            operands.append(repr(self._number(inputs[0].dtype)))
        return TorchExpression(f" {self.operator} ".join(operands))

    def _number(self, dtype: DType) -> float:
        assert self.value is not None
        return self.value if dtype.is_floating else int(self.value)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        result, *others = values
        if self.value is not None:
            others = [emit.constant(self._number(inputs[0].dtype), inputs[0].dtype)]
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
                raise OpError(
                    f"Concat reads values of one rank, and meets {first} and {type_}", input=number, code="A503"
                )
            for k in range(first.rank):
                if k != axis and equal(type_.shape[k], first.shape[k]) is False:
                    raise OpError(
                        f"Concat along axis {axis} meets {first.shape[k]} and {type_.shape[k]} in axis {k}: "
                        f"{first} and {type_}",
                        input=number,
                        code="A503",
                    )
        shape = list(first.shape)
        for type_ in inputs[1:]:
            shape[axis] = shape[axis] + type_.shape[axis]
        return TensorType(tuple(shape), common_axes(*(type_.axes for type_ in inputs)), dtype)

    def unproved(self, *inputs: TensorType) -> list[tuple[Dim, Dim]]:
        axis = axis_of("dim", self.dim, inputs[0].rank)
        others = [k for k in range(inputs[0].rank) if k != axis]
        pairs = [(inputs[0].shape[k], type_.shape[k]) for type_ in inputs[1:] for k in others]
        return [pair for pair in pairs if equal(*pair) is None]

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "point"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        operands = ", ".join(f"{{{k}}}" for k in range(len(inputs)))
        return TorchExpression(f"torch.cat([{operands}], dim={self.dim})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Concat", *values, axis=axis_of("dim", self.dim, inputs[0].rank))
