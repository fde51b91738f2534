"""Numbers beside tensors: arguments that every element meets."""

from __future__ import annotations

from archspec.ops.base import OpError
from archspec.types import DType


def scalar(field: str, value: float, dtype: DType) -> float:
    """The number as it stands beside elements of this type: beside integers an integer. Raises OpError for
    another number there, which torch would convert the elements for."""
    if dtype.is_floating:
        return value
    if not float(value).is_integer() or not -(2 ** (8 * dtype.bytes - 1)) <= value < 2 ** (8 * dtype.bytes - 1):
        raise OpError(f"{field} is {value}, and the input holds integers ({dtype})", field=field)
    return int(value)
