"""Symbolic sizes: what a file computes of them is what dims says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import onnx_ir as ir
from hypothesis import given, settings
from hypothesis import strategies as st

from archspec.backends.onnx import emit
from archspec.diagnostics import whole_file
from archspec.dims import Dim, evaluate, symbol
from archspec.graph import Graph, Node, Origin, Output, Scope, Value
from archspec.ops.base import Emitter, Handle, Receptive, TorchExpression, TorchRecipe, Weightless
from archspec.types import DType, TensorType
from tests.backends.onnx.emitted import session

H, W = symbol("H"), symbol("W")


class Sizes(Weightless):
    """Gives the sizes that it was made with."""

    sizes: tuple[Dim, ...]

    def infer(self, *inputs: TensorType) -> TensorType:
        return TensorType((len(self.sizes),), (None,), DType.int64)

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "point"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression("{0}")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.node("Identity", emit.shape(self.sizes))


def _model(*layers: Sequence[Dim], rows: Dim = H) -> onnx.ModelProto:
    x = Value("x", TensorType.of((2, rows, W)))
    y = Value("y", TensorType.of((W, 3)))
    root = Scope("", "root", "", None, (x, y))
    nodes = []
    for k, sizes in enumerate(layers):
        node = Node(f"sizes{k}", Sizes(sizes=tuple(sizes)), (x,), root, Origin(whole_file("test")), f"sizes{k}")
        node.outputs = (Value(node.path, node.op.infer(x.type), node),)  # type: ignore[arg-type]
        nodes.append(node)
    outputs = tuple(Output(node.path, node.outputs[0]) for node in nodes)
    model = ir.to_proto(emit(Graph("sizes", (x, y), outputs, root, nodes), {}))
    onnx.checker.check_model(model, full_check=True)
    return model


def _computed(model: onnx.ModelProto, h: int, w: int) -> list[list[int]]:
    feeds = {"x": np.zeros((2, h, w), np.float32), "y": np.zeros((w, 3), np.float32)}
    return [array.tolist() for array in session(model).run(None, feeds)]


@st.composite
def dims(draw: st.DrawFn) -> Dim:
    """Sizes as layers make them: windows over symbols, sums and products of those."""
    size: Dim = draw(st.sampled_from([H, W, 7]))
    for _ in range(draw(st.integers(0, 4))):
        match draw(st.sampled_from(["window", "add", "multiply", "scale"])):
            case "window":
                size = (size + draw(st.integers(-4, 4))) // draw(st.integers(1, 4)) + draw(st.integers(0, 2))
            case "add":
                size = size + draw(st.sampled_from([H, W])) // draw(st.integers(1, 3))
            case "multiply":
                size = size * draw(st.sampled_from([H, W, H // 2, (W - 3) // 4]))
            case _:
                size = size * draw(st.integers(1, 3))
    return size


@settings(max_examples=60)
@given(st.lists(dims(), min_size=1, max_size=4), st.integers(5, 40), st.integers(5, 40))
def test_sizes_are_computed_exactly(sizes: list[Dim], h: int, w: int) -> None:
    assert _computed(_model(sizes), h, w) == [[evaluate(size, {"H": h, "W": w}) for size in sizes]]


def test_a_symbol_is_worked_out_from_a_size_that_is_a_multiple_of_it() -> None:
    assert _computed(_model([H, H * W], rows=3 * H - 2), 3 * 5 - 2, 7) == [[5, 35]]


def test_a_floor_below_zero_is_no_truncation() -> None:
    assert _computed(_model([(H - 3) // 4 + 5], [(H - 3) // 4 * W + 5]), 1, 6) == [[4], [-1]]


def test_numbers_are_a_constant() -> None:
    model = _model([3, -1])
    assert [node.op_type for node in model.graph.node] == ["Identity"]


def test_each_size_is_computed_once() -> None:
    tokens = (H // 2) * (W // 2)
    model = _model([2, tokens], [tokens, 5], [2, tokens])
    counts = [node.op_type for node in model.graph.node if node.name.startswith("sizes/")]
    assert sorted(counts) == ["Concat", "Concat", "Div", "Div", "Mul", "Shape", "Shape"]
