"""BatchNorms in the convolutions before them: the same numbers, fewer nodes, the same names."""

from __future__ import annotations

from pathlib import Path

import onnx
import onnx_ir as ir
import pytest

import archspec
from archspec.backends.onnx import Emission, save
from archspec.backends.torch import calibrate
from archspec.parity import compare
from tests.backends.onnx.emitted import names

HEAD = "archspec: 1\ninputs: {{image: {inputs}}}\nlayers:\n"
FOLDED = {
    "Conv1d": ("[N, 4, 12]", "{op: Conv1d, out_channels: 6, kernel_size: 3}", "{op: BatchNorm1d, eps: 0.1}"),
    "no bias": ("[N, 4, 9, 9]", "{op: Conv2d, out_channels: 6, kernel_size: 3, bias: false}", "BatchNorm2d"),
    "groups": ("[N, 4, 9, 9]", "{op: Conv2d, out_channels: 6, kernel_size: 3, groups: 2}", "BatchNorm2d"),
    "Conv3d": ("[N, 2, 5, 5, 5]", "{op: Conv3d, out_channels: 4, kernel_size: 2}", "BatchNorm3d"),
    "ConvTranspose2d": (
        "[N, 4, 5, 5]",
        "{op: ConvTranspose2d, out_channels: 6, kernel_size: 3, stride: 2, groups: 2}",
        "{op: BatchNorm2d, affine: false}",
    ),
    "Linear": ("[N, 7]", "{op: Linear, out_features: 5}", "BatchNorm1d"),
}


def written(text: str, directory: Path) -> onnx.ModelProto:
    """The folded file of a network with calibrated weights, which computes what the network does."""
    architecture = archspec.load(text)
    graph, module = architecture.graph, archspec.build(architecture)
    calibrate(module, graph, 0)
    path = directory / "net.onnx"
    save(Emission(graph, fold_bn=True).model(module.state_dict()), path)
    report = compare(graph, module, path)
    assert report.passed, report.text()
    return onnx.load(path)


@pytest.mark.parametrize("kind", FOLDED)
def test_a_normalisation_goes_into_the_layer_before_it(kind: str, tmp_path: Path) -> None:
    inputs, layer, norm = FOLDED[kind]
    text = f"{HEAD.format(inputs=inputs)}  before: {layer}\n  norm: {norm}\n  act: ReLU\n"
    model = written(text, tmp_path)
    assert names(model) == ["before", "act"]
    assert model.graph.node[1].input == ["norm"], "values keep the name of the layer whose result they are"
    assert {tensor.name for tensor in model.graph.initializer} == {"before.weight", "before.bias"}


STAYS = {
    "the model gives what it reads": "  conv: {c}\n  bn: BatchNorm2d\noutputs: {{one: conv, two: bn}}\n",
    "somebody else reads it too": "  conv: {c}\n  bn: BatchNorm2d\n  sum: {{op: Add, from: [conv, bn]}}\n",
    "the convolution is used twice": "  conv: {c}\n  bn: BatchNorm2d\n  again: {{share: conv}}\n",
    "something stands between": "  conv: {c}\n  act: ReLU\n  bn: BatchNorm2d\n",
    "the padding comes last": "  conv: {c}\n  pad: {{op: ZeroPad2d, padding: 1}}\n  bn: BatchNorm2d\n",
    "it stands first": "  bn: BatchNorm2d\n  conv: {c}\n",
}


@pytest.mark.parametrize("why", STAYS)
def test_a_normalisation_stays_where(why: str, tmp_path: Path) -> None:
    conv = "{op: Conv2d, out_channels: 4, kernel_size: 1}"
    model = written(HEAD.format(inputs="[N, 4, 6, 6]") + STAYS[why].format(c=conv), tmp_path)
    assert "BatchNormalization" in {node.op_type for node in model.graph.node}


def test_what_is_rounded_is_rounded_once() -> None:
    """A scale of 1/3 and an offset of 2^24: in float32 all along, the bias would be off."""
    conv = "{op: Conv2d, out_channels: 1, kernel_size: 1}"
    text = f"{HEAD.format(inputs='[N, 1, 4, 4]')}  conv: {conv}\n  bn: BatchNorm2d\n"
    architecture = archspec.load(text)
    module = archspec.build(architecture)
    state = module.state_dict()
    numbers = {"conv.bias": 2.0**24 + 2, "bn.running_mean": 2.0**24, "bn.weight": 1 / 3, "bn.bias": 1.0}
    for key, number in numbers.items():
        state[key].fill_(number)
    model = ir.to_proto(Emission(architecture.graph, fold_bn=True).model(state))
    bias = next(onnx.numpy_helper.to_array(each) for each in model.graph.initializer if each.name == "conv.bias")
    assert bias == pytest.approx(2 / 3 / (1 + 1e-5) ** 0.5 + 1, rel=1e-7)
