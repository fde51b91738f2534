"""Operators that keep the sizes of what they read, or broadcast them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

from archspec.backends.onnx.inference.known import Application, Known, Unknown, rule
from archspec.dims import Dim
from archspec.ops.broadcasting import agreed
from archspec.types import DType


def broadcast(*shapes: tuple[Dim, ...]) -> tuple[Dim, ...]:
    """The common shape, aligned at the right."""
    columns = list(zip_longest(*(shape[::-1] for shape in shapes), fillvalue=1))[::-1]
    return tuple(agreed([size for size in sizes if size != 1] or [1]) for sizes in columns)


@rule("Abs", "Celu", "Clip", "Cos", "CumSum", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish")
@rule("Identity", "InstanceNormalization", "LRN", "LeakyRelu", "Log", "LogSoftmax", "LpNormalization", "Mish", "Neg")
@rule("BatchNormalization", "Not", "PRelu", "Reciprocal", "Relu", "ScatterElements", "Selu", "Shrink", "Sigmoid")
@rule("Sign", "Sin", "Softmax", "Softplus", "Softsign", "Sqrt", "Tanh", "ThresholdedRelu", "Trilu")
def _alike(node: Application) -> Sequence[Known]:
    return [node.x._replace(content=None)]


@rule("LayerNormalization")
def _layer_normalization(node: Application) -> Sequence[Known]:
    axis = node.axis(-1)
    statistics = Known((*node.x.shape[:axis], *[1] * (node.x.rank - axis)), DType.float32)
    return [node.x, statistics, statistics][: node.outputs]


@rule("Cast")
def _cast(node: Application) -> Sequence[Known]:
    return [node.x._replace(dtype=node.attributes["to"])]


@rule("Max", "Mean", "Min", "Mod", "Pow", "Sum")
def _joined(node: Application) -> Sequence[Known]:
    values = [node.input(index) for index in range(len(node.inputs))]
    return [Known(broadcast(*(value.shape for value in values)), node.x.dtype)]


@rule("And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Or", "Xor")
def _compared(node: Application) -> Sequence[Known]:
    return [Known(broadcast(node.x.shape, node.input(1).shape), DType.bool)]


@rule("Where")
def _where(node: Application) -> Sequence[Known]:
    one, other = node.input(1), node.input(2)
    return [Known(broadcast(node.x.shape, one.shape, other.shape), one.dtype)]


def _arithmetic(op_type: str, calculate: Callable[[Any, Any], Any]) -> None:
    """A rule that also works out the integers that sizes are made from."""

    @rule(op_type)
    def inferred(node: Application) -> Sequence[Known]:
        left, right = node.x, node.input(1)
        shape = broadcast(left.shape, right.shape)
        content = None
        if left.content and right.content and left.dtype is DType.int64 and len(shape) < 2:
            content = _item_by_item(calculate, left.content, right.content)
        return [Known(shape, left.dtype, content)]


def _item_by_item(
    calculate: Callable[[Any, Any], Any], left: tuple[Any, ...], right: tuple[Any, ...]
) -> tuple[Any, ...] | None:
    count = max(len(left), len(right))
    pairs = zip(*(items * count if len(items) == 1 else items for items in (left, right)), strict=True)
    try:
        return tuple(calculate(*pair) for pair in pairs)
    except Unknown:
        return None


def _quotient(dividend: Dim, divisor: Dim) -> Dim:
    """What `Div` gives for sizes, which are positive: it truncates."""
    if not isinstance(divisor, int) or divisor < 1:
        raise Unknown
    return dividend // divisor


_arithmetic("Add", lambda a, b: a + b)
_arithmetic("Sub", lambda a, b: a - b)
_arithmetic("Mul", lambda a, b: a * b)
_arithmetic("Div", _quotient)
