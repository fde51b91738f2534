"""What normalisations share."""

from __future__ import annotations

from archspec.dims import Dim
from archspec.ops.base import ONES, ZEROS, Op, OwnedTensor
from archspec.types import TensorType


class Normalization(Op):
    """Keeps the type of its input; is no multiplication that is counted."""

    def macs(self, *inputs: TensorType) -> Dim:
        return 0


def affine_tensors(shape: tuple[int, ...], weight: bool, bias: bool) -> dict[str, OwnedTensor]:
    """A scale, and a shift with it."""
    tensors = {"weight": OwnedTensor(shape, ONES), "bias": OwnedTensor(shape, ZEROS)}
    return {name: tensors[name] for name, there in (("weight", weight), ("bias", weight and bias)) if there}
