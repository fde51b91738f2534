"""Parity is a real test: what is wrong in a file is found, by the numbers alone, and traced to its layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch

import archspec
from archspec.backends.onnx import emit, save
from archspec.backends.torch import build_module, calibrate
from archspec.parity import ParityReport, compare

TEXT = """
archspec: 1
inputs: {image: [N, 3, 33, 33]}
layers:
  stem: {op: Conv2d, out_channels: 16, kernel_size: 3, stride: 2, padding: 1}
  bn: BatchNorm2d
  relu: ReLU
  pool: {op: MaxPool2d, kernel_size: 2, stride: 2, ceil_mode: true}
  left: {op: Conv2d, from: pool, out_channels: 16, kernel_size: 1}
  right: {op: Conv2d, from: pool, out_channels: 16, kernel_size: 3, padding: 1}
  cat: {op: Concat, from: [left, right]}
  gelu: GELU
  drop: Dropout
  mean: {op: AdaptiveAvgPool2d, output_size: 1}
  flatten: Flatten
  norm: {op: LayerNorm, eps: 1.0e-6}
  fc: {op: Linear, out_features: 10}
"""

Tensors = dict[str, torch.Tensor]


def compared(
    tmp_path: Path, spec: Callable[[str], str] = str, weights: Callable[[Tensors], Tensors] = dict
) -> ParityReport:
    """The network against a file that was made from a mutant of its text, or of its weights."""
    graph = archspec.load(TEXT).graph
    module = build_module(graph)
    calibrate(module, graph, 0)
    path = tmp_path / "mutant.onnx"
    tensors = weights({key: tensor.clone() for key, tensor in module.state_dict().items()})
    save(emit(archspec.load(spec(TEXT)).graph, tensors), path)
    return compare(graph, module, path)


def replacing(old: str, new: str) -> Callable[[str], str]:
    def replaced(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return replaced


def test_the_file_itself_is_in_parity(tmp_path: Path) -> None:
    report = compared(tmp_path)
    assert (report.verdict, report.problems, report.first_divergence) == ("pass", (), None)
    assert report.attributes_checked == 6


@pytest.mark.parametrize(
    ("spec", "layer"),
    [
        (replacing("gelu: GELU", "gelu: {op: GELU, approximate: tanh}"), "gelu"),
        (replacing("eps: 1.0e-6", "eps: 1.0e-5"), "norm"),
        (replacing("bn: BatchNorm2d", "bn: {op: BatchNorm2d, eps: 1.0e-3}"), "bn"),
        (replacing("ceil_mode: true", "ceil_mode: false"), "pool"),
        (replacing("stride: 2, ceil_mode: true", "stride: 2, ceil_mode: false, padding: 1"), "pool"),
        (replacing("from: [left, right]", "from: [right, left]"), "cat"),
        (replacing("  relu: ReLU\n", "  relu: LeakyReLU\n"), "relu"),
        (replacing("kernel_size: 1}", "kernel_size: 1, bias: false}"), "left"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mutant_of_the_text_is_found_by_its_numbers_and_traced(
    spec: Callable[[str], str], layer: str, tmp_path: Path
) -> None:
    report = compared(tmp_path, spec)
    assert [output.verdict for output in report.outputs] == ["fail"]
    assert report.first_divergence == layer


def _rounded(tensors: Tensors) -> Tensors:
    tensors["right.weight"] = tensors["right.weight"].half().float()
    return tensors


def _one_nan(tensors: Tensors) -> Tensors:
    tensors["left.weight"][0, 0] = torch.nan
    return tensors


def _one_sign(tensors: Tensors) -> Tensors:
    tensors["bn.bias"][3] *= -1
    return tensors


@pytest.mark.parametrize(("weights", "layer"), [(_rounded, "right"), (_one_nan, "left"), (_one_sign, "bn")])
def test_a_mutant_of_the_weights_is_found_by_its_numbers_and_traced(
    weights: Callable[[Tensors], Tensors], layer: str, tmp_path: Path
) -> None:
    report = compared(tmp_path, weights=weights)
    assert [output.verdict for output in report.outputs] == ["fail"]
    assert report.first_divergence == layer


def test_what_no_numbers_show_is_found_in_the_attributes(tmp_path: Path) -> None:
    report = compared(tmp_path, replacing("bn: BatchNorm2d", "bn: {op: BatchNorm2d, eps: 1.1e-5}"))
    assert [output.verdict for output in report.outputs] == ["pass"]
    assert report.problems == ("bn: epsilon is 1.1e-05 in the file, and 1e-05 in the network",)
    assert (report.verdict, report.passed) == ("fail", False)


def _edited(tmp_path: Path, name: str, attribute: str, value: Any) -> ParityReport:
    """The network against its file, in which an attribute of a node was changed."""
    graph = archspec.load(TEXT).graph
    module = build_module(graph)
    calibrate(module, graph, 0)
    path = tmp_path / "mutant.onnx"
    save(emit(graph, module.state_dict()), path)
    model = onnx.load(path)
    del model.graph.value_info[:]
    [node] = [node for node in model.graph.node if node.name == name]
    kept = [entry for entry in node.attribute if entry.name != attribute]
    del node.attribute[:]
    node.attribute.extend([*kept, onnx.helper.make_attribute(attribute, value)])
    onnx.save(model, path)
    return compare(graph, module, path)


def test_a_file_that_fails_at_some_sizes_is_traced(tmp_path: Path) -> None:
    report = _edited(tmp_path, "flatten", "axis", 0)  # which is right for a batch of 1
    assert report.verdict == "fail"
    assert [problem for problem in report.problems if "norm" in problem]
    assert report.first_divergence == "flatten"


def test_a_file_that_cannot_be_loaded_is_traced(tmp_path: Path) -> None:
    report = _edited(tmp_path, "left", "group", 3)
    assert (report.verdict, report.outputs) == ("fail", ())
    assert report.problems[0].startswith("onnxruntime: ")
    assert report.first_divergence == "left"


def test_a_mutant_with_names_of_its_own_is_found_though_not_traced(tmp_path: Path) -> None:
    graph = archspec.load(TEXT).graph
    module = build_module(graph)
    calibrate(module, graph, 0)
    path = tmp_path / "mutant.onnx"
    save(emit(graph, _one_sign(module.state_dict())), path)
    model = onnx.load(path)
    for number, node in enumerate(model.graph.node):
        node.name = f"node_{number}"
    onnx.save(model, path)
    calibrate(module, graph, 0)
    report = compare(graph, module, path)
    assert (report.verdict, report.first_divergence) == ("fail", None)


def test_a_layer_that_magnifies_what_arrives_wrong_is_not_to_blame(tmp_path: Path) -> None:
    graph = archspec.load("""
archspec: 1
inputs: {data: [N, 64]}
layers:
  lin: {op: Linear, out_features: 64}
  norm: LayerNorm
  fc: {op: Linear, out_features: 10}
""").graph
    module = build_module(graph)
    calibrate(module, graph, 0)
    with torch.no_grad():
        module.get_parameter("lin.bias").fill_(30)  # which the norm takes away again, and not the error
    tensors = dict(module.state_dict())
    tensors["lin.weight"] = tensors["lin.weight"].half().float()
    path = tmp_path / "mutant.onnx"
    save(emit(graph, tensors), path)
    assert compare(graph, module, path).first_divergence == "lin"
