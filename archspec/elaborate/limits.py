"""Limits on tensors: what no runtime can hold is refused where it first occurs."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from archspec.dims import Dim
from archspec.types import DType, TensorType

MAX_AXES = 64
"""torch's limit for reductions."""
MAX_BYTES = 2**63 - 1
"""What an int64 counts, as torch and ONNX do."""
MAX_TERM = 1_000
"""Characters of a symbolic size: what takes more cannot be read, and takes ever longer to be worked out."""


def excess(type_: TensorType) -> str | None:
    """What is too large about a tensor, its symbols at their smallest; None: nothing."""
    if type_.rank > MAX_AXES:
        return f"a tensor of {type_.rank:,} axes; torch and onnxruntime stop at {MAX_AXES}"
    elements = 1
    for size in type_.shape:
        if isinstance(size, int):
            elements *= size
        elif len(str(size)) > MAX_TERM:
            return f"a tensor with a size that takes more than {MAX_TERM:,} characters to write"
    return _excess_of(elements, type_.shape, type_.dtype)


def excess_of(shape: Sequence[Dim], dtype: DType) -> str | None:
    """The same of a shape that has few enough axes."""
    return _excess_of(prod([size for size in shape if isinstance(size, int)]), shape, dtype)


def _excess_of(elements: int, shape: Sequence[Dim], dtype: DType) -> str | None:
    if elements < 2**32 or elements * dtype.bytes <= MAX_BYTES:  # nearly always the first
        return None
    return f"a tensor of {' x '.join(map(str, shape))} {dtype}, which is more than 2^63 bytes"
