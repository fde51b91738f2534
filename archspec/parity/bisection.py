"""Finding the layer at fault: each layer by itself, on the values that the file computed for its inputs.

That keeps layers apart. What arrives wrong at a layer is no fault of that layer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from archspec.backends.torch import run_values
from archspec.graph import Graph, Node
from archspec.parity.measure import FLOAT32, Array, relative
from archspec.parity.runs import Session, SessionError, doubled, evaluating

Found: TypeAlias = Mapping[str, Sequence[Array]]
"""The outputs of the file's nodes, by the names of the nodes."""

_LARGEST = 2**31  # bytes that protobuf takes
_ULP = 2.0**-23  # torch's own error counts as this at least: in a single layer it may well be 0
_SHARE = 0.1  # of the worst layer's excess; what has less is rounding


def first_divergence(graph: Graph, module: nn.Module, path: Path, inputs: Sequence[Tensor]) -> str | None:
    """The path of the first layer that gives other values in the file than in torch, on the CPU and without
    onnxruntime's optimisations; or of the first that onnxruntime can't run. None where no layer stands out, where
    the file's nodes don't carry the paths of layers, and for a file of 2 GiB or more."""
    model = onnx.load(path)
    if model.ByteSize() >= _LARGEST:
        return None
    found = _longest_run(model, inputs)
    excesses = dict(_excesses(graph, module, found, inputs))
    worst = max(excesses.values(), default=0.0)
    if worst > FLOAT32.times_torch:
        return next(path for path, excess in excesses.items() if excess >= _SHARE * worst)
    refused = [node.name.partition("/")[0] for node in model.graph.node[len(found) :]]
    return next((path for path in refused if any(layer.path == path for layer in graph.nodes)), None)


def _longest_run(model: onnx.ModelProto, inputs: Sequence[Tensor]) -> Found:
    """What the nodes give; where the file doesn't run, as many of the first ones as do."""
    found: Found = {}
    fails = len(model.graph.node) + 1
    count = fails - 1
    while len(found) + 1 < fails:
        try:
            found = _run_nodes(model, model.graph.node[:count], inputs)
        except SessionError:
            fails = count
        count = (len(found) + fails) // 2
    return found


def _run_nodes(model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto], inputs: Sequence[Tensor]) -> Found:
    graph = onnx.GraphProto(
        name=model.graph.name, node=nodes, input=model.graph.input, initializer=model.graph.initializer
    )
    graph.output.extend(onnx.ValueInfoProto(name=name) for node in nodes for name in node.output)
    proto = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import, graph=graph)
    values = iter(Session(proto.SerializeToString(), "cpu", optimized=False).run(inputs))
    return {node.name: [next(values) for _ in node.output] for node in nodes}


def _excesses(graph: Graph, module: nn.Module, found: Found, inputs: Sequence[Tensor]) -> Iterator[tuple[str, float]]:
    """Of each layer that the file has, its error against float64 as a multiple of torch's. What the file doesn't
    have, a Dropout say, is computed by torch."""
    single, double = evaluating(module, "cpu"), evaluating(module, "cpu", torch.float64)
    values = {value.name: tensor for value, tensor in zip(graph.inputs, inputs, strict=True)}
    for layer in graph.nodes:
        if layer.training_only:
            continue
        known = {value.name: values[value.name] for value in (*graph.inputs, *layer.inputs)}
        try:
            expected = _run_alone(graph, layer, single, known)
            exact = _run_alone(graph, layer, double, {name: doubled(tensor) for name, tensor in known.items()})
        except RuntimeError:  # a layer before it gave a shape that torch doesn't take here
            return
        arrays = _of_layer(found, layer)
        if arrays is None:
            values.update(expected)
            continue
        given = {value.name: array for value, array in zip(layer.outputs, arrays, strict=True)}
        yield layer.path, max(_excess(array, expected[name], exact[name]) for name, array in given.items())
        values.update({name: torch.from_numpy(array) for name, array in given.items()})


def _run_alone(graph: Graph, layer: Node, module: nn.Module, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    with torch.no_grad():
        results = run_values(module, replace(graph, nodes=[layer]), values)
    return {value.name: results[value.name] for value in layer.outputs}


def _of_layer(found: Found, layer: Node) -> list[Array] | None:
    """The values of a layer: of the node that has its path, or of one node for each."""
    if len(found.get(layer.path, ())) == len(layer.outputs):
        return list(found[layer.path])
    single = [found[value.name][0] for value in layer.outputs if value.name in found]
    return single if len(single) == len(layer.outputs) else None


def _excess(array: Array, expected: Tensor, exact: Tensor) -> float:
    """Infinite where the shape is another, or where a number is missing that torch has."""
    wanted, reference = expected.numpy(), exact.numpy()
    if array.shape != wanted.shape:
        return math.inf
    finite = np.isfinite(reference)
    if not np.isfinite(array[finite]).all():
        return math.inf
    if not finite.any():
        return 0.0
    error = relative(array[finite], reference[finite])
    return error / max(relative(wanted[finite], reference[finite]), _ULP)
