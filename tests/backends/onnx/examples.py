"""The examples of the ops, emitted with tensors of zeros: what a file looks like does not depend on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
from numpy.typing import NDArray

from archspec.backends.onnx import Emission, EmitError
from archspec.graph import Graph
from archspec.types import DType
from tests.ops.cases import Example
from tests.ops.realize import one_layer


def emitted_example(example: Example, **options: Any) -> tuple[Graph, onnx.ModelProto] | None:
    """The network of an example, and its file; None where that can't be written with these options."""
    graph = one_layer(example.make(), example)
    tensors = {key: _zeros(tensor.shape, tensor.dtype) for key, _, tensor in graph.owned()}
    try:
        return graph, ir.to_proto(Emission(graph, **options).model(tensors))
    except EmitError:
        return None


def _zeros(shape: tuple[int, ...], dtype: DType) -> NDArray[Any]:
    return np.zeros(shape, ir.DataType.BFLOAT16.numpy() if dtype is DType.bfloat16 else np.dtype(dtype))
