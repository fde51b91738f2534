"""Small networks, deployed and run: what stands around a network is there, and nothing else matters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir
import onnxruntime

import archspec
from archspec.backends.onnx import emit
from archspec.deployment import Deployment, deploy

IDENTITY = """archspec: 1
name: mirror
inputs: {image: [N, 3, H, W]}
layers:
  mirror: Identity
"""

CLASSIFIER = """archspec: 1
name: classifier
inputs: {image: [N, 3, 6, 6]}
layers:
  preprocess: {op: Conv2d, out_channels: 4, kernel_size: 3}
  head:
    layers:
      flatten: Flatten
      scores: {op: Linear, out_features: 7}
"""


def deployed(text: str, deployment: Deployment) -> onnxruntime.InferenceSession:
    """A network without weights, as a file in memory."""
    model = emit(deploy(archspec.load(text).graph, deployment), {})
    return session(onnx_ir.to_proto(model).SerializeToString())


def session(model: bytes | Path) -> onnxruntime.InferenceSession:
    source: Any = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"])


def run(file: onnxruntime.InferenceSession, image: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    """All outputs for the only input."""
    (wanted,) = file.get_inputs()
    return list(file.run(None, {wanted.name: image}))
