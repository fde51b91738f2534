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
_COUNTED = {"N": "samples", "C": "channels", "D": "slices", "H": "rows", "W": "columns", "L": "positions"}
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

    def counts(self, axis: int) -> str:
        """What the size of an axis counts, in words: channels, rows, columns, ..."""
        label = self.axes[axis]
        if label is None:
            return f"positions in axis {axis % self.rank}"
        if label == "C" and axis % self.rank == self.rank - 1 and self.rank < 4:
            return "features"
        return _COUNTED[label]

    def measure(self, axis: int) -> str:
        """The size of an axis with what it counts: 64 channels, 1 row."""
        size, counts = self.shape[axis], self.counts(axis)
        return f"1 {counts.removesuffix('s')}" if size == 1 and counts.endswith("s") else f"{size} {counts}"

    def __str__(self) -> str:
        return " x ".join(map(str, self.shape)) if self.shape else "scalar"


def in_spec(value: object) -> str:
    """A value as a spec would write it."""
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):  # no named tuple, as an op is
        return f"[{', '.join(map(in_spec, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {in_spec(item)}' for key, item in value.items())}}}"
    if value is None or isinstance(value, builtins.bool):
        return str(value).lower().replace("none", "null")
    return value.__name__ if isinstance(value, type) else str(value)
