"""The attributes in a file against the arguments in the network.

Some mistakes no numbers show: a BatchNorm's eps of 1.1e-5 in place of 1e-5 is far below the noise of float32.
So the file is read again, and where an attribute of ONNX, or a constant, is the image of an argument, the two are
compared. The rules for that are written from ONNX's operator specification, and share nothing with the emitter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import onnx

from archspec.backends.onnx.attributes.table import RULES
from archspec.backends.onnx.attributes.wanted import Wanted, same
from archspec.graph import Graph, Node

# What an attribute without a default of its own is, for each axis, where it is left out.
_LEFT_OUT = {"pads": 0, "strides": 1, "dilations": 1, "output_padding": 0}
_STANDARD = ("", "ai.onnx")  # domains; of operators in others there is no specification here
_COMPUTED = object()  # at run time, from sizes that are symbols


class AttributeCheck(NamedTuple):
    """How many layers could be compared; how many could not, whose nodes are no image of their arguments; and what
    differs, a sentence each."""

    layers: int = 0
    decomposed: int = 0
    mismatches: tuple[str, ...] = ()


def check_attributes(graph: Graph, model: onnx.ModelProto) -> AttributeCheck:
    """Compare the nodes of a model that was read from a file with the layers whose paths they carry. A layer that
    was taken apart into other nodes than its rule knows is not compared, nor one that isn't found."""
    opset = next(entry.version for entry in model.opset_import if entry.domain in _STANDARD)
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes = _by_layer(graph, model)
    layers = decomposed = 0
    mismatches: list[str] = []
    for layer in graph.nodes:
        if not (own := nodes.get(layer.path, [])):
            continue
        pairs = _matched(wanted_nodes(layer, opset), own)
        layers += bool(pairs)
        decomposed += not pairs
        for wanted, node in pairs:
            mismatches += [f"{layer.path}: {text}" for text in _mismatches(wanted, node, opset, constants)]
    return AttributeCheck(layers, decomposed, tuple(mismatches))


def wanted_nodes(layer: Node, opset: int) -> Sequence[Wanted]:
    """The nodes that a layer's arguments ask for, in their order; none where it is taken apart by design."""
    name = type(layer.op).__name__
    rule = RULES.get(name) or RULES.get(re.sub(r"[123]d$", "", name))
    return rule(layer, opset) if rule else ()


def _by_layer(graph: Graph, model: onnx.ModelProto) -> dict[str, list[onnx.NodeProto]]:
    """The nodes of each layer, in order: their names begin with its path, or with the name of one of its values."""
    owners = {value.name: layer.path for layer in graph.nodes for value in layer.outputs}
    owners |= {layer.path: layer.path for layer in graph.nodes}
    found: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        if node.domain in _STANDARD and (path := owners.get(node.name.partition("/")[0])):
            found.setdefault(path, []).append(node)
    return found


def _matched(wanted: Sequence[Wanted], nodes: Sequence[onnx.NodeProto]) -> list[tuple[Wanted, onnx.NodeProto]]:
    """Each wanted node with the first of its operator behind the one before; none unless all are there."""
    rest = iter(nodes)
    pairs = [(each, next((node for node in rest if node.op_type == each.op_type), None)) for each in wanted]
    return [(each, node) for each, node in pairs if node is not None] if all(node for _, node in pairs) else []


def _mismatches(
    wanted: Wanted, node: onnx.NodeProto, opset: int, constants: Mapping[str, onnx.TensorProto]
) -> list[str]:
    written, defaults = _written(node), _defaults(node.op_type, opset)
    attributes = {**defaults, **written}
    expected = {**dict.fromkeys(written), **defaults, **wanted.settings}
    found = {
        name: attributes[name] if name in attributes else _constant(name, node, opset, constants) for name in expected
    }
    return [
        f"{name} is {_text(found[name])} in the file, and {_text(value)} in the network"
        for name, value in expected.items()
        if found[name] is not _COMPUTED and not _agrees(name, found[name], value)
    ]


def _agrees(name: str, found: Any, value: Any) -> bool:
    if found is None and name in _LEFT_OUT and isinstance(value, Sequence):
        return all(number == _LEFT_OUT[name] for number in value)
    return same(found, value)


def _written(node: onnx.NodeProto) -> dict[str, Any]:
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


@cache
def _defaults(op_type: str, opset: int) -> Mapping[str, Any]:
    """The attributes of an operator that have a default."""
    attributes = onnx.defs.get_schema(op_type, opset).attributes
    values = ((name, attribute.default_value) for name, attribute in attributes.items())
    return {name: onnx.helper.get_attribute_value(value) for name, value in values if value.type}


def _constant(name: str, node: onnx.NodeProto, opset: int, constants: Mapping[str, onnx.TensorProto]) -> Any:
    """The numbers of an input, None where there is no such input."""
    names = _inputs(node.op_type, opset, len(node.input))
    given = node.input[names.index(name)] if name in names else ""
    if not given:
        return None
    return onnx.numpy_helper.to_array(constants[given]) if given in constants else _COMPUTED


@cache
def _inputs(op_type: str, opset: int, count: int) -> list[str]:
    """What the specification calls the first inputs of an operator; several under one name are numbered."""
    names = [each.name for each in onnx.defs.get_schema(op_type, opset).inputs]
    more = (f"{names[-1].removesuffix('_0')}_{number}" for number in range(1, count))
    return [*names, *more][:count]


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if value is None:
        return "left out"
    return f"{value:.7g}" if isinstance(value, float) else str(value)
