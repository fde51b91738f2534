"""Rules for what is computed of each value, of each vector, and of matrices."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import onnx

from archspec.backends.onnx.attributes.wanted import Among, Axes, Shape, Wanted
from archspec.graph import Node

_SINGLE = 2.0**-23  # the eps of RMSNorm where none is given: float32's


def batch_norm(layer: Node, opset: int) -> list[Wanted]:
    """By running statistics; without them, by those of the input."""
    op: Any = layer.op
    if op.track_running_stats:
        return [Wanted("BatchNormalization", {"epsilon": op.eps})]
    rank = layer.inputs[0].type.rank
    means = Wanted("ReduceMean", {"axes": Axes([0, *range(2, rank)], rank), "keepdims": 1})
    return [means, means, Wanted("Add", {"B": op.eps})]


def instance_norm(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    return [Wanted("BatchNormalization" if op.track_running_stats else "InstanceNormalization", {"epsilon": op.eps})]


def layer_norm(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    rank, shape = layer.inputs[0].type.rank, op.normalized_shape
    count = len(shape) if isinstance(shape, tuple) else 1
    return _normal(rank - count, rank, op.eps, opset)


def channel_norm(layer: Node, opset: int) -> list[Wanted]:
    """Of the channels of N, C, H, W, which stand last for that."""
    op: Any = layer.op
    there, back = (Wanted("Transpose", {"perm": perm}) for perm in ([0, 2, 3, 1], [0, 3, 1, 2]))
    return [there, *_normal(3, 4, op.eps, opset), back]


def _normal(first: int, rank: int, eps: float, opset: int) -> list[Wanted]:
    """Over the axes from the first on: below opset 17, (x - mean) over the root of its mean square plus eps."""
    if opset >= 17:
        return [Wanted("LayerNormalization", {"axis": Axes(first, rank), "epsilon": eps})]
    means = Wanted("ReduceMean", {"axes": Axes(range(first, rank), rank), "keepdims": 1})
    return [means, Wanted("Pow", {"Y": 2.0}), means, Wanted("Add", {"B": eps})]


def rms_norm(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    rank, shape = layer.inputs[0].type.rank, op.normalized_shape
    count = len(shape) if isinstance(shape, tuple) else 1
    means = Wanted("ReduceMean", {"axes": Axes(range(rank - count, rank), rank), "keepdims": 1})
    return [means, Wanted("Add", {"B": _SINGLE if op.eps is None else op.eps})]


def local_response(layer: Node, opset: int) -> list[Wanted]:
    """ONNX's own centres its window as torch does where the size is odd; else the window is a pool over channels,
    of which torch takes size / 2 before each, and one less behind it."""
    op: Any = layer.op
    if op.size % 2 and layer.inputs[0].type.rank == 4:
        return [Wanted("LRN", {"size": op.size, "alpha": op.alpha, "beta": op.beta, "bias": op.k})]
    leading = [0, 0] if opset < 18 else []  # from then on a Pad may name the axes
    pads = [*leading, op.size // 2, 0, *leading, (op.size - 1) // 2, 0]
    window = {"kernel_shape": [op.size, 1], "strides": [1, 1], "pads": [0] * 4, "count_include_pad": 1}
    return [
        Wanted("Pad", {"pads": pads}),
        Wanted("AveragePool", window),
        Wanted("Mul", {"B": op.alpha}),
        Wanted("Add", {"B": op.k}),
        Wanted("Pow", {"Y": op.beta}),
    ]


def lp_normalize(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    over = {"axes": Axes([op.dim], layer.inputs[0].type.rank), "keepdims": 1}
    least = Wanted("Max", {"data_1": op.eps})
    if op.p in (1, 2):
        return [Wanted(f"ReduceL{int(op.p)}", over), least]
    return [Wanted("Pow", {"Y": op.p}), Wanted("ReduceSum", over), Wanted("Pow", {"Y": 1 / op.p}), least]


def linear(layer: Node, opset: int) -> list[Wanted]:
    """torch keeps a weight as outputs x inputs."""
    if layer.inputs[0].type.rank == 2:
        return [Wanted("Gemm", {"transB": 1})]
    return [Wanted("Transpose", {"perm": [1, 0]}), Wanted("MatMul")]


def keyless_linear(layer: Node, opset: int) -> list[Wanted]:
    """The bias of the second third is none."""
    op: Any = layer.op
    third = op.out_features // 3
    masked = [Wanted("Mul", {"B": [1.0] * third + [0.0] * third + [1.0] * third})] if op.bias else []
    return [*masked, *linear(layer, opset)]


def multihead_attention(layer: Node, opset: int) -> list[Wanted]:
    """Each head is a part of the features; products over n of them are scaled by 1 / sqrt(n)."""
    op: Any = layer.op
    one, other, features = layer.inputs[0].type.shape
    if not isinstance(features, int):
        return []
    lead, size = [one, other] if op.batch_first else [other, one], features // op.num_heads
    parts = Wanted("Reshape", {"shape": Shape([*lead, features], [*lead, op.num_heads, size])})
    return [parts, Wanted("Mul", {"B": size**-0.5}), Wanted("Softmax", {"axis": Axes(3, 4)})]


def dot_product_attention(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    features, rank = layer.inputs[0].type.shape[-1], layer.outputs[0].type.rank
    factor = op.scale if op.scale is not None else features**-0.5 if isinstance(features, int) and features else None
    scaled = [] if factor is None else [Wanted("Mul", {"B": factor})]
    return [*scaled, Wanted("Softmax", {"axis": Axes(rank - 1, rank)})]


def recurrent(layer: Node, opset: int) -> list[Wanted]:
    """ONNX has one direction or both in a node; torch's GRU resets behind the product."""
    op: Any = layer.op
    kind = type(op).__name__
    direction = "bidirectional" if op.bidirectional else "forward"
    settings: dict[str, Any] = {"hidden_size": op.hidden_size, "direction": direction}
    if kind == "GRU":
        settings["linear_before_reset"] = 1
    if kind == "RNN":
        settings["activations"] = [op.nonlinearity.capitalize().encode()] * (1 + op.bidirectional)
    return [Wanted(kind, settings)] * op.num_layers


def random_relu(layer: Node, opset: int) -> list[Wanted]:
    """In evaluation, by the mean slope."""
    op: Any = layer.op
    return [Wanted("LeakyRelu", {"alpha": (op.lower + op.upper) / 2})]


def gelu(layer: Node, opset: int) -> list[Wanted]:
    """Gelu came with opset 20; before it: x (erf(x / sqrt(2)) + 1) / 2."""
    op: Any = layer.op
    if opset >= 20:
        return [Wanted("Gelu", {"approximate": op.approximate})]
    if op.approximate == "tanh":
        return [Wanted("Tanh"), Wanted("Add", {"B": 1.0}), Wanted("Mul", {"B": 0.5})]
    return [Wanted("Div", {"B": sqrt(2)}), Wanted("Erf"), Wanted("Add", {"B": 1.0})]


def softplus(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    scaled, back = Wanted("Mul", {"B": op.beta}), Wanted("Div", {"B": op.beta})
    return [scaled, Wanted("Softplus"), back, Wanted("Greater", {"B": op.threshold})]


def softmax(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    rank = layer.inputs[0].type.rank
    operator = "LogSoftmax" if type(op).__name__ == "LogSoftmax" else "Softmax"
    return [Wanted(operator, {"axis": Axes(getattr(op, "dim", 1), rank)})]  # Softmax2d: over the channels


def threshold(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    return [Wanted("Greater", {"B": op.threshold}), Wanted("Where", {"Y": op.value})]


def clamp(layer: Node, opset: int) -> list[Wanted]:
    """ONNX leaves open what its Clip does where the bounds cross."""
    op: Any = layer.op
    bounds = (("Max", op.min), ("Min", op.max))
    return [Wanted(operator, {"data_1": bound}) for operator, bound in bounds if bound is not None]


def arithmetic(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    number = {} if op.value is None else {"B": op.value}
    return [Wanted(type(op).__name__, number)] * max(len(layer.inputs) - 1, 1)


def normalize(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    return [Wanted("Sub", {"B": op.mean}), Wanted("Div", {"B": op.std})]


def to_dtype(layer: Node, opset: int) -> list[Wanted]:
    """Scaled integers are parts of the greatest one of their type. A file of float16 goes there at once."""
    op: Any = layer.op
    before, after = layer.inputs[0].type.dtype, layer.outputs[0].type.dtype
    if before is after:
        return []
    kinds = ["float32", "float16"] if after == "float32" else [after]
    cast = Wanted("Cast", {"to": Among([onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind)) for kind in kinds])})
    whole = op.scale and not before.is_floating and before != "bool"
    return [cast, Wanted("Mul", {"B": 1 / np.iinfo(before).max})] if whole else [cast]
