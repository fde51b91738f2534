"""The greatest values along an axis, and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from archspec.ops.base import (
    FLOATS,
    Emitter,
    Fact,
    Handle,
    OpError,
    Receptive,
    TorchModule,
    TorchRecipe,
    Weightless,
    axis_of,
    of_dtype,
    of_least_rank,
)
from archspec.ops.conditions import can_reach
from archspec.ops.emission import integers, runnable
from archspec.types import DType, TensorType


class TopK(Weightless):
    """torch.topk: the `k` greatest values along `dim`, or the least ones where `largest` is false, in order; and where
    they stand (int64). Of floating-point numbers, of which hardly two are equal: whose place comes first then, nobody
    says."""

    multiple: ClassVar[bool] = True

    k: int = Field(ge=0)
    dim: int = -1
    largest: bool = True

    def infer(self, *inputs: TensorType) -> tuple[TensorType, TensorType]:
        of_least_rank(self, inputs[0], 1)
        of_dtype(self, inputs[0], *FLOATS)
        shape, axes, dtype = inputs[0]
        axis = axis_of("dim", self.dim, len(shape))
        if not can_reach(shape[axis], self.k):
            message = f"k is {self.k}, and there are {inputs[0].measure(axis)} to choose from"
            raise OpError(message, field="k", facts=[Fact(0, axis)])
        found = TensorType((*shape[:axis], self.k, *shape[axis + 1 :]), axes, dtype)
        return found, found._replace(dtype=DType.int64)

    def receptive(self, *inputs: TensorType) -> Receptive:
        """Over the channels each position sees itself; over any other axis, all of it."""
        return "point" if inputs[0].axes[self.dim] == "C" else "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchModule("archspec.backends.torch.layers.TopK", {"k": self.k, **self.written()})

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> tuple[Handle, ...]:
        runnable("TopK", inputs[0], DType.float32, DType.float64)
        axis = axis_of("dim", self.dim, inputs[0].rank)
        return emit.nodes("TopK", 2, values[0], integers(emit, [self.k]), axis=axis, largest=int(self.largest))
