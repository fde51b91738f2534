"""Attributes against arguments: what no comparison of numbers can see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import pytest

from archspec import ops
from archspec.backends.onnx import DEFAULT_OPSET, OPSETS, check_attributes
from archspec.backends.onnx.attributes import DECOMPOSED, RULES
from archspec.backends.onnx.attributes.check import wanted_nodes
from archspec.backends.onnx.attributes.wanted import Axes, Free
from archspec.graph import Graph
from tests.backends.onnx.emitted import emitted, graph_of, node
from tests.backends.onnx.examples import emitted_example
from tests.ops.examples import EXAMPLES

# Ops of whose examples some are written in another form: where onnxruntime has no kernel for the element type, where a
# map is empty or an opset is old, and where no operator of ONNX finds the places that torch finds.
SOMETIMES = {
    *("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d"),
    *("AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "AdaptiveMaxPool3d"),
    *("Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d", "Interpolate"),
    *("LayerNorm", "LayerNorm2d", "LocalResponseNorm", "MultiheadAttention", "ScaledDotProductAttention"),
    *("LeakyReLU", "RReLU", "ELU", "SELU", "CELU", "Hardswish", "Mish", "Softplus", "Hardsigmoid"),
    *("LogSigmoid", "Softsign", "Fold", "Roll", "Squeeze", "Reshape", "Unflatten", "Flatten", "ChannelShuffle"),
    *("ReflectionPad1d", "ReflectionPad2d", "ReplicationPad1d", "ReplicationPad2d", "ToDtype"),
}

TEXT = """
archspec: 1
inputs: {image: [N, 4, 16, 16]}
layers:
  conv: {op: Conv2d, out_channels: 8, kernel_size: [3, 5], stride: 2, padding: [1, 2], dilation: 1, groups: 2}
  bn: BatchNorm2d
  drop: Dropout
  gelu: {op: GELU, approximate: tanh}
  hard: Hardsigmoid
"""


def rule_name(op: str) -> str:
    return op if op in RULES or op in DECOMPOSED else re.sub(r"[123]d$", "", op)


@pytest.fixture
def graph() -> Graph:
    return graph_of(TEXT)


def test_every_op_has_a_rule_or_is_taken_apart_by_design() -> None:
    names = {rule_name(name) for name in ops.names()}
    assert names == RULES.keys() | DECOMPOSED
    assert not RULES.keys() & DECOMPOSED


@pytest.mark.parametrize("options", [{"opset": OPSETS[0]}, {}, {"opset": OPSETS[-1]}, {"dtype": "fp16"}], ids=str)
def test_every_example_agrees_with_its_rule(options: dict[str, Any]) -> None:
    apart, compared = set(), set()
    for example in EXAMPLES:
        if (written := emitted_example(example, **options)) is None:
            continue
        found = check_attributes(*written)
        assert not found.mismatches, example
        if rule_name(example.op) in RULES:
            (compared if found.layers else apart).add(example.op)
    assert apart <= SOMETIMES
    if not options:
        assert {rule_name(name) for name in compared} == RULES.keys()


def test_any_setting_that_is_changed_is_reported() -> None:
    """In every example each attribute and each constant that a rule has an opinion on, one after the other."""
    changes = 0
    for example in EXAMPLES:
        written = emitted_example(example)
        assert written is not None
        for name, told in mutated(*written):
            changes += 1
            found = check_attributes(*written).mismatches
            assert any(text.startswith(f"layer: {name} is ") for text in found), f"{example}: {name} is {told}"
    assert changes > 1000


def mutated(graph: Graph, model: onnx.ModelProto) -> Iterator[tuple[str, Any]]:
    """The model itself with one setting after the other changed."""
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    (layer,) = graph.nodes
    opset = model.opset_import[0].version
    rest = iter(model.graph.node)
    for wanted in wanted_nodes(layer, opset) if check_attributes(graph, model).layers else ():
        found = next(node for node in rest if node.op_type == wanted.op_type)
        schema = onnx.defs.get_schema(found.op_type, opset)
        inputs = dict(zip((each.name for each in schema.inputs), found.input, strict=False))
        inputs |= {f"data_{k}": name for k, name in enumerate(found.input) if "data_0" in inputs}
        for name in {**schema.attributes, **wanted.settings}:
            value = wanted.settings.get(name)
            if isinstance(value, Free) or (isinstance(value, Axes) and value.rank == 1):
                continue
            if name in schema.attributes:
                yield from _with_another_attribute(found, name, schema.attributes[name])
            elif inputs.get(name) in constants:
                yield from _with_another_constant(constants[inputs[name]], name)


def _with_another_attribute(node: onnx.NodeProto, name: str, known: Any) -> Iterator[tuple[str, Any]]:
    before = list(node.attribute)
    written = next((each for each in before if each.name == name), known.default_value)
    if not written.type:
        return
    value = _other(onnx.helper.get_attribute_value(written))
    del node.attribute[:]
    node.attribute.extend([each for each in before if each.name != name])
    node.attribute.append(onnx.helper.make_attribute(name, value))
    yield name, value
    del node.attribute[:]
    node.attribute.extend(before)


def _with_another_constant(tensor: onnx.TensorProto, name: str) -> Iterator[tuple[str, Any]]:
    before = tensor.SerializeToString()
    array = onnx.numpy_helper.to_array(tensor).copy()
    if array.size:
        array.flat[0] = np.asarray(_other(array.flat[0].item())).astype(array.dtype)
        tensor.CopyFrom(onnx.numpy_helper.from_array(array, tensor.name))
        yield name, array
        tensor.ParseFromString(before)


def _other(value: Any) -> Any:
    if isinstance(value, list):
        return [_other(value[0]), *value[1:]]
    if isinstance(value, bytes):
        return b"mutant"
    if isinstance(value, float):
        return value * 1.01 + 1e-6
    return not value if isinstance(value, bool) else 1 if value > 2**31 else value + 1001


def test_an_epsilon_that_no_number_shows_is_told_with_both_values(graph: Graph) -> None:
    model = emitted(TEXT, opset=20)
    node(model, "bn").attribute[0].f = 1.1e-5
    assert check_attributes(graph, model) == (
        4,
        0,
        ("bn: epsilon is 1.1e-05 in the file, and 1e-05 in the network",),
    )


def test_an_attribute_left_out_has_the_default_of_its_operator(graph: Graph) -> None:
    model = emitted(TEXT, opset=20)
    for name in ("bn", "hard"):
        del node(model, name).attribute[:]
    dilations = next(each for each in node(model, "conv").attribute if each.name == "dilations")
    node(model, "conv").attribute.remove(dilations)
    assert check_attributes(graph, model).mismatches == (
        "hard: alpha is 0.2 in the file, and 0.1666667 in the network",
    )


def test_an_attribute_that_nobody_asked_for_is_told(graph: Graph) -> None:
    model = emitted(TEXT, opset=20)
    node(model, "conv").attribute.append(onnx.helper.make_attribute("auto_pad", "SAME_UPPER"))
    assert check_attributes(graph, model).mismatches == (
        "conv: auto_pad is SAME_UPPER in the file, and NOTSET in the network",
    )


def test_a_layer_without_an_operator_is_counted_apart() -> None:
    text = TEXT.replace("Hardsigmoid", "{op: CircularPad2d, padding: 1}")
    assert check_attributes(graph_of(text), emitted(text, opset=20)) == (3, 1, ())


def test_a_constant_of_less_precision_is_rounded(graph: Graph) -> None:
    text = TEXT.replace("Hardsigmoid", "{op: Hardtanh, max_val: 0.3}")
    model = emitted(text, opset=DEFAULT_OPSET)
    for tensor in model.graph.initializer:
        if tensor.name.startswith("hard/"):
            half = onnx.numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(onnx.numpy_helper.from_array(half, tensor.name))
    assert not check_attributes(graph_of(text), model).mismatches


def test_an_operator_of_a_runtimes_own_is_not_compared(graph: Graph) -> None:
    model = emitted(TEXT, opset=20)
    node(model, "gelu").domain = "com.microsoft"
    assert check_attributes(graph, model) == (3, 0, ())


def test_a_file_with_names_of_its_own_is_not_compared(graph: Graph) -> None:
    model = emitted(TEXT, opset=20)
    for number, found in enumerate(model.graph.node):
        found.name = f"node_{number}"
    assert check_attributes(graph, model) == (0, 0, ())
