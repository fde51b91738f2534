"""What the contract harness runs on: examples that an op accepts, and examples that it refuses.

A shape is written `N 3 8 2*W-1`, with `:int64` behind it for another element type than float32, and with `@ N H W C`
for other labels of its axes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from archspec.dims import evaluate, symbol
from archspec.ops import find
from archspec.ops.base import Op
from archspec.types import DType, TensorType

Sizes = dict[str, int]
SETTINGS: tuple[Sizes, ...] = (
    {"N": 1, "D": 6, "H": 9, "W": 12, "L": 10, "C": 6},
    {"N": 3, "D": 7, "H": 12, "W": 9, "L": 15, "C": 9},
)
"""The sizes that stand in for symbols: no two of one setting in the same relation as in the other."""


@dataclass(frozen=True)
class Example:
    """An op with arguments as a spec writes them, and its inputs. `torch` is the function that an op
    stands for where it is no module; it is given the sizes of the symbols by name if it takes them."""

    op: str
    inputs: tuple[str, ...]
    arguments: dict[str, Any] = field(default_factory=dict)
    torch: Callable[..., Any] | None = None
    beside: str = ""  # the shape of a second model input, which only brings a symbol
    positive: bool = False  # its values are above 0: torch's function is not defined below
    since: int = 13  # the first opset that it can be written at

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.op}({arguments}) on {' and '.join(self.inputs) or 'nothing'}"

    def make(self) -> Op:
        return op_class(self.op).model_validate(self.arguments)

    def types(self) -> tuple[TensorType, ...]:
        return tuple(map(type_of, self.inputs))


@dataclass(frozen=True)
class Refused(Example):
    """An example that is refused, and what is blamed: an argument by name, or an input by number. torch
    refuses it too, or `stricter` says why we do more."""

    blamed: str | int = 0
    code: str = ""
    stricter: str = ""
    emission: bool = False  # refused by ONNX only


def ok(
    op: str,
    *inputs: str,
    torch: Callable[..., Any] | None = None,
    beside: str = "",
    positive: bool = False,
    since: int = 13,
    **arguments: Any,
) -> Example:
    return Example(op, inputs, arguments, torch, beside, positive, since)


def no(
    blamed: str | int,
    op: str,
    *inputs: str,
    torch: Callable[..., Any] | None = None,
    code: str = "",
    stricter: str = "",
    emission: bool = False,
    **arguments: Any,
) -> Refused:
    return Refused(op, inputs, arguments, torch, blamed=blamed, code=code, stricter=stricter, emission=emission)


def op_class(name: str) -> type[Op]:
    found = find(name)
    assert found is not None, name
    return found


def type_of(text: str) -> TensorType:
    sizes_and_dtype, _, labels = text.partition("@")
    shape, _, dtype = sizes_and_dtype.strip().partition(":")
    symbols = {name: symbol(name) for name in SETTINGS[0]}
    type_ = TensorType.of([eval(size, {}, symbols) for size in shape.split()], DType(dtype or "float32"))
    return type_._replace(axes=tuple(labels.split())) if labels else type_


def at(type_: TensorType, sizes: Sizes) -> tuple[int, ...]:
    """The shape at these sizes."""
    shape = tuple(evaluate(size, sizes) for size in type_.shape)
    assert all(isinstance(size, int) for size in shape), shape
    return shape  # type: ignore[return-value]
