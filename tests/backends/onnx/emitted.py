"""Short specs, emitted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import onnx_ir as ir
import onnxruntime

import archspec
from archspec.backends.onnx import emit
from archspec.graph import Graph

CLASSIFIER = """
archspec: 1
inputs: {image: [N, 3, 16, 16]}
layers:
  conv: {op: Conv2d, out_channels: 4, kernel_size: 3, bias: false}
  bn: BatchNorm2d
  act: SiLU
  drop: Dropout
  pool: {op: AdaptiveAvgPool2d, output_size: 1}
  flatten: Flatten
  fc: {op: Linear, out_features: 5}
"""


def graph_of(text: str, **inputs: Any) -> Graph:
    """The graph of a spec's text."""
    return archspec.load(text, **inputs).graph


def emitted(text: str, **options: Any) -> onnx.ModelProto:
    """What a spec's text becomes in ONNX, checked."""
    architecture = archspec.load(text)
    model = ir.to_proto(emit(architecture.graph, archspec.build(architecture).state_dict(), **options))
    onnx.checker.check_model(model, full_check=True)
    return model


def names(model: onnx.ModelProto) -> list[str]:
    return [node.name for node in model.graph.node]


def node(model: onnx.ModelProto, name: str) -> onnx.NodeProto:
    [found] = [node for node in model.graph.node if node.name == name]
    return found


def session(model: onnx.ModelProto | Path) -> onnxruntime.InferenceSession:
    source = str(model) if isinstance(model, Path) else model.SerializeToString()
    return onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"])
