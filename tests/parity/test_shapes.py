"""The types in a file against onnx's own inference."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx.shape_inference import InferenceError, infer_shapes

from archspec.parity.measure import Run, judge
from archspec.parity.shapes import ShapeCheck, check_shapes, given_shapes
from tests.backends.onnx.emitted import emitted, graph_of
from tests.backends.onnx.examples import emitted_example
from tests.ops.cases import SETTINGS
from tests.ops.examples import EXAMPLES

TEXT = """
archspec: 1
inputs: {image: [N, 3, H, W]}
layers:
  conv: {op: Conv2d, out_channels: 4, kernel_size: 3, stride: 2}
  up: {op: Upsample, scale_factor: 2}
  pool: {op: AdaptiveAvgPool2d, output_size: 1}
  flatten: Flatten
"""
AT = {"N": 2, "H": 33, "W": 48}


def checked(model: onnx.ModelProto) -> ShapeCheck:
    return check_shapes(model, AT)


def info(model: onnx.ModelProto, name: str) -> Any:
    [value] = [value for value in (*model.graph.value_info, *model.graph.output) if value.name == name]
    return value.type.tensor_type


def test_every_value_of_every_example_has_the_shape_that_onnx_infers() -> None:
    values = compared = 0
    for example in EXAMPLES:
        written = emitted_example(example)
        assert written is not None
        found = check_shapes(written[1], SETTINGS[1])
        assert not found.problems, example
        values, compared = values + found.values, compared + found.compared
    assert compared > 0.99 * values > 1000


def test_a_sound_file_has_types_everywhere() -> None:
    model = emitted(TEXT)
    assert checked(model) == (len(model.graph.node), len(model.graph.node), ())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda conv: setattr(conv.shape.dim[1], "dim_value", 5), "float [N, 5, floor(1/2*H - 1/2), "),
        (lambda conv: setattr(conv.shape.dim[1], "dim_param", "C"), "float [N, C, "),
        (lambda conv: setattr(conv, "elem_type", onnx.TensorProto.DOUBLE), "double [N, 4, "),
        (lambda conv: conv.shape.dim.pop(), "float [N, 4, "),
        (lambda conv: conv.ClearField("shape"), "float of unknown shape"),
    ],
    ids=["number", "symbol for a number", "element type", "axis missing", "shape missing"],
)
def test_another_type_is_found(change: Any, problem: str) -> None:
    model = emitted(TEXT)
    change(info(model, "conv"))
    found, *_ = checked(model).problems
    assert found.startswith("conv is ")
    assert " in the file, and onnx infers float [N, 4, " in found


def test_what_onnxruntime_gives_is_held_against_the_network() -> None:
    graph = graph_of(TEXT)
    ones = [Run(np.ones((n, 4)), np.ones((n, 4))) for n in (2, 2)]
    found = given_shapes(graph, [AT, {**AT, "N": 3}], [judge("flatten", ones)])
    assert found == ["flatten has [3, 4] at N 3, H 33, W 48, and onnxruntime gives [2, 4]"]


def test_a_value_without_a_type_is_found() -> None:
    model = emitted(TEXT)
    [conv] = [value for value in model.graph.value_info if value.name == "conv"]
    model.graph.value_info.remove(conv)
    assert checked(model).problems == ("conv has no type in the file",)


def test_a_formula_is_checked_with_numbers() -> None:
    """onnx has no name for half of H. At H = 33 the network has 16 rows there, and a file with other pads has more."""
    model = emitted(TEXT)
    [conv] = [node for node in model.graph.node if node.name == "conv"]
    [pads] = [attribute for attribute in conv.attribute if attribute.name == "pads"]
    pads.ints[:] = [1, 0, 1, 0]
    found = checked(model).problems
    assert "conv is float [2, 4, 16, 23] in the file, and onnx infers float [2, 4, 17, 23] at N 2, H 33, W 48" in found


@pytest.mark.parametrize("opset", [18, 22])
def test_a_mistake_of_onnx_about_ceil_mode_does_not_concern_us(opset: int) -> None:
    """Below opset 22 onnx counts a window that would start in the far padding, which neither onnxruntime does nor
    torch. What is written has padding in place of `ceil_mode`, which all count alike."""
    text = """
archspec: 1
inputs: {image: [1, 1, 10, 10]}
layers: {pool: {op: MaxPool2d, kernel_size: 1, stride: 4, ceil_mode: true}}
"""
    model = emitted(text, opset=opset)
    assert check_shapes(model, {}) == (1, 1, ())
    (pool,) = model.graph.node
    settings = {"kernel_shape": [1, 1], "strides": [4, 4]}
    pool.CopyFrom(onnx.helper.make_node("MaxPool", ["image"], ["pool"], "pool", ceil_mode=1, **settings))
    image = np.zeros((1, 1, 10, 10), np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert session.run(None, {"image": image})[0].shape == (1, 1, 3, 3)
    mistaken = ("pool is float [1, 1, 3, 3] in the file, and onnx infers float [1, 1, 4, 4]",)
    assert check_shapes(model, {}).problems[:1] == (() if opset >= 22 else mistaken)


def test_a_mistake_of_onnx_about_products_of_sizes_is_no_finding() -> None:
    """Where onnx follows the values of sizes, it takes each of them for a list: strictly, it fails at a product of
    two axes by two."""
    [example] = [each for each in EXAMPLES if str(each) == "WindowMask(window_size=4) on N 8 12 5"]
    written = emitted_example(example)
    assert written is not None
    with pytest.raises(InferenceError, match="Invalid rank for Mul broadcasting"):
        infer_shapes(written[1], strict_mode=True, data_prop=True)
    assert not check_shapes(written[1], SETTINGS[1]).problems
