"""In which precision a file computes, by what is in it."""

from __future__ import annotations

import onnx

from archspec.parity.measure import FLOAT16, FLOAT32, INT8, Tolerance

_QUANTIZED = {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul"}


def tolerance_of(model: onnx.ModelProto) -> Tolerance:
    """The gates of the coarsest numbers that a file computes with: int8 where it quantises, fp16 where it holds
    tensors of float16, else fp32."""
    if any(node.op_type in _QUANTIZED for node in model.graph.node):
        return INT8
    halves = (tensor.data_type == onnx.TensorProto.FLOAT16 for tensor in model.graph.initializer)
    return FLOAT16 if any(halves) else FLOAT32
