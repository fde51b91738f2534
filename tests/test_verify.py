"""`verify` on files that others wrote, or our own options: what is assumed, whose weights, and which gates."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

import archspec
from archspec import SpecError
from archspec.backends.onnx import Emission, save
from archspec.deployment import DeployError, Deployment, Preprocessing, deploy
from archspec.driver.metadata import metadata_of
from archspec.parity import PortsError, tolerance_of
from archspec.weights import WeightsError
from archspec.weights.facts import Facts

NET = """
archspec: 1
name: small
inputs: {image: [N, 3, 16, 16]}
layers:
  conv: {op: Conv2d, out_channels: 8, kernel_size: 3, bias: false}
  act: ReLU
  pool: {op: AdaptiveAvgPool2d, output_size: 1}
  flat: Flatten
  fc: {op: Linear, out_features: 5}
"""
FLAT = NET.replace("  pool: {op: AdaptiveAvgPool2d, output_size: 1}\n", "")
NORMED = NET.replace("  act: ReLU", "  bn: BatchNorm2d\n  act: ReLU")
SIAMESE = """
archspec: 1
inputs: {left: [N, 4], right: [N, 6]}
layers:
  one: {op: Linear, from: left, out_features: 7}
  two: {op: Linear, from: right, out_features: 7}
  both: {op: Add, from: [one, two]}
"""
QUANTIZED = """<ir_version: 8, opset_import: ["" : 18]>
rounded (float[n] x) => (uint8[n] y) <float scale = {0.1}, uint8 zero = {0}> { y = QuantizeLinear (x, scale, zero) }"""


def by_torch(module: nn.Module, inputs: Sequence[Tensor], path: Path, **options: object) -> Path:
    """What torch's older exporter writes: quickly, and with names and sizes of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, tuple(inputs), path, dynamo=False, **options)  # type: ignore[arg-type]
    return path


def image(batch: int, height: int, width: int) -> list[Tensor]:
    return [torch.randn(batch, 3, height, width)]


def test_another_exporters_file(tmp_path: Path) -> None:
    path = by_torch(archspec.build(NET).eval(), image(1, 16, 16), tmp_path / "net.onnx")
    report = archspec.verify(path, NET)
    assert (report.verdict, report.weights, report.sizes) == ("pass", "the file's weights", ({"N": 1},) * 3)
    image_, output, batch, attributes = report.assumptions
    assert image_ == "the input `image` is the file's input.1 (float32, 1 x 3 x 16 x 16), by type and shape"
    assert output.startswith("the output `fc` is the file's ")
    assert batch == "the file fixes N at 1: compared at that alone"
    assert attributes == "another program wrote the file: its numbers are compared, and no attributes"
    assert report.as_dict()["assumptions"] == [image_, output, batch, attributes]
    assert all(said in " ".join(report.text().split()) for said in report.assumptions)


def test_the_module_itself_may_be_the_target(tmp_path: Path) -> None:
    module = archspec.build(NORMED)
    path = by_torch(module.eval(), image(2, 16, 16), tmp_path / "net.onnx")
    module.train()
    assert archspec.verify(path, module).weights == "the module's weights"
    assert all(part.training for part in module.modules())
    with torch.no_grad():
        module.get_parameter("fc.weight").mul_(1.01)
    assert archspec.verify(path, module).verdict == "fail"


def test_where_the_exporter_has_folded_weights_they_have_to_be_given(tmp_path: Path) -> None:
    module = archspec.build(NORMED).eval()
    torch.save(module.state_dict(), tmp_path / "net.pt")
    path = by_torch(module, image(2, 16, 16), tmp_path / "net.onnx")
    told = r"lacks conv.weight, and 5 of the network's 8 .*pass the weights themselves by `--weights`"
    with pytest.raises(WeightsError, match=told):
        archspec.verify(path, NORMED)
    report = archspec.verify(path, NORMED, weights=tmp_path / "net.pt")
    assert (report.verdict, report.weights) == ("pass", f"weights {tmp_path / 'net.pt'}")


def test_the_target_takes_the_files_sizes(tmp_path: Path) -> None:
    path = by_torch(archspec.build(NET).eval(), image(2, 24, 32), tmp_path / "net.onnx")
    report = archspec.verify(path, NET)
    assert report.passed
    assert "the target is taken with the file's sizes: image N x 3 x 24 x 32" in report.assumptions
    wider, flat = archspec.build(FLAT, inputs=["N,3,16,20"]), archspec.build(FLAT).eval()
    by_torch(flat, image(2, 16, 16), path)
    fewer_pixels = r"1 layer of another shape: fc .weight 5x2016 for 5x1568"
    with pytest.raises(WeightsError, match=fewer_pixels):
        archspec.verify(path, wider)
    pooled = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 5))
    by_torch(pooled, image(2, 2, 24), path)
    with pytest.raises(SpecError):  # a kernel of 3 on rows of 2
        archspec.verify(path, NET)


def test_sizes_that_the_file_leaves_open(tmp_path: Path) -> None:
    open_axes = {"dynamic_axes": {"x": {0: "batch", 2: "rows"}}, "input_names": ["x"]}
    path = by_torch(archspec.build(NET).eval(), image(2, 16, 16), tmp_path / "net.onnx", **open_axes)
    assert [set(case) for case in archspec.verify(path, NET).sizes] == [{"N", "H"}] * 5
    path = by_torch(archspec.build(FLAT).eval(), image(2, 16, 16), path, **open_axes)
    report = archspec.verify(path, FLAT)
    assert (report.verdict, len(report.sizes)) == ("pass", 3)
    assert "the file leaves H open, and the target can't: compared at its size alone" in report.assumptions


def test_inputs_in_another_order(tmp_path: Path) -> None:
    class Turned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = archspec.build(SIAMESE)

        def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
            found: Tensor = self.net(b, a)
            return found.sum(1), found

    module = Turned().eval()
    torch.save(module.net.state_dict(), tmp_path / "net.pt")
    path = by_torch(module, [torch.randn(2, 6), torch.randn(2, 4)], tmp_path / "net.onnx")
    report = archspec.verify(path, SIAMESE, weights=tmp_path / "net.pt")
    assert report.passed
    assert any("is ignored" in said for said in report.assumptions)
    wrong = SIAMESE.replace("op: Add", "op: Sub")
    assert archspec.verify(path, wrong, weights=tmp_path / "net.pt").verdict == "fail"
    with pytest.raises(PortsError, match="has no input for the network's image"):
        archspec.verify(path, NET)


def test_a_file_of_ours_that_somebody_has_changed(tmp_path: Path) -> None:
    """Its inputs turned round, and one of them in half precision: torch then gets the same rounded numbers."""
    path = tmp_path / "net.onnx"
    archspec.export(SIAMESE, path, parity=False)
    model = onnx.load(path)
    turned = list(reversed(model.graph.input))
    turned[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    del model.graph.input[:]
    model.graph.input.extend(turned)
    next(node for node in model.graph.node if "right" in node.input).input[0] = "wide"
    model.graph.node.insert(0, onnx.helper.make_node("Cast", ["right"], ["wide"], to=onnx.TensorProto.FLOAT))
    onnx.save(model, path)
    report = archspec.verify(path, SIAMESE)
    assert (report.verdict, report.precision) == ("pass", "fp32")
    failed = archspec.verify(path, SIAMESE.replace("op: Add", "op: Sub"))
    assert (failed.verdict, failed.diagnosis) == ("fail", None)  # which takes inputs in the network's order


def deployed(path: Path, deployment: Deployment, **more: str) -> Path:
    """A file of ours with what a deployment puts around the network, at another size than the target's."""
    architecture = archspec.load(NET, inputs=["N,3,24,32"])
    graph = deploy(architecture.graph, deployment)
    metadata = metadata_of(architecture, graph, deployment, Facts(), {"spec": "", "weights": ""})
    tensors = archspec.build(architecture).state_dict()
    save(Emission(graph, metadata={**metadata, **more}).model(tensors), path)
    return path


def test_a_file_of_ours_is_held_against_the_target_with_what_stands_around_it(tmp_path: Path) -> None:
    facts = Preprocessing((32,), (24, 32), (0.5, 0.4, 0.3), (0.2, 0.3, 0.4), "bilinear")
    path = deployed(tmp_path / "net.onnx", Deployment("uint8-nhwc", "topk=2", facts))
    report = archspec.verify(path, NET)
    assert (report.verdict, [output.name for output in report.outputs]) == ("pass", ["scores", "classes"])
    assert report.assumptions == (
        "the file's metadata names uint8-nhwc and topk=2, which the target gets too",
        "the target is taken with the file's sizes: image N x 3 x 24 x 32",
    )
    for key, text, told in (
        ("preprocess", "float-nhwc", "names a preprocessing that is not known: float-nhwc"),
        ("mean", "[1, 2", "`archspec.mean` that is no JSON list of numbers"),
        ("head", "topk=x", "the head `topk=x` is none of"),
    ):
        with pytest.raises((DeployError, WeightsError), match=told):
            archspec.verify(deployed(path, Deployment("normalize", "logits", facts), **{f"archspec.{key}": text}), NET)


def test_inputs_from_disk_are_as_many_at_once_as_the_file_takes(tmp_path: Path) -> None:
    path = by_torch(archspec.build(NET).eval(), image(2, 16, 16), tmp_path / "net.onnx")
    (tmp_path / "inputs").mkdir()
    for batch in (1, 2):
        sample = np.random.default_rng(batch).random((batch, 3, 16, 16), np.float32)
        np.save(tmp_path / "inputs" / f"{batch}.npy", sample)
    report = archspec.verify(path, NET, images=tmp_path / "inputs")
    assert (report.verdict, report.samples) == ("pass", 2)
    assert report.outputs[0].shapes == ((2, 5),) * 5


def test_a_file_of_half_precision_has_its_own_gates(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    archspec.export(NET, path, parity=False)
    whole = onnx.load(path)
    coarse = next(tensor for tensor in whole.graph.initializer if tensor.name == "conv.weight")
    coarse.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(coarse).astype("float16"), coarse.name))
    cast = onnx.helper.make_node("Cast", ["conv.weight"], ["wide"], to=onnx.TensorProto.FLOAT)
    next(node for node in whole.graph.node if node.op_type == "Conv").input[1] = "wide"
    whole.graph.node.insert(0, cast)
    onnx.save(whole, path)
    report = archspec.verify(path, NET)
    assert (report.verdict, report.precision) == ("pass", "fp16")
    assert tolerance_of(onnx.parser.parse_model(QUANTIZED)).precision == "int8"
