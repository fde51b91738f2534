"""Normalisation without weights: by the nearest channels, by numbers that are given, and to length 1."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from archspec.dims import product_of
from archspec.ops.arguments import Numbers
from archspec.ops.base import (
    FLOATS,
    Elementwise,
    Emitter,
    Handle,
    OpError,
    Receptive,
    TorchExpression,
    TorchRecipe,
    Weightless,
    axis_of,
    layout,
    of_dtype,
    of_least_rank,
    of_rank,
    torch_nn,
)
from archspec.ops.conditions import can_equal
from archspec.ops.emission import reduced, reshape, zeros_around
from archspec.types import DType, TensorType


class LocalResponseNorm(Weightless):
    """torch.nn.LocalResponseNorm: each value over the mean square of its `size` nearest channels,
    x / (k + alpha mean)^beta. N, C, ..., which it keeps. Source: Krizhevsky et al., 2012, section 3.3."""

    size: int = Field(ge=1)
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0

    def infer(self, *inputs: TensorType) -> TensorType:
        of_least_rank(self, inputs[0], 3)
        of_dtype(self, inputs[0], DType.float32, DType.float64)
        return inputs[0]

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "point"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        """By a pool over the channels: ONNX's LRN is refused by runtimes for even sizes, and for other
        than four axes."""
        x, type_ = values[0], inputs[0]
        if 0 in type_.shape:
            return x  # nothing, which runtimes refuse to pool
        if type_.dtype is DType.float64:
            raise OpError("onnxruntime pools no float64", input=0)
        if self.size % 2 and type_.rank == 4:
            return emit.node("LRN", x, size=self.size, alpha=self.alpha, beta=self.beta, bias=self.k)
        batch, channels, *rest = type_.shape
        rows = (batch, 1, channels, product_of(rest))
        squares = reshape(emit, emit.node("Mul", x, x), type_.shape, rows)
        padded = zeros_around(emit, squares, [(self.size // 2, (self.size - 1) // 2), (0, 0)])
        means = emit.node("AveragePool", padded, kernel_shape=[self.size, 1], count_include_pad=1)
        means = reshape(emit, means, rows, type_.shape)
        scaled = emit.node("Mul", means, emit.constant(self.alpha, type_.dtype))
        base = emit.node("Add", scaled, emit.constant(self.k, type_.dtype))
        return emit.node("Div", x, emit.node("Pow", base, emit.constant(self.beta, type_.dtype)))


class Normalize(Elementwise):
    """torchvision.transforms.Normalize: (x - mean) / std, by one number for all channels or by one for each.
    N, C, H, W, which it keeps. It owns nothing: the numbers are arguments."""

    mean: Numbers
    std: Numbers

    def infer(self, *inputs: TensorType) -> TensorType:
        of_rank(self, inputs[0], 4, axes=layout(4))
        of_dtype(self, inputs[0], *FLOATS)
        for name, numbers in (("mean", self.mean), ("std", self.std)):
            if len(numbers) > 1 and not can_equal(inputs[0].shape[1], len(numbers)):
                channels = inputs[0].shape[1]
                raise OpError(f"{name} is {list(numbers)}, for {len(numbers)} channels of {channels}", field=name)
        if 0 in self.std:
            raise OpError(f"std is {list(self.std)}, and nothing is divided by 0", field="std")
        return inputs[0]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        mean, std = (f"{{0}}.new_tensor({list(numbers)}).reshape(-1, 1, 1)" for numbers in (self.mean, self.std))
        return TorchExpression(f"({{0}} - {mean}) / {std}")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        mean, std = (
            emit.constant([[[number]] for number in numbers], inputs[0].dtype) for numbers in (self.mean, self.std)
        )
        return emit.node("Div", emit.node("Sub", values[0], mean), std)


class LpNormalize(Weightless):
    """torch.nn.functional.normalize: vectors along `dim` over their p-norms, so that they have length 1; over `eps`
    where the norm is less."""

    p: float = Field(2.0, gt=0)
    dim: int = 1
    eps: float = Field(1e-12, ge=0)

    def infer(self, *inputs: TensorType) -> TensorType:
        of_dtype(self, inputs[0], DType.float32, DType.float64)
        axis_of("dim", self.dim, inputs[0].rank)
        return inputs[0]

    def receptive(self, *inputs: TensorType) -> Receptive:
        """Over the channels each position sees itself; over any other axis, all of it."""
        return "point" if inputs[0].axes[self.dim] == "C" else "whole"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        arguments = "".join(f", {name}={value}" for name, value in self.written().items())
        return TorchExpression(f"torch.nn.functional.normalize({{0}}{arguments})")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        axes, dtype = [axis_of("dim", self.dim, inputs[0].rank)], inputs[0].dtype
        x = values[0]
        if self.p in (1, 2):
            norm = reduced(emit, f"ReduceL{int(self.p)}", x, axes)
        else:
            powers = emit.node("Pow", emit.node("Abs", x), emit.constant(self.p, dtype))
            norm = emit.node("Pow", reduced(emit, "ReduceSum", powers, axes), emit.constant(1 / self.p, dtype))
        return emit.node("Div", x, emit.node("Max", norm, emit.constant(self.eps, dtype)))
