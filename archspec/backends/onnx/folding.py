"""BatchNorms folded into the convolutions before them.

Behind y = W x + b, the normalisation s (y - m) + t, with s = gamma / sqrt(variance + eps), is one convolution with
the weight s W and the bias s (b - m) + t. Both are computed in float64 and rounded once.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

_NORM = "BatchNormalization"
_LAYERS = ("Conv", "ConvTranspose", "Gemm")


def fold(model: ir.Model) -> None:
    """Fold every BatchNormalization of a model that can be, in place.

    It can where it alone reads the result of a convolution, a transposed one or a Gemm, whose tensors nobody else has.
    The tensors keep their names (a new bias gets that of the weight's sibling), and the value that is left has the
    normalisation's name.
    """
    for norm in [node for node in model.graph if node.op_type == _NORM]:
        layer = norm.inputs[0].producer() if norm.inputs[0] else None
        if layer is not None and _foldable(layer, norm):
            _merge(model.graph, layer, norm)


def _foldable(layer: ir.Node, norm: ir.Node) -> bool:
    result, tensors = layer.outputs[0], [value for value in layer.inputs[1:] if value is not None]
    return (
        layer.op_type in _LAYERS
        and len(result.uses()) == 1
        and not result.is_graph_output()
        and all(value.is_initializer() and len(value.uses()) == 1 for value in tensors)
        and all(value is not None and value.is_initializer() for value in norm.inputs[1:])
    )


def _merge(graph: ir.Graph, layer: ir.Node, norm: ir.Node) -> None:
    scale, shift, mean, variance = (_exact(value) for value in norm.inputs[1:])
    factor = scale / np.sqrt(variance + norm.attributes["epsilon"].as_float())
    bias = layer.inputs[2] if len(layer.inputs) > 2 else None
    offset = (0.0 if bias is None else _exact(bias)) - mean
    weight = layer.inputs[1]
    assert weight is not None, "it was looked at"
    _set(weight, _scaled(_exact(weight), factor, layer))
    if bias is None:
        bias = ir.Value(name=_sibling(weight))
        layer.resize_inputs(3)
        layer.replace_input_with(2, bias)
    _set(bias, offset * factor + shift)
    graph.register_initializer(bias)
    _take_place(graph, layer.outputs[0], norm)


def _take_place(graph: ir.Graph, result: ir.Value, norm: ir.Node) -> None:
    """Give the result of a layer the place, the name and the type of the normalisation's."""
    old = norm.outputs[0]
    result.name, result.type, result.shape, old.name = old.name, old.type, old.shape, None
    ir.convenience.replace_all_uses_with(old, result, replace_graph_outputs=True)
    tensors = {value for value in norm.inputs[1:] if value is not None}
    graph.remove(norm, safe=True)
    for value in tensors:
        if not value.uses() and value.name:
            del graph.initializers[value.name]


def _scaled(weight: NDArray[np.float64], factor: NDArray[np.float64], layer: ir.Node) -> NDArray[np.float64]:
    """The weight with each output channel times its factor."""
    if layer.op_type != "ConvTranspose":  # output channels, input channels, kernel; a Gemm's are transposed too
        return weight * factor.reshape(-1, *[1] * (weight.ndim - 1))
    groups = layer.attributes.get_int("group", 1)
    inner, outer, *kernel = weight.shape  # input channels, output channels of a group, kernel
    grouped = weight.reshape(groups, inner // groups, outer, *kernel)
    return (grouped * factor.reshape(groups, 1, outer, *[1] * len(kernel))).reshape(weight.shape)


def _exact(value: ir.Value | None) -> NDArray[np.float64]:
    assert value is not None, "it was looked at"
    assert value.const_value is not None, "an initialiser holds a tensor"
    return value.const_value.numpy().astype(np.float64)


def _set(value: ir.Value, exact: NDArray[np.float64]) -> None:
    value.const_value = ir.tensor(exact.astype(np.float32), name=value.name)


def _sibling(weight: ir.Value) -> str:
    """The key of the bias that stands beside a weight."""
    return f"{(weight.name or '').removesuffix('weight')}bias"
