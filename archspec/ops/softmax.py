"""Softmax along one axis, and its kin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from archspec.ops.base import Emitter, Handle, Receptive, axis_of, layout, of_rank
from archspec.ops.elementwise import Activation
from archspec.types import TensorType


class _AlongAxis(Activation):
    """Along `dim`, which is required here: torch's guess at it is deprecated there."""

    mixes_channels: ClassVar[bool] = True

    dim: int

    def infer(self, *inputs: TensorType) -> TensorType:
        axis_of("dim", self.dim, inputs[0].rank)
        return super().infer(*inputs)

    def receptive(self, *inputs: TensorType) -> Receptive:
        """Over the channels each position sees itself; over any other axis, all of it."""
        return "point" if inputs[0].axes[self.dim] == "C" else "whole"


class Softmax(_AlongAxis):
    """torch.nn.Softmax: exp(x) over its sum along `dim`, which is required here: torch's guess at it is
    deprecated there."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Softmax", values[0], axis=self.dim)


class LogSoftmax(_AlongAxis):
    """torch.nn.LogSoftmax: the logarithm of Softmax along `dim`, which is required here."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("LogSoftmax", values[0], axis=self.dim)


class Softmin(_AlongAxis):
    """torch.nn.Softmin: Softmax of -x along `dim`, which is required here."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Softmax", emit.node("Neg", values[0]), axis=self.dim)


class Softmax2d(Activation):
    """torch.nn.Softmax2d: Softmax over the channels of each position. N, C, H, W, which it keeps."""

    mixes_channels: ClassVar[bool] = True

    def infer(self, *inputs: TensorType) -> TensorType:
        of_rank(self, inputs[0], 4, axes=layout(4))
        return super().infer(*inputs)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Softmax", values[0], axis=1)
