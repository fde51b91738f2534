"""float16: what changes its type, what keeps it, and that onnxruntime runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import pytest
import torch

import archspec
from archspec.backends.onnx import Emission, check, save
from archspec.backends.onnx.half import halve
from archspec.backends.torch import calibrate
from archspec.parity import compare
from archspec.parity.measure import FLOAT16
from tests.backends.onnx.emitted import names

HALF, FLOAT = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT
HEAD = "archspec: 1\ninputs: {image: [N, 4, 8, 8]}\nlayers:\n"
CONV = "  conv: {op: Conv2d, out_channels: 4, kernel_size: 3}\n"


def written(text: str, directory: Path, **options: Any) -> tuple[onnx.ModelProto, dict[str, int]]:
    """The checked file of a network with calibrated weights, which computes what the network does; and the types of
    all its values by name."""
    architecture = archspec.load(text)
    graph, module = architecture.graph, archspec.build(architecture)
    calibrate(module, graph, 0)
    path = directory / "net.onnx"
    save(Emission(graph, dtype="fp16", **options).model(module.state_dict()), path)
    check(path)
    report = compare(graph, module, path, tolerance=FLOAT16)
    assert report.passed, report.text()
    model = onnx.load(path)
    values = [*model.graph.input, *model.graph.value_info, *model.graph.output]
    types = {value.name: value.type.tensor_type.elem_type for value in values}
    return model, types | {tensor.name: tensor.data_type for tensor in model.graph.initializer}


def test_weights_and_values_are_half_and_inputs_and_outputs_are_not(tmp_path: Path) -> None:
    model, types = written(f"{HEAD}{CONV}  act: ReLU\n", tmp_path)
    assert names(model) == ["image/Cast", "conv", "act", "act/Cast"]
    assert {name for name, type_ in types.items() if type_ == FLOAT} == {"image", "act"}
    assert {name for name, type_ in types.items() if type_ == HALF} >= {"conv", "conv.weight", "conv.bias"}


def test_inputs_and_outputs_can_be_half_too(tmp_path: Path) -> None:
    model, types = written(f"{HEAD}{CONV}  act: ReLU\n", tmp_path, io_fp16=True)
    assert names(model) == ["conv", "act"]
    assert set(types.values()) == {HALF}


@pytest.mark.parametrize(
    ("layers", "stays"),
    [
        ("  norm: {op: RMSNorm, normalized_shape: 8}\n  conv: {op: Conv2d, out_channels: 2, kernel_size: 1}\n", "norm"),
        ("  conv: {op: Conv2d, out_channels: 4, kernel_size: 3}\n  norm: {op: LpNormalize}\n", "norm"),
        ("  conv: {op: Conv2d, out_channels: 4, kernel_size: 3}\n  norm: BatchNorm2d\n", "norm"),
        ("  conv: {op: Conv2d, out_channels: 4, kernel_size: 3}\n  norm: {op: LocalResponseNorm, size: 3}\n", "norm"),
    ],
)
def test_what_loses_in_half_stays(layers: str, stays: str, tmp_path: Path) -> None:
    _, types = written(HEAD + layers, tmp_path)
    assert types.get(f"{stays}/Cast") == HALF or types[stays] == FLOAT
    assert types["conv.weight"] == HALF


def test_a_tensor_that_half_does_not_reach_keeps_its_layer_in_float32(tmp_path: Path) -> None:
    text = f"{HEAD}{CONV}  again: {{op: Conv2d, out_channels: 2, kernel_size: 1}}\n"
    architecture = archspec.load(text)
    module = archspec.build(architecture)
    with torch.no_grad():
        module.again.bias.fill_(1e5)
    model = ir.to_proto(Emission(architecture.graph, dtype="fp16").model(module.state_dict()))
    types = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    assert types == {"conv.weight": HALF, "conv.bias": HALF, "again.weight": FLOAT, "again.bias": FLOAT}


@pytest.mark.parametrize(
    ("number", "found"),
    [(-1e9, -65504.0), (1e-12, 2.0**-24), (-np.inf, -np.inf), (0.0, 0.0), (1 / 3, np.float16(1 / 3))],
)
def test_constants_keep_their_sense(number: float, found: float) -> None:
    x = ir.Value(name="x", type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape([2]))
    constant = ir.Value(name="y/const", const_value=ir.tensor(np.float32(number), name="y/const"))
    node = ir.node("Max", [x, constant], name="y")
    node.outputs[0].type, node.outputs[0].shape = x.type, x.shape
    graph = ir.Graph([x], node.outputs, nodes=[node], initializers=[constant], opset_imports={"": 18})
    halve(ir.Model(graph, ir_version=8), io=True)
    assert constant.const_value is not None
    assert (constant.const_value.dtype, constant.const_value.numpy().item()) == (ir.DataType.FLOAT16, found)


def test_positions_are_no_halves(tmp_path: Path) -> None:
    """From 2048 on float16 skips numbers: what finds the places of an upsampled line stays exact."""
    up = "{op: Interpolate, scale_factor: 1.5, mode: nearest}"
    text = f"archspec: 1\ninputs: {{image: [N, 2, L]}}\nlayers:\n  up: {up}\n"
    architecture = archspec.load(text)
    graph, module = architecture.graph, archspec.build(architecture)
    path = tmp_path / "net.onnx"
    save(Emission(graph, dtype="fp16").model(module.state_dict()), path)
    report = compare(graph, module, path, tolerance=FLOAT16, sizes=[{"N": 1, "L": 5001}])
    assert report.passed, report.text()
