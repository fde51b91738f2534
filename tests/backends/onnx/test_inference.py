"""The types of all values in a file, also between the nodes of one layer, are those that onnxruntime gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest

import archspec
from archspec.backends.onnx import DEFAULT_OPSET, OPSETS, EmitError, emit
from archspec.dims import Dim, evaluate
from archspec.graph import Graph
from archspec.ops import activation
from archspec.types import DType
from tests.ops.cases import SETTINGS, Example
from tests.ops.examples import EXAMPLES
from tests.ops.realize import one_layer

# onnxruntime gives these to Python as raw bits, or not at all.
UNSEEN = (DType.bfloat16,)


def emitted(example: Example, opset: int) -> tuple[Graph, ir.Model]:
    graph = one_layer(example.make(), example)
    tensors = {key: np.zeros(owned.shape, owned.dtype) for key, _, owned in graph.owned() if owned.dtype not in UNSEEN}
    return graph, emit(graph, tensors, opset=opset)


def runnable(example: Example) -> bool:
    """Whether numpy knows its values, and none is empty: onnxruntime gives the mean of nothing another shape."""
    graph = one_layer(example.make(), example)
    if any(0 in value.type.shape for value in graph.inputs):
        return False
    types = [value.type.dtype for value in (*graph.inputs, *graph.nodes[0].outputs)]
    return not any(dtype in UNSEEN for dtype in [*types, *(owned.dtype for _, _, owned in graph.owned())])


RUNNABLE = [example for example in EXAMPLES if runnable(example)]


@pytest.mark.parametrize("opset", [OPSETS[0], DEFAULT_OPSET, OPSETS[-1]])
def test_the_types_between_the_nodes_of_all_layers_are_those_at_run_time(opset: int) -> None:
    wrong: list[str] = []
    for example in RUNNABLE:
        try:
            graph, model = emitted(example, opset)
        except EmitError:  # it needs a later one
            assert opset < DEFAULT_OPSET
            continue
        wrong += [f"{example}: {each}" for each in disagreements(graph, model)]
    assert wrong == []


def disagreements(graph: Graph, model: ir.Model) -> list[str]:
    """What onnxruntime gives otherwise than the file says, or what the file says nothing of."""
    values = [value for node in model.graph for value in node.outputs]
    untyped = [f"{value.name} of {value.producer()} has no type" for value in values if value.shape is None]
    if untyped:
        return untyped
    proto = ir.to_proto(model)
    proto.graph.output.extend(
        onnx.ValueInfoProto(name=value.name) for value in values if value not in model.graph.outputs
    )
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    sizes = SETTINGS[0]
    wanted = {value.name: value.type for value in graph.inputs}
    feeds = {
        item.name: np.zeros([evaluate(size, sizes) for size in wanted[item.name].shape], wanted[item.name].dtype)
        for item in session.get_inputs()
    }
    found = session.run([value.name for value in values], feeds)
    written: dict[str, Dim] = {str(size): size for size in all_sizes(graph)}
    told = [f"{value.dtype} {[at(size, written) for size in value.shape or ()]}" for value in values]
    real = [f"{ir.DataType.from_numpy(array.dtype)} {list(array.shape)}" for array in found]
    return [f"{v.name}: {a}, and is {b}" for v, a, b in zip(values, told, real, strict=True) if a != b]


def all_sizes(graph: Graph) -> list[Dim]:
    return [size for value in graph.inputs for size in value.type.shape]


def at(size: Any, written: dict[str, Dim]) -> int:
    """A size of the file in numbers: its text is that of a polynomial, which Python reads as well."""
    if isinstance(size, int):
        return size
    return int(eval(size.value, {"floor": np.floor}, dict(SETTINGS[0])))


@pytest.mark.parametrize("name", ["shufflenet_v2_x0_5", "swin_v2_t", "unet", "lraspp"])
def test_every_value_of_a_network_has_a_type(name: str) -> None:
    graph = archspec.load(name).graph
    tensors = {key: np.zeros(owned.shape, owned.dtype) for key, _, owned in graph.owned()}
    model = emit(graph, tensors)
    assert [value.name for node in model.graph for value in node.outputs if value.shape is None] == []


def test_nodes_that_are_not_what_the_layer_infers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        activation.ReLU, "to_onnx", lambda self, emit, values, *inputs: emit.node("Transpose", *values, perm=[1, 0])
    )
    graph = archspec.load("archspec: 1\nname: net\ninputs: {image: [2, 5]}\nlayers: {act: ReLU}\n").graph
    with pytest.raises(EmitError, match="act: its nodes give float32 5 x 2, and it infers float32 2 x 5"):
        emit(graph, {})
