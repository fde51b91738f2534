"""ONNX files, emitted straight from the graph, and checked before anyone sees them."""

from archspec.backends.onnx.attributes import AttributeCheck, check_attributes
from archspec.backends.onnx.emission import Emission
from archspec.backends.onnx.emitter import DEFAULT_OPSET, OPSETS, PRODUCER, EmitError, emit, raised_by, require_opset
from archspec.backends.onnx.files import (
    ExternalData,
    UnsoundError,
    check,
    data_path,
    files_of,
    keep_failed,
    require_place,
    save,
    staged,
    write,
)
from archspec.backends.onnx.quantization import quantize, require_quantizable
from archspec.backends.onnx.reading import NotOnnxError, weights_of
from archspec.backends.onnx.runtimes import LATEST, RUNTIMES, Runtime, UnknownTarget, runtime_of

__all__ = [
    "DEFAULT_OPSET",
    "LATEST",
    "OPSETS",
    "PRODUCER",
    "RUNTIMES",
    "AttributeCheck",
    "Emission",
    "EmitError",
    "ExternalData",
    "NotOnnxError",
    "Runtime",
    "UnknownTarget",
    "UnsoundError",
    "check",
    "check_attributes",
    "data_path",
    "emit",
    "files_of",
    "keep_failed",
    "quantize",
    "raised_by",
    "require_opset",
    "require_place",
    "require_quantizable",
    "runtime_of",
    "save",
    "staged",
    "weights_of",
    "write",
]
