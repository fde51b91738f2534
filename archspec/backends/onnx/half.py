"""float16 in place of float32: weights, constants and what is computed with them.

Some things stay in float32, with a Cast where the two meet: what is computed from sizes alone (positions beyond 2048
are no float16), operators that know no float16, layers that square what they read (a norm of 512 numbers around 12
is beyond 65504 before its root is taken), layers with numbers that float16 does not reach, and BatchNorms, which
onnxruntime would fold into convolutions in float16: that doubles the error of a MobileNet or an EfficientNet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
from numpy.typing import NDArray

_FLOAT, _HALF = ir.DataType.FLOAT, ir.DataType.FLOAT16
_LARGEST = float(np.finfo(np.float16).max)
_LEAST = float(np.finfo(np.float16).smallest_subnormal)
_SQUARING = ("Pow", "ReduceL2", "ReduceSumSquare", "LpPool", "LpNormalization")
_NORM = "BatchNormalization"
_SCALING = ("Mul", "Div")
_SIZES = ("Shape", "Size")
_ALWAYS = "tensor(float)"


def halve(model: ir.Model, *, io: bool) -> None:
    """Turn a model from float32 to float16, in place; its inputs and outputs too, if `io`. Names, shapes and integers
    stay."""
    _Halving(model, io).run()


class _Halving:
    """One model on its way."""

    def __init__(self, model: ir.Model, io: bool) -> None:
        self._graph = model.graph
        self._opset = model.opset_imports[""]
        self._io = io
        self._names = Counter(value.name for value in _values(model.graph))
        self._floats = {value for value in _values(model.graph) if _dtype(value) is _FLOAT}
        self._casts: dict[ir.Value, ir.Value] = {}
        self._exact = self._staying()

    def run(self) -> None:
        nodes = list(self._graph)
        if self._io:
            for image in self._graph.inputs:
                _retype(image)
        for tensor in list(self._graph.initializers.values()):
            if tensor in self._floats and all(self._wanted(node, index) is _HALF for node, index in tensor.uses()):
                tensor.const_value = ir.tensor(_rounded(tensor), name=tensor.name)
                _retype(tensor)
        for node in nodes:
            if node not in self._exact:
                self._halve_results(node)
        for node in nodes:
            for index, value in enumerate(node.inputs):
                if value in self._floats and value is not None:
                    self._connect(node, index, value)
        for output in list(self._graph.outputs):
            if output in self._floats:
                self._give(output)

    def _staying(self) -> set[ir.Node]:
        """The nodes that stay in float32."""
        sizes = self._of_sizes()
        squaring = {_layer(node) for node in self._graph if node not in sizes and _squares(node)}
        return sizes | {
            node
            for node in self._graph
            if _layer(node) in squaring
            or node.op_type == _NORM
            or not _knows_half(node.op_type, self._opset)
            or any(_overflows(value, node) for value in node.inputs if value is not None)
        }

    def _of_sizes(self) -> set[ir.Node]:
        """The nodes that compute with sizes and constants alone."""
        found: set[ir.Node] = set()
        for node in self._graph:
            inputs = [value for value in node.inputs if value is not None]
            if node.op_type in _SIZES or all(_is_constant(value) or value.producer() in found for value in inputs):
                found.add(node)
        return found

    def _wanted(self, node: ir.Node, index: int) -> ir.DataType:
        """What a node reads at a place where it reads floating-point numbers."""
        return _FLOAT if node in self._exact or _always_float(node.op_type, self._opset, index) else _HALF

    def _halve_results(self, node: ir.Node) -> None:
        if node.op_type == "Cast" and node.attributes["to"].as_int() == _FLOAT:
            node.attributes["to"] = ir.AttrInt64("to", _HALF)
        for value in node.outputs:
            _retype(value)

    def _connect(self, node: ir.Node, index: int, value: ir.Value) -> None:
        """Let a node read a value as it wants it."""
        if _dtype(value) is not self._wanted(node, index):
            node.replace_input_with(index, self._cast(value, value.name))

    def _give(self, output: ir.Value) -> None:
        """Let an output of the model have its type, and its name."""
        wanted = _HALF if self._io else _FLOAT
        if _dtype(output) is wanted:
            return
        name = output.name
        output.name = self._unique(f"{name}/{'float32' if self._io else 'float16'}")
        cast = self._cast(output, name)
        self._graph.outputs[self._graph.outputs.index(output)] = cast
        cast.name = name

    def _cast(self, value: ir.Value, what: str | None) -> ir.Value:
        """The value in the other of the two types."""
        if value not in self._casts:
            to = _HALF if _dtype(value) is _FLOAT else _FLOAT
            name = self._unique(f"{what}/Cast")
            cast = ir.Value(name=name, type=ir.TensorType(to), shape=value.shape)
            node = ir.Node("", "Cast", [value], [ir.AttrInt64("to", to)], outputs=[cast], name=name)
            self._casts[value] = cast
            if maker := value.producer():
                self._graph.insert_after(maker, node)
            else:
                self._graph.insert_before(self._graph[0], node)
        return self._casts[value]

    def _unique(self, name: str) -> str:
        self._names[name] += 1
        return name if self._names[name] == 1 else self._unique(f"{name}_{self._names[name] - 1}")


def _values(graph: ir.Graph) -> Iterable[ir.Value]:
    yield from graph.inputs
    yield from graph.initializers.values()
    for node in graph:
        yield from node.outputs


def _dtype(value: ir.Value) -> ir.DataType | None:
    return value.const_value.dtype if value.const_value is not None else value.dtype


def _retype(value: ir.Value) -> None:
    if value.dtype is _FLOAT:
        value.type = ir.TensorType(_HALF)


def _layer(node: ir.Node) -> str:
    """The path of the layer that a node belongs to."""
    return (node.name or "").partition("/")[0]


def _squares(node: ir.Node) -> bool:
    one_twice = node.op_type == "Mul" and node.inputs[0] is node.inputs[1]
    return node.outputs[0].dtype is _FLOAT and (one_twice or node.op_type in _SQUARING)


def _is_constant(value: ir.Value) -> bool:
    """Whether it is an initialiser that is no tensor of the network."""
    return value.is_initializer() and "/" in (value.name or "")


def _overflows(value: ir.Value, node: ir.Node) -> bool:
    """Whether a node reads a number there that float16 does not reach, and that is no bound or mask."""
    if not value.is_initializer() or _dtype(value) is not _FLOAT:
        return False
    if _is_constant(value) and node.op_type not in _SCALING:
        return False
    array = _array(value)
    return array.size > 0 and bool(max(-array.min(), array.max()) > _LARGEST)


def _rounded(value: ir.Value) -> NDArray[np.float16]:
    """In float16. A constant keeps its sense: a mask stays finite, and what keeps a divisor from 0 stays above."""
    array = _array(value)
    if not _is_constant(value):
        return array.astype(np.float16)
    size = np.abs(array)
    kept = np.where((size > 0) & (size < _LEAST), np.copysign(_LEAST, array), array)
    return np.where(np.isfinite(array), kept.clip(-_LARGEST, _LARGEST), array).astype(np.float16)


def _array(value: ir.Value) -> NDArray[Any]:
    assert value.const_value is not None, "an initialiser holds a tensor"
    return value.const_value.numpy()


@cache
def _knows_half(op_type: str, opset: int) -> bool:
    """Whether an operator that takes float32 takes float16 as well."""
    schema = onnx.defs.get_schema(op_type, opset)
    optional = onnx.defs.OpSchema.FormalParameterOption.Optional
    used = [*schema.inputs, *(output for output in schema.outputs if output.option != optional)]
    types = [parameter.types for parameter in used if parameter.type_str != _ALWAYS]
    return all("tensor(float16)" in allowed for allowed in types if "tensor(float)" in allowed)


@cache
def _always_float(op_type: str, opset: int, index: int) -> bool:
    """Whether an operator reads nothing but float32 at this place, whatever else it reads."""
    inputs = onnx.defs.get_schema(op_type, opset).inputs
    return inputs[min(index, len(inputs) - 1)].type_str == _ALWAYS
