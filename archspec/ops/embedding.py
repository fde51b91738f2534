"""Tables of vectors, read by number: torch.nn.Embedding."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from archspec.dims import Dim
from archspec.ops.base import (
    Emitter,
    Handle,
    Init,
    Op,
    OpError,
    OwnedTensor,
    Receptive,
    TorchRecipe,
    of_dtype,
    torch_nn,
)
from archspec.types import DType, TensorType


class Embedding(Op):
    """torch.nn.Embedding: ... -> ..., embedding_dim: the row of a table for each int64 or int32 number, from 0 to
    num_embeddings - 1. The new axis is labelled C, and the one that was so before L: N, L -> N, L, C. The row
    `padding_idx` starts as zeros and is not trained. torch's `max_norm` and `norm_type` are none: with them a forward
    pass changes the weights."""

    num_embeddings: int = Field(ge=0)
    embedding_dim: int = Field(ge=0)
    padding_idx: int | None = None
    scale_grad_by_freq: bool = False
    sparse: bool = False

    def infer(self, *inputs: TensorType) -> TensorType:
        of_dtype(self, inputs[0], DType.int64, DType.int32)
        rows = self.num_embeddings
        if self.padding_idx is not None and not -rows <= self.padding_idx < rows:
            message = f"padding_idx is {self.padding_idx}, but there are {rows} rows: {-rows} to {rows - 1}"
            raise OpError(message, field="padding_idx")
        if rows == 0 and inputs[0].elements != 0:
            raise OpError(f"num_embeddings is {rows}, and {inputs[0]} numbers have no row", field="num_embeddings")
        axes = inputs[0].axes
        positions = (("L" if "L" not in axes else None) if label == "C" else label for label in axes)
        return TensorType((*inputs[0].shape, self.embedding_dim), (*positions, "C"))

    def entries(self, *inputs: TensorType) -> Dim:
        return self.num_embeddings

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        return {"weight": OwnedTensor((self.num_embeddings, self.embedding_dim), Init("normal", std=1.0))}

    def macs(self, *inputs: TensorType) -> Dim:
        return 0

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "point"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Gather", emit.parameter("weight"), values[0], axis=0)
