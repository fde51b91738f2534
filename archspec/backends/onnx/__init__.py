"""ONNX files, emitted straight from the graph, and checked before anyone sees them."""

from archspec.backends.onnx.attributes import AttributeCheck, check_attributes
from archspec.backends.onnx.emitter import DEFAULT_OPSET, OPSETS, EmitError, emit, raised_by
from archspec.backends.onnx.files import NotOnnxError, check, save, staged, weights_of, write

__all__ = [
    "DEFAULT_OPSET",
    "OPSETS",
    "AttributeCheck",
    "EmitError",
    "NotOnnxError",
    "check",
    "check_attributes",
    "emit",
    "raised_by",
    "save",
    "staged",
    "weights_of",
    "write",
]
