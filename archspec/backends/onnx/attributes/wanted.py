"""What a layer's arguments ask of ONNX nodes: operators, and what these are told.

An operator is told things by attributes, and by inputs that are constants: which of the two differs from opset to
opset (`axes` of ReduceMean), the names don't. So both are settings here, under the names of ONNX's specification.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from archspec.dims import Dim
from archspec.graph import Node

_FAR = 2**31 - 1  # an end from here on is the end of the axis


class Wanted(NamedTuple):
    """A node that a layer has. Attributes that are not among its settings have their operator's defaults."""

    op_type: str
    settings: Mapping[str, Any] = {}


Rule: TypeAlias = Callable[[Node, int], Sequence[Wanted]]
"""The nodes that a layer asks for, at an opset."""


class Setting(ABC):
    """A value that may be written in several ways, all of which mean the same."""

    @abstractmethod
    def fits(self, found: Any) -> bool:
        """Whether this is one of them."""


@dataclass(frozen=True)
class Free(Setting):
    """No image of an argument: it follows from the shapes, which are checked by themselves."""

    def fits(self, found: Any) -> bool:
        return True


@dataclass(frozen=True)
class Among(Setting):
    """One of these."""

    values: Sequence[Any]

    def fits(self, found: Any) -> bool:
        return found in self.values

    def __str__(self) -> str:
        return " or ".join(map(str, self.values))


@dataclass(frozen=True)
class Axes(Setting):
    """Axes of a value of this rank, from its start or from its end; a number, or several in any order."""

    numbers: int | Sequence[int]
    rank: int

    def fits(self, found: Any) -> bool:
        if isinstance(found, int) != isinstance(self.numbers, int):
            return False
        return self._counted(found) == self._counted(self.numbers)

    def _counted(self, numbers: int | Sequence[int]) -> list[int]:
        return sorted(number % self.rank for number in ([numbers] if isinstance(numbers, int) else numbers))

    def __str__(self) -> str:
        return str(self.numbers)


@dataclass(frozen=True)
class Shape(Setting):
    """These sizes, the shape of a value that is reshaped from `before`: 0 copies the size in its place, one -1
    is what the others leave."""

    before: Sequence[Dim]
    after: Sequence[Dim]

    def fits(self, found: Any) -> bool:
        if len(found) != len(self.after) or list(found).count(-1) > 1:
            return False
        copied = [*self.before, *[None] * len(self.after)]
        return all(
            number in (size, -1) or (number == 0 and copied[k] == size)
            for k, (number, size) in enumerate(zip(found, self.after, strict=True))
        )

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.after))}]"


@dataclass(frozen=True)
class Last(Setting):
    """These numbers at the end, whatever stands before them; where one may be another one, too, both."""

    numbers: Sequence[Any]

    def fits(self, found: Any) -> bool:
        last = list(found)[len(found) - len(self.numbers) :]
        return len(last) == len(self.numbers) and all(
            any(same(number, each) for each in (wanted if isinstance(wanted, tuple) else (wanted,)))
            for number, wanted in zip(last, self.numbers, strict=True)
        )

    def __str__(self) -> str:
        return f"[..., {', '.join(map(str, self.numbers))}]"


@dataclass(frozen=True)
class End(Setting):
    """Where a slice ends: None is the end of the axis."""

    number: int | None

    def fits(self, found: Any) -> bool:
        return bool(found[0] == self.number if self.number is not None else found[0] >= _FAR)

    def __str__(self) -> str:
        return "the end" if self.number is None else f"[{self.number}]"


def fixed(op_type: str, *more: str, **settings: Any) -> Rule:
    """These operators, the first of them with these settings, whatever the arguments are."""
    nodes = [Wanted(op_type, settings), *map(Wanted, more)]
    return lambda layer, opset: nodes


def told(op_type: str, **arguments: str) -> Rule:
    """One operator, and for each of its settings the name of the argument that it is."""
    return lambda layer, opset: [
        Wanted(op_type, {name: getattr(layer.op, argument) for name, argument in arguments.items()})
    ]


def _rounded(numbers: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Numbers in the precision of a file. In float16 what is beyond its range is its end, and what it would take for 0
    is its least number: a mask stays finite, and nothing is divided by 0."""
    if dtype != np.float16 or not np.issubdtype(numbers.dtype, np.floating):
        return numbers.astype(dtype)
    limits = np.finfo(np.float16)
    least = np.copysign(limits.smallest_subnormal, numbers)
    kept = np.where((numbers != 0) & (np.abs(numbers) < limits.smallest_subnormal), least, numbers)
    return np.where(np.isfinite(numbers), kept.clip(limits.min, limits.max), numbers).astype(dtype)


def same(found: Any, value: Any) -> bool:
    """Whether what a file holds is what is wanted. Its numbers may be of less precision; a number left out, of those
    that are all alike, is the specification's."""
    if isinstance(value, Setting):
        told = found.tolist() if isinstance(found, np.ndarray) else found
        return isinstance(value, Free) or (told is not None and value.fits(told))
    if isinstance(found, np.ndarray):
        expected = _rounded(np.asarray(value), found.dtype)
        return expected.size == found.size and np.array_equal(found.ravel(), expected.ravel())
    if isinstance(value, float):
        return found is not None and bool(np.float32(found) == np.float32(value))
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return found is not None and list(found) == list(value)
    return bool(found == (value.encode() if isinstance(value, str) else value))
