"""The attributes in a file against the arguments in the network.

Some mistakes no numbers show: a BatchNorm's eps of 1.1e-5 in place of 1e-5 is far below the noise of float32.
So the file is read again, and where an attribute of ONNX is the plain image of an argument, the two are
compared. This table is written from ONNX's operator specification, and shares nothing with the emitter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import onnx

from archspec.graph import Graph, Node

Attributes: TypeAlias = Mapping[str, Any]


class AttributeCheck(NamedTuple):
    """How many layers could be compared, and what differs, a sentence each."""

    layers: int
    mismatches: tuple[str, ...]


def check_attributes(graph: Graph, model: onnx.ModelProto) -> AttributeCheck:
    """Compare the nodes of a model that was read from a file with the layers whose paths they carry. A layer that
    was taken apart into smaller nodes, or that isn't found, is not compared."""
    opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    nodes = {(node.name, node.op_type): node for node in model.graph.node}
    layers = 0
    mismatches = []
    for layer in graph.nodes:
        kind, expected = _expected(layer)
        node = nodes.get((layer.path, kind)) or nodes.get((f"{layer.path}/{kind}", kind))
        if node is None:
            continue
        layers += 1
        found = _attributes(node, opset)
        mismatches += [
            f"{layer.path}: {name} is {_text(found.get(name))} in the file, and {_text(value)} in the network"
            for name, value in expected.items()
            if not _same(found.get(name), value)
        ]
    return AttributeCheck(layers, tuple(mismatches))


def _expected(layer: Node) -> tuple[str, Attributes]:
    """The ONNX operator of a layer, and what its attributes have to be."""
    op: Any = layer.op
    kind, attributes = _TABLE.get(re.sub(r"[123]d$", "", type(op).__name__), ("", lambda op: {}))
    return kind, attributes(op)


def _attributes(node: onnx.NodeProto, opset: int) -> dict[str, Any]:
    """A node's attributes, with the operator's defaults for those left out."""
    schema = onnx.defs.get_schema(node.op_type, opset)
    defaults = [(name, attribute.default_value) for name, attribute in schema.attributes.items()]
    written = [(attribute.name, attribute) for attribute in node.attribute]
    return {name: onnx.helper.get_attribute_value(value) for name, value in [*defaults, *written] if value.type}


def _same(found: Any, value: Any) -> bool:
    if isinstance(value, float):
        return found is not None and np.float32(found) == np.float32(value)
    if isinstance(value, Sequence):
        return found is not None and list(found) == list(value)
    return bool(found == value)


def _text(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return f"[{', '.join(map(_text, value))}]"
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def _window(op: Any) -> Attributes:
    sizes = {"kernel_shape": op.kernel_size, "strides": op.stride or op.kernel_size}
    return {**sizes, "dilations": op.dilation} if hasattr(op, "dilation") else sizes


def _convolution(op: Any) -> Attributes:
    explicit = isinstance(op.padding, tuple) and getattr(op, "padding_mode", "zeros") == "zeros"
    pads = {"pads": (*op.padding, *op.padding)} if explicit else {}
    return {**_window(op), **pads, "group": op.groups}


def _transposed(op: Any) -> Attributes:
    if any(extra >= stride for extra, stride in zip(op.output_padding, op.stride, strict=True)):
        return {**_window(op), "group": op.groups}  # ONNX takes no such output_padding: it is written as other pads
    return {**_convolution(op), "output_padding": op.output_padding}


def _pool(op: Any) -> Attributes:
    return _window(op) if op.ceil_mode else {**_window(op), "pads": (*op.padding, *op.padding)}


def _average(op: Any) -> Attributes:
    plain = not op.ceil_mode and getattr(op, "divisor_override", None) is None
    return {**_pool(op), "count_include_pad": op.count_include_pad} if plain else _pool(op)


def _epsilon(op: Any) -> Attributes:
    return {"epsilon": op.eps}


# By the op's name without its number of axes.
_TABLE: dict[str, tuple[str, Callable[[Any], Attributes]]] = {
    "Conv": ("Conv", _convolution),
    "ConvTranspose": ("ConvTranspose", _transposed),
    "MaxPool": ("MaxPool", _pool),
    "AvgPool": ("AveragePool", _average),
    "BatchNorm": ("BatchNormalization", _epsilon),
    "LayerNorm": ("LayerNormalization", _epsilon),
    "GroupNorm": ("InstanceNormalization", _epsilon),
    "LeakyReLU": ("LeakyRelu", lambda op: {"alpha": op.negative_slope}),
    "ELU": ("Elu", lambda op: {"alpha": op.alpha}),
    "Hardsigmoid": ("HardSigmoid", lambda op: {"alpha": 1 / 6, "beta": 0.5}),
    "GELU": ("Gelu", lambda op: {"approximate": op.approximate.encode()}),
}
