"""Rules for what reorders, cuts, joins and reduces axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from archspec.backends.onnx.attributes.wanted import Axes, End, Free, Last, Shape, Wanted
from archspec.dims import Dim, product_of
from archspec.graph import Node


def flatten(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    rank = layer.inputs[0].type.rank
    if (op.start_dim % rank, op.end_dim % rank) == (1, rank - 1):
        return [Wanted("Flatten", {"axis": 1})]
    return reshape(layer, opset)


def reshape(layer: Node, opset: int) -> list[Wanted]:
    return _reshaped(layer.inputs[0].type.shape, layer.outputs[0].type.shape, opset)


def _reshaped(before: Sequence[Dim], after: Sequence[Dim], opset: int) -> list[Wanted]:
    """A size of 0 can be written from opset 14 on."""
    shape = Shape(before, after)
    if opset >= 14:
        return [Wanted("Reshape", {"shape": shape, "allowzero": int(0 in after)})]
    return [] if 0 in after else [Wanted("Reshape", {"shape": shape})]


def expand(layer: Node, opset: int) -> list[Wanted]:
    """A size of 1 keeps what is there."""
    sizes = layer.outputs[0].type.shape
    return [Wanted("Expand", {"shape": Last([(size, 1) for size in sizes])})]


def squeeze(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    shape = layer.inputs[0].type.shape
    dims = (op.dim,) if isinstance(op.dim, int) else op.dim
    gone = [dim for dim in dims if shape[dim] == 1]
    return [Wanted("Squeeze", {"axes": Axes(gone, len(shape))})] if gone else []


def unsqueeze(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    return [Wanted("Unsqueeze", {"axes": Axes([op.dim], layer.outputs[0].type.rank)})]


def permute(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    rank = layer.inputs[0].type.rank
    return [Wanted("Transpose", {"perm": [dim % rank for dim in op.dims]})]


def transpose(layer: Node, opset: int) -> list[Wanted]:
    """numpy's swapaxes, of a shape whose sizes are the axes' numbers."""
    op: Any = layer.op
    return [Wanted("Transpose", {"perm": np.swapaxes(_numbered(layer), op.dim0, op.dim1).shape})]


def movedim(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    return [Wanted("Transpose", {"perm": np.moveaxis(_numbered(layer), op.source, op.destination).shape})]


def _numbered(layer: Node) -> np.ndarray[Any, Any]:
    """An array, of no elements, whose axes have their own numbers for sizes."""
    return np.empty(range(layer.inputs[0].type.rank))


def roll(layer: Node, opset: int) -> list[Wanted]:
    """What is cut off in front goes to the end. Where the size is a symbol, or all elements move in their order, the
    places are computed."""
    op: Any = layer.op
    shape = layer.inputs[0].type.shape
    shifts, dims = ((each,) if isinstance(each, int) else each for each in (op.shifts, op.dims))
    found = []
    for shift, dim in zip(shifts, dims or (), strict=False):
        size = shape[dim]
        if not isinstance(size, int):
            return []
        if cut := -shift % size if size else 0:
            axes = Axes([dim], len(shape))
            found.append(Wanted("Slice", {"starts": [cut], "ends": End(None), "axes": axes, "steps": [1]}))
            found.append(Wanted("Slice", {"starts": [0], "ends": [cut], "axes": axes, "steps": [1]}))
            found.append(Wanted("Concat", {"axis": Axes(dim, len(shape))}))
    return found


def channel_shuffle(layer: Node, opset: int) -> list[Wanted]:
    """Groups x channels of a group, the other way round."""
    op: Any = layer.op
    batch, channels, *sizes = layer.inputs[0].type.shape
    after = (batch, op.groups, channels // op.groups, product_of(sizes))
    shuffled = Wanted("Transpose", {"perm": [0, 2, 1, 3]})
    return [*_reshaped((batch, channels, *sizes), after, opset), shuffled]


def pixel_shuffle(layer: Node, opset: int) -> list[Wanted]:
    """torch's order of the channels is column, row, depth: CRD."""
    op: Any = layer.op
    return [Wanted("DepthToSpace", {"blocksize": op.upscale_factor, "mode": "CRD"})]


def pixel_unshuffle(layer: Node, opset: int) -> list[Wanted]:
    """..., C, H / r, r, W / r, r -> ..., C, r, r, H / r, W / r."""
    lead = layer.inputs[0].type.rank - 3
    perm = [*range(lead + 1), *(lead + 1 + k for k in (1, 3, 0, 2))]
    return [Wanted("Transpose", {"perm": perm})]


def select(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    return [Wanted("Gather", {"indices": op.index, "axis": Axes(op.dim, layer.inputs[0].type.rank)})]


def index_select(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    return [Wanted("Gather", {"axis": Axes(op.dim, layer.inputs[0].type.rank)})]


def slice_(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    axes = Axes([op.dim], layer.inputs[0].type.rank)
    bounds = {"starts": [op.start or 0], "ends": End(op.end)}
    return [Wanted("Slice", {**bounds, "axes": axes, "steps": [op.step]})]


def parts(layer: Node, opset: int) -> list[Wanted]:
    """Chunk and Split."""
    op: Any = layer.op
    return [_split(layer, [value.type.shape[op.dim] for value in layer.outputs], opset)]


def gated(layer: Node, opset: int) -> list[Wanted]:
    """GLU: half of the features, by a sigmoid of the other half."""
    op: Any = layer.op
    return [_split(layer, [layer.outputs[0].type.shape[op.dim]] * 2, opset), Wanted("Sigmoid"), Wanted("Mul")]


def _split(layer: Node, sizes: Sequence[Dim], opset: int) -> Wanted:
    """Into parts of these sizes; equal ones that are symbols by their number, which is told from opset 18 on."""
    op: Any = layer.op
    axis = Axes(op.dim, layer.inputs[0].type.rank)
    if all(isinstance(size, int) for size in sizes):
        return Wanted("Split", {"axis": axis, "split": sizes})
    return Wanted("Split", {"axis": axis, "num_outputs": len(sizes)} if opset >= 18 else {"axis": axis})


def concat(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    return [Wanted("Concat", {"axis": Axes(op.dim, layer.outputs[0].type.rank)})]


def reduction(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    dims = (op.dim,) if isinstance(op.dim, int) else op.dim
    axes = Axes(dims, layer.inputs[0].type.rank)
    return [Wanted(f"Reduce{type(op).__name__}", {"axes": axes, "keepdims": int(op.keepdim)})]


def top_k(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    axis = Axes(op.dim, layer.inputs[0].type.rank)
    return [Wanted("TopK", {"K": op.k, "axis": axis, "largest": int(op.largest), "sorted": Free()})]
