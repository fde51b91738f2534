"""What elaboration knows of a value: its element type, its sizes, and what each axis means."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from archspec.dims import Dim, product_of


class DType(StrEnum):
    """Element types, under torch's names."""

    float16 = "float16"
    bfloat16 = "bfloat16"
    float32 = "float32"
    float64 = "float64"
    int8 = "int8"
    uint8 = "uint8"
    int16 = "int16"
    int32 = "int32"
    int64 = "int64"
    bool = "bool"

    __hash__ = str.__hash__  # Enum's own is written in Python, and every look-up of a type would wait for it

    @property
    def bytes(self) -> int:
        """The size of one element."""
        return _BYTES[self]

    @property
    def is_floating(self) -> builtins.bool:
        return "float" in self


_BYTES = {dtype: int("".join(filter(str.isdigit, dtype)) or 8) // 8 for dtype in DType}

Axes: TypeAlias = tuple[str | None, ...]
LABELS = ("N", "C", "D", "H", "W", "L")
SPATIAL = ("D", "H", "W", "L")
_DEFAULT_AXES: dict[int, Axes] = {
    2: ("N", "C"),
    3: ("N", "C", "L"),
    4: ("N", "C", "H", "W"),
    5: ("N", "C", "D", "H", "W"),
}


def default_axes(rank: int) -> Axes:
    """The labels of an axis-by-axis fresh value: N C, N C L, N C H W, N C D H W, else none."""
    return _DEFAULT_AXES.get(rank, (None,) * rank)


class TensorType(NamedTuple):
    """Shape, axis labels and element type of a value. `axes` has one label, or None, per axis."""

    shape: tuple[Dim, ...]
    axes: Axes
    dtype: DType = DType.float32

    @classmethod
    def of(cls, shape: Iterable[Dim], dtype: DType = DType.float32) -> TensorType:
        """A type with the default labels of its rank."""
        sizes = tuple(shape)
        return cls(sizes, default_axes(len(sizes)), dtype)

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def elements(self) -> Dim:
        return product_of(self.shape)

    def __str__(self) -> str:
        return " x ".join(map(str, self.shape)) if self.shape else "scalar"
