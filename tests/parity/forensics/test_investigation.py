"""Who is at fault: the file, onnxruntime or torch; and where that cannot be said."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MethodType
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import nn

import archspec
from archspec.backends.onnx import emit, save
from archspec.backends.torch import build_module, calibrate
from archspec.parity import compare
from archspec.parity.forensics import Diagnosis, diagnose
from archspec.parity.runs import Session

TEXT = """
archspec: 1
inputs: {image: [N, 3, 9, 9]}
blocks:
  Stage:
    layers:
      conv: {op: Conv2d, out_channels: 8, kernel_size: 3, padding: 1}
      pad: {op: ZeroPad2d, padding: 1}
      pool: {op: MaxPool2d, kernel_size: 2}
layers:
  stage: Stage
  drop: Dropout
  flatten: Flatten
  norm: LayerNorm
  fc: {op: Linear, out_features: 10}
"""
LEVELS = ["DISABLE_ALL", "ENABLE_BASIC", "ENABLE_EXTENDED", "ENABLE_LAYOUT", "ENABLE_ALL"]
GRAPH = archspec.load(TEXT).graph


@pytest.fixture
def module() -> nn.Module:
    found = build_module(GRAPH)
    calibrate(found, GRAPH, 0)
    return found


def written(module: nn.Module, path: Path) -> Path:
    save(emit(GRAPH, module.state_dict()), path)
    return path


def edited(path: Path, edit: Callable[[onnx.ModelProto], None]) -> Path:
    model = onnx.load(path)
    edit(model)
    onnx.save(model, path)
    return path


def diagnosed(module: nn.Module, path: Path) -> Diagnosis:
    report = compare(GRAPH, module, path)
    assert report.verdict == "fail"
    assert report.diagnosis is not None
    assert max(map(len, report.text().splitlines())) <= 80
    return report.diagnosis


def test_an_optimisation_of_onnxruntime(
    module: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1.31 folds a border of 0 into the max pool behind it, whose own border is -inf; ours is of -0.0 therefore."""
    monkeypatch.setattr("archspec.ops.padding._constant", lambda emit, value, dtype: emit.constant(value, dtype))
    with torch.no_grad():
        module.get_parameter("stage.conv.bias").sub_(4)  # the border of zeros is to be the greatest
    found = diagnosed(module, written(module, tmp_path / "net.onnx"))
    assert (found.at_fault, found.layer) == ("onnxruntime", "stage.pool")
    assert "from level basic on" in found.sentence
    assert "optimisation of it behind `stage.pad` is wrong" in found.sentence
    assert found.alone["disabled"] < 1e-6 < 0.1 < found.alone["basic"]
    assert found.whole["disabled"] < 1e-6 < 0.01 < found.whole["all"]


def test_a_kernel_of_onnxruntime(module: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slip(self: Session, inputs: Sequence[torch.Tensor]) -> list[Any]:
        pairs = zip(self.outputs, run(self, inputs), strict=True)
        return [array * 1.01 if name == "fc" else array for name, array in pairs]

    run = Session.run
    monkeypatch.setattr(Session, "run", slip)
    found = diagnosed(module, written(module, tmp_path / "net.onnx"))
    assert (found.at_fault, found.layer) == ("onnxruntime", "fc")
    assert "though onnx's reference evaluator gives torch's" in found.sentence


def test_rounding_of_torch(module: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def coarse(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = linear(x, weight, bias)
        return found.half().float() if found.dtype is torch.float32 else found

    linear = torch.nn.functional.linear
    monkeypatch.setattr("torch.nn.functional.linear", coarse)
    found = diagnose(GRAPH, module, written(module, tmp_path / "net.onnx"), [torch.randn(1, 3, 9, 9)])
    assert (found.at_fault, found.layer) == ("torch", "fc")
    assert found.sentence.endswith("so the rounding is torch's own")


def test_a_right_file(module: nn.Module, tmp_path: Path) -> None:
    found = diagnose(GRAPH, module, written(module, tmp_path / "net.onnx"), [torch.randn(1, 3, 9, 9)])
    assert (found.at_fault, found.layer) == ("unknown", None)
    assert found.sentence.startswith("no layer stands out")


def test_weights_that_are_no_numbers(module: nn.Module, tmp_path: Path) -> None:
    with torch.no_grad():
        module.get_parameter("norm.weight")[0] = torch.nan
    found = diagnosed(module, written(module, tmp_path / "net.onnx"))
    assert (found.at_fault, found.layer) == ("torch", "norm")


def test_a_layer_of_the_module(module: nn.Module, tmp_path: Path) -> None:
    path, conv = written(module, tmp_path / "net.onnx"), module.get_submodule("stage.conv")
    conv.forward = MethodType(lambda self, x: type(self).forward(self, x).sin(), conv)  # type: ignore[method-assign]
    found = diagnosed(module, path)
    assert (found.at_fault, found.layer) == ("torch", "stage.conv")
    assert found.sentence.endswith("so the module is not what the spec says")


def test_a_forward_of_the_module(module: nn.Module, tmp_path: Path) -> None:
    path, stage = written(module, tmp_path / "net.onnx"), module.get_submodule("stage")
    stage.forward = MethodType(lambda self, x: type(self).forward(self, x).sin(), stage)  # type: ignore[method-assign]
    found = diagnosed(module, path)
    assert (found.at_fault, found.layer) == ("torch", "stage")
    assert found.sentence.startswith("`stage` (<text>:11:")


def test_the_forward_of_the_whole_module(module: nn.Module, tmp_path: Path) -> None:
    path = written(module, tmp_path / "net.onnx")
    module.forward = MethodType(lambda self, image: type(self).forward(self, image) + 1, module)  # type: ignore[method-assign]
    found = diagnosed(module, path)
    assert (found.at_fault, found.layer, found.sentence.partition(":")[0]) == ("torch", "", "the network")


def test_weights_in_another_file(module: nn.Module, tmp_path: Path) -> None:
    wrong = dict(module.state_dict())
    wrong["fc.weight"] = wrong["fc.weight"].half().float()
    path = tmp_path / "net.onnx"
    save(emit(GRAPH, wrong), path, "safetensors", wrong)
    assert path.stat().st_size < wrong["fc.weight"].nbytes
    found = diagnosed(module, path)
    assert (found.at_fault, found.layer) == ("file", "fc")
    assert "fc.weight in it is not the module's" in found.sentence
    assert found.reproduction is not None
    found.reproduction.save(tmp_path / "alone")
    assert onnx.load(tmp_path / "alone" / "node.onnx").graph.initializer[0].raw_data


def _attribute(name: str, attribute: str, value: Any) -> Callable[[onnx.ModelProto], None]:
    def edit(model: onnx.ModelProto) -> None:
        [node] = [node for node in model.graph.node if node.name == name]
        kept = [entry for entry in node.attribute if entry.name != attribute]
        del node.attribute[:], model.graph.value_info[:]
        node.attribute.extend([*kept, onnx.helper.make_attribute(attribute, value)])

    return edit


def test_a_file_that_cannot_be_loaded(module: nn.Module, tmp_path: Path) -> None:
    path = edited(written(module, tmp_path / "net.onnx"), _attribute("stage.conv", "group", 3))
    found = diagnosed(module, path)
    assert (found.at_fault, found.layer) == ("file", "stage.conv")
    assert "the file's Conv does not run in onnxruntime" in found.sentence


def test_a_file_that_fails_at_some_sizes(module: nn.Module, tmp_path: Path) -> None:
    path = edited(written(module, tmp_path / "net.onnx"), _attribute("flatten", "axis", 0))  # right for a batch of 1
    found = diagnosed(module, path)
    assert (found.at_fault, found.layer) == ("file", "flatten")
    assert "gives 1 x 400 where torch gives 2 x 200 on the same input" in found.sentence


def test_a_file_with_names_of_its_own(module: nn.Module, tmp_path: Path) -> None:
    def rename(model: onnx.ModelProto) -> None:
        names = {name: f"value_{name}" for node in model.graph.node for name in node.output if name != "fc"}
        for node in model.graph.node:
            node.input[:] = [names.get(name, name) for name in node.input]
            node.output[:] = [names.get(name, name) for name in node.output]
        model.graph.initializer[-1].CopyFrom(onnx.numpy_helper.from_array(np.ones(10, np.float32), "fc.bias"))
        del model.graph.value_info[:]

    found = diagnosed(module, edited(written(module, tmp_path / "net.onnx"), rename))
    assert (found.at_fault, found.layer) == ("unknown", None)
    assert found.sentence.startswith("not traced")


def test_a_layer_that_magnifies_what_arrives_wrong_is_not_to_blame(module: nn.Module, tmp_path: Path) -> None:
    with torch.no_grad():
        module.get_parameter("stage.conv.bias").fill_(30)  # which the norm takes away again, and not the error
    wrong = dict(module.state_dict())
    wrong["stage.conv.weight"] = wrong["stage.conv.weight"].half().float()
    save(emit(GRAPH, wrong), tmp_path / "net.onnx")
    assert diagnosed(module, tmp_path / "net.onnx").layer == "stage.conv"


def test_the_reproduction_stands_alone(module: nn.Module, tmp_path: Path) -> None:
    """It shows with numpy and onnxruntime alone what was found."""
    wrong = dict(module.state_dict())
    wrong["stage.conv.bias"] = wrong["stage.conv.bias"] + 1
    save(emit(GRAPH, wrong), tmp_path / "net.onnx")
    found = diagnosed(module, tmp_path / "net.onnx")
    assert found.reproduction is not None
    folder = tmp_path / "new" / "alone"
    for _ in range(2):  # the second time over the first
        found.reproduction.save(folder)
    names = sorted(file.name for file in folder.iterdir())
    assert names == ["inputs.npz", "node.onnx", "onnxruntime.npz", "run.py", "torch.npz"]
    onnx.checker.check_model(folder / "node.onnx", full_check=True)
    code = "import runpy, sys; sys.modules['torch'] = sys.modules['onnx'] = None; runpy.run_path(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", code, folder / "run.py"], capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == LEVELS
    for line in done.stdout.splitlines():
        assert float(line.split()[4]) == pytest.approx(found.alone["disabled"], rel=0.05)
    with np.load(folder / "inputs.npz") as inputs, np.load(folder / "torch.npz") as expected:
        [image], [value] = inputs.values(), expected.values()
    assert (image.shape, value.shape) == ((1, 3, 9, 9), (1, 8, 9, 9))
