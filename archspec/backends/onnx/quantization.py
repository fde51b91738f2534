"""int8 by onnxruntime's own quantiser: QuantizeLinear and DequantizeLinear around what has integer kernels.

Activations are uint8, weights int8 with a scale for each output channel, which onnxruntime's CPU kernels are made for.
On x86 processors without VNNI their sums of products may saturate; the quantiser's answer to that, weights of 7 bits,
costs all others 2 to 3 dB, and is not given here.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnx
import onnx_ir as ir
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator
from onnxruntime import quantization as quantizer

from archspec.backends.onnx.emitter import EmitError
from archspec.backends.onnx.files import LARGEST_FILE, save

_WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")
# Activations are clipped by the range of the layer before them. Sums stay in float32: residual streams have ranges
# that 8 bits don't cover (a ViT loses 5 dB by it).
_TYPES = [*_WEIGHTED, "Relu", "Clip", "MaxPool"]


def quantize(source: Path, target: Path, batches: Iterable[Mapping[str, NDArray[Any]]]) -> None:
    """Write the int8 form of an fp32 file, with the ranges of values that `batches` lead to: its inputs by name, one
    batch after the other. Names, metadata and symbolic sizes stay."""
    model = ir.load(source)
    _work_out_weights(model)
    with tempfile.TemporaryDirectory(dir=target.parent) as directory, _silence():
        found = Path(directory) / target.name
        quantizer.quantize_static(
            ir.to_proto(model),
            found,
            _Reader(batches),
            quant_format=quantizer.QuantFormat.QDQ,
            op_types_to_quantize=_TYPES,
            per_channel=True,
            activation_type=quantizer.QuantType.QUInt8,
            weight_type=quantizer.QuantType.QInt8,
        )
        quantized = ir.from_proto(onnx.load(found))
    quantized.producer_name, quantized.producer_version = model.producer_name, model.producer_version
    quantized.metadata_props.clear()  # the quantiser's own
    quantized.metadata_props.update(model.metadata_props)
    _tell_shapes(quantized.graph)
    save(quantized, target)


def require_quantizable(model: ir.Model) -> None:
    """Raise EmitError for a model with nothing to quantise, or too much of it."""
    if not any(node.op_type in _WEIGHTED for node in model.graph):
        raise EmitError("int8 is for convolutions, linear layers and matrix products, and the network has none")
    size = sum(_tensor(value).nbytes for value in model.graph.initializers.values())
    if size > LARGEST_FILE:
        raise EmitError(f"the network has {size / 1e9:.2f} GB of tensors, and onnxruntime quantises less than 2 GB")


class _Reader(quantizer.CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    """Batches, one after the other."""

    def __init__(self, batches: Iterable[Mapping[str, NDArray[Any]]]) -> None:
        self._batches = iter(batches)

    def get_next(self) -> Mapping[str, NDArray[Any]] | None:
        return next(self._batches, None)


@contextmanager
def _silence() -> Iterator[None]:
    """Without what the quantiser logs, on the root logger, which it would set up for that."""
    before, nobody = logging.root.manager.disable, logging.NullHandler()
    logging.root.addHandler(nobody)
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)
        logging.root.removeHandler(nobody)


def _work_out_weights(model: ir.Model) -> None:
    """Make initialisers of what the file computes from the network's tensors alone, a Linear's transposed weight say:
    the quantiser takes only those for weights."""
    graph, opsets = model.graph, dict(model.opset_imports)
    weights = {value for name, value in graph.initializers.items() if "/" not in name}
    for node in list(graph):
        inputs = [value for value in node.inputs if value is not None]
        if weights.isdisjoint(inputs) or not all(value.is_initializer() for value in inputs):
            continue
        feeds = {str(value.name): _tensor(value).numpy() for value in inputs}
        results = ReferenceEvaluator(ir.to_proto(node), opsets=opsets).run(None, feeds)
        for value, array in zip(node.outputs, results, strict=True):
            constant = ir.Value(name=value.name, const_value=ir.tensor(array, name=value.name))
            value.replace_all_uses_with(constant)
            value.name = None
            graph.register_initializer(constant)
            weights.add(constant)
        graph.remove(node, safe=True)
        for value in inputs:
            if not value.uses():
                graph.initializers.pop(str(value.name), None)


def _tell_shapes(graph: ir.Graph) -> None:
    """Type and shape of what the quantiser put in: a value, its int8 form and what that stands for are of one shape."""
    for node in graph:
        if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
            continue
        source, result, zero = node.inputs[0], node.outputs[0], node.inputs[2]
        assert source is not None, "there is something to quantise"
        assert zero is not None, "this quantiser always writes the zero"
        if node.op_type == "QuantizeLinear":
            if source.shape is None:  # what was the output of the model, and is now what its int8 form is made of
                (back,) = (user.outputs[0] for user, _ in result.uses())
                source.shape, source.type = back.shape, back.type
            result.type = ir.TensorType(_tensor(zero).dtype)
        else:
            result.type = ir.TensorType(ir.DataType.FLOAT)
        result.shape = ir.Shape(_tensor(source).shape.numpy()) if source.is_initializer() else source.shape


def _tensor(value: ir.Value) -> ir.TensorProtocol:
    assert value.const_value is not None, "an initialiser holds a tensor"
    return value.const_value
