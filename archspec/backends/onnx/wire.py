"""The bytes of an ONNX file and of a file of tensors beside it, all tensors written straight from memory.

protobuf's own serialiser copies every tensor three times, which takes most of the time of an export. Here
it encodes all the rest; a tensor follows as its header and its memory, which are the same message in
protobuf's encoding (https://protobuf.dev/programming-guides/encoding).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import BinaryIO, NamedTuple

import numpy as np
import onnx
import onnx_ir as ir

from archspec.backends.safetensors import Entry, write_entries

# Field numbers of onnx.proto.
_MODEL_GRAPH = 7
_GRAPH_INITIALIZER = 5
_TENSOR_RAW_DATA = 9


# How safetensors calls the types that a network's tensors have.
_SAFETENSORS_DTYPES = {
    ir.DataType.BOOL: "BOOL",
    ir.DataType.UINT8: "U8",
    ir.DataType.INT8: "I8",
    ir.DataType.INT16: "I16",
    ir.DataType.INT32: "I32",
    ir.DataType.INT64: "I64",
    ir.DataType.FLOAT16: "F16",
    ir.DataType.BFLOAT16: "BF16",
    ir.DataType.FLOAT: "F32",
    ir.DataType.DOUBLE: "F64",
}


class Place(NamedTuple):
    """Where a tensor's bytes stand: in a file, by its name, from an offset on."""

    location: str
    offset: int
    length: int


def write_model(model: ir.Model, file: BinaryIO, places: Mapping[str, Place] | None = None) -> None:
    """Write a model whose initialisers are all in memory; those that have their `places` in another file, by name,
    refer to it, and the others are less than 2 GiB."""
    places = places or {}
    graph = model.graph
    without_tensors = ir.GraphView(graph.inputs, graph.outputs, nodes=tuple(graph), name=graph.name)
    nodes = ir.serde.serialize_graph(without_tensors).SerializeToString()  # type: ignore[arg-type]  # onnx_ir's slip
    tensors = [value.const_value for value in graph.initializers.values() if value.const_value is not None]
    pairs = [(tensor, places.get(_name(tensor))) for tensor in tensors]
    heads = [_reference(tensor, place) if place else _head(tensor) for tensor, place in pairs]
    inside = [0 if place else tensor.nbytes for tensor, place in pairs]
    file.write(_preamble(model) + _start(_MODEL_GRAPH, len(nodes) + sum(map(len, heads)) + sum(inside)) + nodes)
    for head, tensor, length in zip(heads, tensors, inside, strict=True):
        file.write(head)
        if length:
            file.write(_memory(tensor))


def write_tensors(tensors: Iterable[ir.TensorProtocol], file: BinaryIO, location: str) -> dict[str, Place]:
    """Write the memory of tensors, one behind the other; gives the place of each, by name, in a file `location`."""
    places, offset = {}, file.tell()
    for tensor in tensors:
        file.write(_memory(tensor))
        places[_name(tensor)] = Place(location, offset, tensor.nbytes)
        offset += tensor.nbytes
    return places


def write_safetensors(
    tensors: Iterable[ir.TensorProtocol], file: BinaryIO, location: str, metadata: Mapping[str, str]
) -> dict[str, Place]:
    """Write tensors as safetensors; gives their places."""
    entries = [
        Entry(
            _name(tensor),
            _SAFETENSORS_DTYPES[tensor.dtype],
            tuple(tensor.shape.numpy()),
            int(tensor.dtype.itemsize),
            tensor.nbytes,
            partial(_memory, tensor),
        )
        for tensor in tensors
    ]
    starts = write_entries(entries, file, metadata)
    return {entry.key: Place(location, starts[entry.key], entry.length) for entry in entries}


def _memory(tensor: ir.TensorProtocol) -> memoryview:
    return np.ascontiguousarray(tensor.numpy()).reshape(-1).view(np.uint8).data


def _name(tensor: ir.TensorProtocol) -> str:
    assert tensor.name, "a tensor of a network has a key"
    return tensor.name


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


def _reference(tensor: ir.TensorProtocol, place: Place) -> bytes:
    """All of a tensor whose bytes stand in another file."""
    where = [onnx.StringStringEntryProto(key=key, value=str(value)) for key, value in place._asdict().items()]
    proto = onnx.TensorProto(
        name=tensor.name,
        data_type=tensor.dtype.value,
        dims=tensor.shape.numpy(),
        external_data=where,
        data_location=onnx.TensorProto.EXTERNAL,
    )
    message = bytes(proto.SerializeToString())
    return _start(_GRAPH_INITIALIZER, len(message)) + message


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
