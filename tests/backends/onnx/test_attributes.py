"""Attributes against arguments: what no comparison of numbers can see."""

from __future__ import annotations

from typing import Any

import onnx
import pytest

from archspec.backends.onnx import check_attributes
from archspec.graph import Graph
from tests.backends.onnx.emitted import emitted, graph_of, node

TEXT = """
archspec: 1
inputs: {image: [N, 4, 16, 16]}
layers:
  conv: {op: Conv2d, out_channels: 8, kernel_size: [3, 5], stride: 2, padding: [1, 2], dilation: 1, groups: 2}
  bn: BatchNorm2d
  leaky: {op: LeakyReLU, negative_slope: 0.2}
  up: {op: ConvTranspose2d, out_channels: 8, kernel_size: 3, stride: 2, padding: 1, output_padding: 1}
  elu: {op: ELU, alpha: 0.7}
  max: {op: MaxPool2d, kernel_size: 3, stride: 1, padding: 1}
  gn: {op: GroupNorm, num_groups: 4}
  mean: {op: AvgPool2d, kernel_size: 3, stride: 1, padding: 1, count_include_pad: false}
  gelu: {op: GELU, approximate: tanh}
  hard: Hardsigmoid
  ln: {op: LayerNorm, eps: 1.0e-6}
"""


@pytest.fixture
def graph() -> Graph:
    return graph_of(TEXT)


def test_what_was_emitted_agrees(graph: Graph) -> None:
    assert check_attributes(graph, emitted(TEXT, opset=20)) == (11, ())


@pytest.mark.parametrize(
    ("name", "attribute", "value"),
    [
        ("conv", "kernel_shape", [5, 3]),
        ("conv", "strides", [2, 1]),
        ("conv", "pads", [2, 1, 2, 1]),
        ("conv", "dilations", [2, 1]),
        ("conv", "group", 1),
        ("bn", "epsilon", 1.1e-5),
        ("leaky", "alpha", 0.01),
        ("up", "output_padding", [0, 0]),
        ("elu", "alpha", 1.0),
        ("max", "pads", [1, 1, 0, 0]),
        ("gn/InstanceNormalization", "epsilon", 1.1e-5),
        ("mean", "count_include_pad", 1),
        ("gelu", "approximate", "none"),
        ("hard", "alpha", 0.2),
        ("ln", "epsilon", 1e-5),
    ],
)
def test_every_attribute_is_compared(graph: Graph, name: str, attribute: str, value: Any) -> None:
    model = emitted(TEXT, opset=20)
    [found] = [entry for entry in node(model, name).attribute if entry.name == attribute]
    found.CopyFrom(onnx.helper.make_attribute(attribute, value))
    _, [mismatch] = check_attributes(graph, model)
    assert mismatch.startswith(f"{name.partition('/')[0]}: {attribute} is ")


def test_an_attribute_left_out_has_the_default_of_its_operator(graph: Graph) -> None:
    model = emitted(TEXT, opset=20)
    for name in ("bn", "hard"):
        del node(model, name).attribute[:]
    assert check_attributes(graph, model).mismatches == (
        "hard: alpha is 0.2 in the file, and 0.1666667 in the network",
    )


def test_a_file_with_names_of_its_own_is_not_compared(graph: Graph) -> None:
    model = emitted(TEXT, opset=20)
    for number, found in enumerate(model.graph.node):
        found.name = f"node_{number}"
    assert check_attributes(graph, model) == (0, ())
