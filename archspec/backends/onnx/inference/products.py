"""Products of matrices, reductions, and networks that run along a sequence."""

from __future__ import annotations

from collections.abc import Sequence

from archspec.backends.onnx.inference.elementwise import broadcast
from archspec.backends.onnx.inference.known import Application, Known, Unknown, rule
from archspec.dims import Dim
from archspec.types import DType


@rule("MatMul")
def _matmul(node: Application) -> Sequence[Known]:
    left, right = node.x.shape, node.input(1).shape
    batch = broadcast(left[:-2], right[:-2])
    rows = left[-2:-1]  # a vector has none
    columns = right[-1:] if len(right) > 1 else ()
    return [Known((*batch, *rows, *columns), node.x.dtype)]


@rule("Gemm")
def _gemm(node: Application) -> Sequence[Known]:
    rows = node.x.shape[1 if node.get("transA", 0) else 0]
    columns = node.input(1).shape[0 if node.get("transB", 0) else 1]
    return [Known((rows, columns), node.x.dtype)]


@rule("Einsum")
def _einsum(node: Application) -> Sequence[Known]:
    left, result = node.attributes["equation"].replace(" ", "").split("->")
    sizes: dict[str, Dim] = {}
    batch: tuple[Dim, ...] = ()
    for index, term in enumerate(left.split(",")):
        shape = node.input(index).shape
        before, dots, after = term.partition("...")
        sizes.update(zip(before, shape, strict=False))
        sizes.update(zip(after, shape[len(shape) - len(after) :], strict=True))
        if dots:
            batch = broadcast(batch, shape[len(before) : len(shape) - len(after)])
    before, dots, after = result.partition("...")
    shape = (*(sizes[name] for name in before), *(batch if dots else ()), *(sizes[name] for name in after))
    return [Known(shape, node.x.dtype)]


@rule("ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum")
@rule("ReduceSumSquare")
def _reduce(node: Application) -> Sequence[Known]:
    axes = node.axes(1)
    return [_reduced(node, range(node.x.rank) if axes is None else axes, node.x.dtype)]


@rule("ArgMax", "ArgMin")
def _arg(node: Application) -> Sequence[Known]:
    return [_reduced(node, [node.axis(0)], DType.int64)]


def _reduced(node: Application, axes: Sequence[int], dtype: DType) -> Known:
    keeps = node.get("keepdims", 1)
    sizes = [1 if axis in axes else size for axis, size in enumerate(node.x.shape) if keeps or axis not in axes]
    return Known(tuple(sizes), dtype)


@rule("TopK")
def _top_k(node: Application) -> Sequence[Known]:
    axis, [count] = node.axis(-1), node.content(1)
    shape = (*node.x.shape[:axis], count, *node.x.shape[axis + 1 :])
    return [Known(shape, node.x.dtype), Known(shape, DType.int64)]


@rule("GRU", "LSTM", "RNN")
def _recurrent(node: Application) -> Sequence[Known]:
    if node.get("layout", 0):
        raise Unknown
    steps, batch, _ = node.x.shape
    directions, hidden = node.input(1).shape[0], node.attributes["hidden_size"]
    state = Known((directions, batch, hidden), node.x.dtype)
    return [Known((steps, directions, batch, hidden), node.x.dtype), state, state][: node.outputs]
