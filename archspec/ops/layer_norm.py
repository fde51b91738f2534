"""Normalisation of each position by its own values: over the last axes, or over the channels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from pydantic import Field

from archspec.ops.arguments import OptionalNatural1, OptionalSections
from archspec.ops.base import (
    SINGLE,
    Emitter,
    Fact,
    Handle,
    OpError,
    OwnedTensor,
    Receptive,
    TorchModule,
    TorchRecipe,
    known,
    layout,
    of_dtype,
    of_least_rank,
    of_rank,
    torch_nn,
)
from archspec.ops.emission import integers, mean
from archspec.ops.formula import Term
from archspec.ops.normalizing import Normalization, affine_tensors
from archspec.types import TensorType

_EPSILON = 2.0**-23  # torch.finfo(torch.float32).eps


class _OverLast(Normalization):
    """Over the last axes. `normalized_shape` is the last axis where it isn't given; where it is, its length
    selects the axes, and its values are asserted."""

    normalized_shape: OptionalSections = None

    def _normalized(self, type_: TensorType) -> tuple[int, ...]:
        written = self.normalized_shape if isinstance(self.normalized_shape, tuple) else (self.normalized_shape,)
        of_least_rank(self, type_, len(written) + 1)
        pairs = zip(type_.shape[-len(written) :], written, strict=True)
        found = tuple(known(size, "a normalised size", written=wanted) for size, wanted in pairs)
        if written not in ((None,), found):
            sizes = " x ".join(map(str, found))
            text = f"normalized_shape is {self.normalized_shape}, but the input ends in {sizes}"
            axes = [k for k, size in enumerate(written, -len(written)) if size != found[k]]
            raise OpError(text, field="normalized_shape", facts=[Fact(0, k) for k in axes])
        return found

    def infer(self, *inputs: TensorType) -> TensorType:
        of_dtype(self, inputs[0], SINGLE)
        self._normalized(inputs[0])
        return inputs[0]

    @abstractmethod
    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        """A scale, and maybe a shift, of the shape that is normalised."""

    def receptive(self, *inputs: TensorType) -> Receptive:
        count = len(self._normalized(inputs[0]))
        return "point" if inputs[0].axes[-count:] == ("C",) else "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        shape = self._normalized(inputs[0])
        return torch_nn(self, normalized_shape=shape[0] if len(shape) == 1 else shape)


class LayerNorm(_OverLast):
    """torch.nn.LayerNorm: the last axes of each sample to mean 0 and deviation 1. Keeps its input's type.
    `normalized_shape` is the last axis where it isn't given; where it is, its length selects the axes,
    and its values are asserted. Source: Ba et al., 2016 (arXiv:1607.06450)."""

    eps: float = Field(1e-5, ge=0)
    elementwise_affine: bool = True
    bias: bool = True

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        return affine_tensors(self._normalized(inputs[0]), self.elementwise_affine, self.bias)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        if 0 in inputs[0].shape:
            return values[0]  # nothing, which runtimes refuse to normalise
        shape = self._normalized(inputs[0])
        tensors = [emit.parameter(name) for name in self.parameters(*inputs)]
        if emit.opset < 17:
            return self._spelled(emit, Term(emit, values[0], inputs[0].dtype), len(shape), tensors).handle
        if not tensors:  # ONNX wants a scale
            tensors = [emit.node("Expand", emit.constant(1.0), integers(emit, shape))]
        return emit.node("LayerNormalization", values[0], *tensors, axis=-len(shape), epsilon=self.eps)

    def _spelled(self, emit: Emitter, x: Term, count: int, tensors: Sequence[Handle]) -> Term:
        """Over the last `count` axes, in the nodes that runtimes know for a layer normalisation."""
        axes = range(-count, 0)
        centred = x - replace(x, handle=mean(emit, x.handle, axes))
        variance = replace(x, handle=mean(emit, centred.apply("Pow", 2.0).handle, axes))
        normal = centred / (variance + self.eps).apply("Sqrt")
        for operator, tensor in zip(("Mul", "Add"), tensors, strict=False):
            normal = normal.apply(operator, replace(x, handle=tensor))
        return normal


class RMSNorm(_OverLast):
    """torch.nn.RMSNorm: the last axes of each sample over the root of their mean square, x / sqrt(mean(x^2) + eps).
    Keeps its input's type. `normalized_shape` is as in LayerNorm; without `eps` it is float32's, 2^-23.
    Source: Zhang and Sennrich, 2019 (arXiv:1910.07467)."""

    eps: float | None = Field(None, ge=0)
    elementwise_affine: bool = True

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        return affine_tensors(self._normalized(inputs[0]), self.elementwise_affine, bias=False)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        """ONNX's own RMSNormalization is of opset 23."""
        x, count = values[0], len(self._normalized(inputs[0]))
        squares = mean(emit, emit.node("Mul", x, x), list(range(-count, 0)))
        eps = emit.constant(_EPSILON if self.eps is None else self.eps)
        scaled = emit.node("Div", x, emit.node("Sqrt", emit.node("Add", squares, eps)))
        return emit.node("Mul", scaled, emit.parameter("weight")) if self.elementwise_affine else scaled


class LayerNorm2d(Normalization):
    """torchvision's LayerNorm2d, of ConvNeXt: the channels of each position to mean 0 and deviation 1. N, C, H, W,
    which it keeps. Source: Liu et al., 2022 (arXiv:2201.03545)."""

    normalized_shape: OptionalNatural1 = None
    eps: float = Field(1e-5, ge=0)
    elementwise_affine: bool = True
    bias: bool = True

    def _channels(self, type_: TensorType) -> int:
        channels, (written,) = type_.shape[1], self.normalized_shape or (None,)
        if isinstance(channels, int) and written not in (None, channels):
            text = f"normalized_shape is {written}, but the input has {channels} channels"
            raise OpError(text, field="normalized_shape")
        return known(channels, "the number of channels", written=written)

    def infer(self, *inputs: TensorType) -> TensorType:
        of_rank(self, inputs[0], 4, axes=layout(4))
        of_dtype(self, inputs[0], SINGLE)
        self._channels(inputs[0])
        return TensorType.of(inputs[0].shape)

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        return affine_tensors((self._channels(inputs[0]),), self.elementwise_affine, self.bias)

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "point"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        arguments = {"normalized_shape": self._channels(inputs[0])}
        return TorchModule("archspec.backends.torch.layers.LayerNorm2d", {**arguments, **self.written(), **arguments})

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        _, channels, height, width = inputs[0].shape
        last = inputs[0]._replace(shape=(inputs[0].shape[0], height, width, channels))
        norm = LayerNorm(eps=self.eps, elementwise_affine=self.elementwise_affine, bias=self.bias)
        x = norm.to_onnx(emit, [emit.node("Transpose", values[0], perm=[0, 2, 3, 1])], last)
        return emit.node("Transpose", x, perm=[0, 3, 1, 2])
