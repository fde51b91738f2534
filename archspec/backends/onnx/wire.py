"""The bytes of an ONNX file, its tensors written straight from memory.

protobuf's own serialiser copies every tensor three times, which takes most of the time of an export. Here
it encodes all the rest; a tensor follows as its header and its memory, which are the same message in
protobuf's encoding (https://protobuf.dev/programming-guides/encoding).
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
import onnx
import onnx_ir as ir

# Field numbers of onnx.proto.
_MODEL_GRAPH = 7
_GRAPH_INITIALIZER = 5
_TENSOR_RAW_DATA = 9


def write_model(model: ir.Model, file: BinaryIO) -> None:
    """Write a model whose initialisers are all in memory, and are less than 2 GiB."""
    graph = model.graph
    without_tensors = ir.GraphView(graph.inputs, graph.outputs, nodes=tuple(graph), name=graph.name)
    nodes = ir.serde.serialize_graph(without_tensors).SerializeToString()  # type: ignore[arg-type]  # onnx_ir's slip
    tensors = [value.const_value for value in graph.initializers.values() if value.const_value is not None]
    heads = [_head(tensor) for tensor in tensors]
    length = len(nodes) + sum(len(head) + tensor.nbytes for head, tensor in zip(heads, tensors, strict=True))
    file.write(_preamble(model) + _start(_MODEL_GRAPH, length) + nodes)
    for head, tensor in zip(heads, tensors, strict=True):
        file.write(head)
        file.write(np.ascontiguousarray(tensor.numpy()).reshape(-1).view(np.uint8).data)


def _preamble(model: ir.Model) -> bytes:
    """All of a model but its graph."""
    proto = onnx.ModelProto(
        ir_version=model.ir_version,
        producer_name=model.producer_name,
        opset_import=[onnx.OperatorSetIdProto(domain=name, version=n) for name, n in model.opset_imports.items()],
        metadata_props=[
            onnx.StringStringEntryProto(key=key, value=text) for key, text in sorted(model.metadata_props.items())
        ],
    )
    return bytes(proto.SerializeToString())


def _head(tensor: ir.TensorProtocol) -> bytes:
    """What stands before a tensor's memory: its place in the graph, its name, type and shape."""
    proto = onnx.TensorProto(name=tensor.name, data_type=tensor.dtype.value, dims=tensor.shape.numpy())
    head = bytes(proto.SerializeToString()) + _start(_TENSOR_RAW_DATA, tensor.nbytes)
    return _start(_GRAPH_INITIALIZER, len(head) + tensor.nbytes) + head


def _start(field: int, length: int) -> bytes:
    """The tag of a field that holds so many bytes, and their number."""
    number = field << 3 | 2
    encoded = bytearray()
    for value in (number, length):
        while value > 0x7F:
            encoded.append(value & 0x7F | 0x80)
            value >>= 7
        encoded.append(value)
    return bytes(encoded)
