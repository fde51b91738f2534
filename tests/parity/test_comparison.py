"""Running both: inputs, outputs, sizes, and what of it the report says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from torch import nn

import archspec
from archspec.backends.onnx import emit, save
from archspec.backends.torch import build_module, calibrate
from archspec.graph import Graph
from archspec.parity import DeviceError, PortsError, compare, comparison
from archspec.parity.measure import FLOAT16

TEXT = """
archspec: 1
inputs:
  image: [N, 3, H, W]
  scale: [N, 1]
layers:
  conv: {op: Conv2d, from: image, out_channels: 4, kernel_size: 3, stride: 2}
  drop: Dropout
  mean: {op: Mean, from: drop, dim: [2, 3]}
  scaled: {op: Mul, from: [mean, scale]}
outputs: {map: drop, scaled: scaled}
"""


def written(text: str, directory: Path) -> tuple[Graph, nn.Module, Path]:
    """A network with calibrated weights, and its file."""
    graph = archspec.load(text).graph
    module = build_module(graph)
    calibrate(module, graph, 0)
    path = directory / "net.onnx"
    save(emit(graph, module.state_dict()), path)
    return graph, module, path


def test_all_outputs_at_all_sizes(tmp_path: Path) -> None:
    graph, module, path = written(TEXT, tmp_path)
    report = compare(graph, module, path, seed=5, batches=(2, 4))
    assert [(output.name, output.verdict) for output in report.outputs] == [("map", "pass"), ("scaled", "pass")]
    assert [case["N"] for case in report.sizes] == [2, 4, 2, 2]
    assert (report.seed, report.device, report.provider) == (5, "cpu", "CPUExecutionProvider")
    assert report.versions.keys() == {"archspec", "torch", "onnx", "onnxruntime", "numpy"}
    assert report.sha256 == {"model": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_sizes_can_be_given(tmp_path: Path) -> None:
    report = compare(*written(TEXT, tmp_path), sizes=[{"N": 2, "H": 9, "W": 12}])
    assert (report.verdict, report.sizes) == ("pass", ({"N": 2, "H": 9, "W": 12},))


def test_the_module_stays_as_it_is(tmp_path: Path) -> None:
    graph, module, path = written(TEXT, tmp_path)
    module.train()
    assert compare(graph, module, path).passed
    assert all(part.training for part in module.modules())


def test_a_missing_device_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(DeviceError):
        compare(*written(TEXT, tmp_path), device="tpu")


def test_a_file_with_other_inputs_is_not_run(tmp_path: Path) -> None:
    _, _, path = written(TEXT, tmp_path)
    graph = archspec.load("archspec: 1\ninputs: {image: [N, 3]}\nlayers:\n  act: ReLU\n").graph
    with pytest.raises(PortsError):
        compare(graph, build_module(graph), path)


def test_where_a_device_rounds_to_tf32_that_is_the_precision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "rounds_to_tf32", lambda device: True)
    graph, module, path = written(TEXT, tmp_path)
    assert compare(graph, module, path).precision == "tf32"
    assert compare(graph, module, path, tolerance=FLOAT16).precision == "fp16"


class Coarse(nn.Module):
    """Rounds single inputs as a network does that magnifies rounding; in float64 it is exact."""

    def __init__(self, error: float) -> None:
        super().__init__()
        self.error = error
        self.act = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        coarse = x.dtype is torch.float32 and len(x) == 1
        return x.relu() * (1 + self.error * torch.linspace(-1, 1, x.shape[1])) if coarse else x.relu()


@pytest.mark.parametrize(("file", "verdict"), [("ReLU", "pass"), ("{op: LeakyReLU, negative_slope: 0.001}", "fail")])
def test_where_a_gate_is_missed_torch_is_held_against_float64_before_the_file_is_blamed(
    file: str, verdict: str, tmp_path: Path
) -> None:
    text = "archspec: 1\ninputs: {{data: [N, 100]}}\nlayers:\n  act: {}\n"
    graph = archspec.load(text.format("ReLU")).graph
    _, _, path = written(text.format(file), tmp_path)
    assert compare(graph, Coarse(5e-5), path).verdict == verdict
