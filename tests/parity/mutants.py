"""What may go wrong in an emitter, one mistake at a time, injected while it writes one layer of `TEXT`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import onnx_ir as ir
import pytest
import torch

from archspec.backends.onnx.emitter import GraphEmitter
from archspec.graph import Node

TEXT = """
archspec: 1
inputs: {image: [N, 3, 24, 16]}
blocks:
  Mixed:
    layers:
      grouped: {op: Conv2d, out_channels: 16, kernel_size: 3, padding: 1, groups: 4}
      groups: {op: GroupNorm, num_groups: 4}
      relu: ReLU
      left: {op: Conv2d, from: relu, out_channels: 16, kernel_size: 1}
      pad: {op: ZeroPad2d, from: relu, padding: [0, 1, 0, 1]}
      right: {op: Conv2d, out_channels: 16, kernel_size: 2}
      cat: {op: Concat, from: [left, right]}
layers:
  stem: {op: Conv2d, out_channels: 16, kernel_size: 3, padding: 1}
  bn: BatchNorm2d
  prelu: {op: PReLU, num_parameters: 16}
  mixed: Mixed
  pool: {op: MaxPool2d, kernel_size: 3, stride: 2, ceil_mode: true}
  avg: {op: AvgPool2d, kernel_size: 3, stride: 2, padding: 1}
  gelu: GELU
  gate: Hardsigmoid
  gated: {op: Mul, from: [gate, gelu]}
  leaky: {op: LeakyReLU, negative_slope: 0.2}
  shuffle: {op: PixelShuffle, upscale_factor: 2}
  down: {op: Upsample, scale_factor: 0.5, mode: bilinear}
  flat: {op: Flatten, start_dim: 2}
  tokens: {op: Permute, dims: [0, 2, 1]}
  norm: {op: LayerNorm, eps: 1.0e-6}
  attention: {op: MultiheadAttention, embed_dim: 8, num_heads: 2, batch_first: true, from: [norm, norm, norm]}
  added: {op: Add, from: [norm, attention]}
  soft: {op: Softmax, dim: -1}
  weighted: {op: Mul, from: [soft, added]}
  all: Flatten
  fc: {op: Linear, out_features: 8}
  head: {op: Linear, out_features: 8}
"""


class Written(NamedTuple):
    """A node as the emitter is about to add it."""

    op_type: str
    inputs: Sequence[ir.Value | None]
    attributes: Mapping[str, Any]


class Mutant(NamedTuple):
    """A mistake in the emission of one layer: another argument, another node, or another tensor."""

    name: str
    layer: str
    arguments: Mapping[str, Any] = {}
    node: Callable[[Written], Written] | None = None
    kind: str = ""  # of the nodes that `node` changes
    tensor: Callable[[torch.Tensor], torch.Tensor] | None = None
    parameter: str = "weight"  # the one that `tensor` changes

    @property
    def line(self) -> int:
        """Where its layer is written in TEXT."""
        name = self.layer.rpartition(".")[2]
        return next(number for number, line in enumerate(TEXT.splitlines(), 1) if re.match(rf" +{name}:", line))

    def inject(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let every emission make this mistake."""
        emit_layer, append, parameter = GraphEmitter._emit_layer, GraphEmitter._append, GraphEmitter.parameter

        def mutated_layer(emitter: GraphEmitter, layer: Node) -> None:
            wrong = layer.path == self.layer and self.arguments
            emit_layer(emitter, replace(layer, op=layer.op.model_copy(update=dict(self.arguments))) if wrong else layer)

        def mutated_append(
            emitter: GraphEmitter,
            name: str,
            op_type: str,
            outputs: int,
            inputs: Sequence[ir.Value | None],
            attributes: Mapping[str, Any],
        ) -> tuple[ir.Value, ...]:
            written = Written(op_type, inputs, attributes)
            if self.node and emitter._layer and emitter._layer.path == self.layer and op_type == self.kind:
                written = self.node(written)
            return append(emitter, name, written.op_type, outputs, written.inputs, written.attributes)

        def mutated_parameter(emitter: GraphEmitter, name: str) -> ir.Value:
            found = parameter(emitter, name)
            if self.tensor and emitter._layer and emitter._layer.path == self.layer and name == self.parameter:
                assert found.const_value is not None
                wrong = self.tensor(torch.from_numpy(found.const_value.numpy().copy()))
                found.const_value = ir.tensor(wrong.numpy(), name=found.name)
            return found

        monkeypatch.setattr(GraphEmitter, "_emit_layer", mutated_layer)
        monkeypatch.setattr(GraphEmitter, "_append", mutated_append)
        monkeypatch.setattr(GraphEmitter, "parameter", mutated_parameter)


def _with(**attributes: Any) -> Callable[[Written], Written]:
    """Other attributes; None leaves one out."""
    return lambda node: node._replace(attributes={**node.attributes, **attributes})


def _as(op_type: str, inputs: int | None = None) -> Callable[[Written], Written]:
    """Another operator, without attributes, of the first inputs."""
    return lambda node: Written(op_type, node.inputs[:inputs], {})


def _reading(*order: int) -> Callable[[Written], Written]:
    return lambda node: node._replace(inputs=[node.inputs[k] for k in order])


def _spoiled(tensor: torch.Tensor) -> torch.Tensor:
    tensor.flatten()[3] = torch.nan
    return tensor


MUTANTS = [
    # Those of which everyone has heard.
    Mutant("a convolution's weight rounded to float16", "mixed.right", tensor=lambda weight: weight.half().float()),
    Mutant("GELU by tanh", "gelu", {"approximate": "tanh"}),
    Mutant("LayerNorm with 1e-5 for 1e-6", "norm", {"eps": 1e-5}),
    Mutant("BatchNorm with 1e-3 for 1e-5", "bn", {"eps": 1e-3}),
    Mutant("max pool without ceil_mode", "pool", {"ceil_mode": False}),
    Mutant("Concat in another order", "mixed.cat", node=_reading(1, 0), kind="Concat"),
    Mutant("NaN", "mixed.left", tensor=_spoiled),
    # Defaults of ONNX that are not torch's.
    Mutant("HardSigmoid with ONNX's alpha", "gate", node=_with(alpha=None), kind="HardSigmoid"),
    Mutant("LeakyRelu with ONNX's alpha", "leaky", node=_with(alpha=None), kind="LeakyRelu"),
    Mutant("average pool that leaves the border out", "avg", node=_with(count_include_pad=0), kind="AveragePool"),
    Mutant("DepthToSpace in ONNX's order", "shuffle", node=_with(mode="DCR"), kind="DepthToSpace"),
    Mutant("Resize of corners", "down", node=_with(coordinate_transformation_mode="asymmetric"), kind="Resize"),
    # Axes, sides, shapes and orders.
    Mutant("a slope along the last axis", "prelu", node=_as("Identity", 1), kind="Reshape"),
    Mutant("pads at the other side", "mixed.pad", {"padding": (1, 0, 1, 0)}),
    Mutant("groups in another order", "mixed.grouped", tensor=lambda weight: weight.roll(4, 0)),
    Mutant("GroupNorm of other groups", "mixed.groups", {"num_groups": 2}),
    Mutant("Softmax of another axis", "soft", node=_with(axis=1), kind="Softmax"),
    Mutant("statistics for gains", "bn", node=_reading(0, 4, 2, 3, 1), kind="BatchNormalization"),
    Mutant("a matrix that is not transposed", "head", node=_with(transB=0), kind="Gemm"),
    # What is left out, or another.
    Mutant("attention without its scale", "attention", node=_as("Identity", 1), kind="Mul"),
    Mutant("no Relu", "mixed.relu", node=_as("Identity"), kind="Relu"),
    Mutant("a convolution without bias", "stem", node=_reading(0, 1), kind="Conv"),
    Mutant("Add for Mul", "gated", node=_as("Add"), kind="Mul"),
]
