"""The proof for a file just written: initial weights, given weights, and a file that was tampered with."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch

import archspec
from archspec.backends.onnx import Emission, data_path, save
from archspec.graph import Graph
from archspec.parity import ParityReport, prove

TEXT = """
archspec: 1
inputs: {image: [N, 3, 16, 16]}
layers:
  conv: {op: Conv2d, out_channels: 8, kernel_size: 3}
  bn: BatchNorm2d
  act: Tanh
  flatten: Flatten
  fc: {op: Linear, out_features: 5}
init: {Linear: {weight: zeros, bias: zeros}}
"""


class Written:
    """A network and its file."""

    def __init__(self, directory: Path) -> None:
        architecture = archspec.load(TEXT)
        self.graph: Graph = architecture.graph
        self.emission = Emission(self.graph, metadata={"a": "b"})
        self.module = archspec.build(architecture).eval()
        self.path = directory / "net.onnx"
        self.write()

    def write(self) -> None:
        save(self.emission.model(self.module.state_dict()), self.path)

    def prove(self, **options: Any) -> ParityReport:
        return prove(self.emission, self.module, self.path, **options)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


def test_initial_weights_are_proved_by_a_calibrated_twin(written: Written) -> None:
    before = {key: tensor.clone() for key, tensor in written.module.state_dict().items()}
    report = written.prove(weights_are_initial=True, sha256={"spec": "abc"})
    assert (report.verdict, report.problems) == ("pass", ())
    assert report.weights == "initial weights, seed 0; compared with calibrated ones"
    assert report.sha256.keys() == {"spec", "model"}
    assert [path.name for path in written.path.parent.iterdir()] == ["net.onnx"]
    assert all(torch.equal(tensor, before[key]) for key, tensor in written.module.state_dict().items())


def test_given_weights_are_compared_as_they_are(written: Written) -> None:
    report = written.prove(weights_are_initial=False)
    assert (report.verdict, report.weights) == ("vacuous", "given weights")
    torch.nn.init.normal_(written.module.get_parameter("fc.weight"))
    written.write()
    assert written.prove(weights_are_initial=False).verdict == "pass"


def test_a_tensor_that_is_not_the_modules_is_found(written: Written) -> None:
    with torch.no_grad():
        written.module.get_parameter("conv.bias")[0] += 1e-7
    report = written.prove(weights_are_initial=True)
    assert (report.verdict, report.problems) == ("fail", ("conv.bias in the file is not the module's",))


def test_a_tensor_that_is_no_number_is_found_though_the_twin_is_sound(written: Written) -> None:
    with torch.no_grad():
        written.module.get_parameter("conv.bias")[0] = torch.nan
    written.write()
    report = written.prove(weights_are_initial=True)
    assert (report.verdict, report.problems) == ("fail", ("conv.bias in the file is not finite",))


def test_a_file_with_other_nodes_than_the_twin_is_found(written: Written) -> None:
    model = onnx.load(written.path)
    [act] = [node for node in model.graph.node if node.name == "act"]
    act.op_type = "Sigmoid"
    onnx.save(model, written.path)
    report = written.prove(weights_are_initial=True)
    assert report.problems == ("the file differs in more than its tensors from the one that was compared",)


def test_the_opset_of_the_twin_is_that_of_the_file(written: Written) -> None:
    written.emission = replace(written.emission, opset=21)
    written.write()
    assert written.prove(weights_are_initial=True).verdict == "pass"


def test_weights_that_lie_beside_the_model_are_looked_at_too(written: Written) -> None:
    tensors = written.module.state_dict()
    save(written.emission.model(tensors), written.path, "safetensors", tensors)
    assert written.prove(weights_are_initial=True).verdict == "pass"
    with data_path(written.path, "safetensors").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x01")
    (problem,) = written.prove(weights_are_initial=True).problems
    assert problem.endswith(" in the file is not the module's")


def test_the_structure_of_the_file_is_told_and_its_problems_fail(written: Written) -> None:
    found = written.prove(weights_are_initial=True).structure
    assert found is not None
    assert (found.opset, found.nodes, found.values, found.shapes_compared, found.problems) == (18, 5, 5, 5, ())
    assert (found.elements, found.constants) == (3 * 8 * 9 + 8 + 4 * 8 + 8 * 14 * 14 * 5 + 5, 0)
    model = onnx.load(written.path)
    model.graph.value_info[0].type.tensor_type.shape.dim[1].dim_value = 9
    onnx.save(model, written.path)
    report = written.prove(weights_are_initial=True)
    assert report.verdict == "fail"
    assert any("and onnx infers" in problem for problem in report.problems)
