"""Operators that slide a window over the axes behind the channels."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.backends.onnx.inference.known import Application, Known, Unknown, rule
from archspec.dims import Dim
from archspec.types import DType


@rule("Conv")
def _convolution(node: Application) -> Sequence[Known]:
    weight = node.input(1).shape
    return [Known((node.x.shape[0], weight[0], *_slid(node, weight[2:])), node.x.dtype)]


@rule("AveragePool", "LpPool")
def _pool(node: Application) -> Sequence[Known]:
    return [Known((*node.x.shape[:2], *_slid(node, node.attributes["kernel_shape"])), node.x.dtype)]


@rule("MaxPool")
def _max_pool(node: Application) -> Sequence[Known]:
    [values] = _pool(node)
    return [values, values._replace(dtype=DType.int64)][: node.outputs]


@rule("GlobalAveragePool", "GlobalMaxPool")
def _global_pool(node: Application) -> Sequence[Known]:
    return [Known((*node.x.shape[:2], *[1] * (node.x.rank - 2)), node.x.dtype)]


@rule("ConvTranspose")
def _transposed(node: Application) -> Sequence[Known]:
    weight = node.input(1).shape
    axes = len(weight) - 2
    strides, dilations = node.get("strides", [1] * axes), node.get("dilations", [1] * axes)
    pads, more = node.get("pads", [0] * 2 * axes), node.get("output_padding", [0] * axes)
    sizes = [
        (size - 1) * strides[k] + dilations[k] * (weight[k + 2] - 1) + 1 + more[k] - pads[k] - pads[k + axes]
        for k, size in enumerate(node.x.shape[2:])
    ]
    return [Known((node.x.shape[0], weight[1] * node.get("group", 1), *sizes), node.x.dtype)]


def _slid(node: Application, kernel: Sequence[Dim]) -> list[Dim]:
    """How many windows fit along each axis: floor((size + pads - dilation (kernel - 1) - 1) / stride) + 1."""
    axes = len(kernel)
    if node.get("ceil_mode", 0) or node.get("auto_pad", "NOTSET") != "NOTSET":
        raise Unknown
    strides, dilations = node.get("strides", [1] * axes), node.get("dilations", [1] * axes)
    pads = node.get("pads", [0] * 2 * axes)
    return [
        (size + pads[k] + pads[k + axes] - dilations[k] * (kernel[k] - 1) - 1) // strides[k] + 1
        for k, size in enumerate(node.x.shape[2:])
    ]
