"""Symbolic sizes: what layers ask of them, contradictions, and sizes that the spec itself gives."""

from __future__ import annotations

import pytest
import torch

import archspec
from archspec.dims import Condition, symbol
from tests.elaborate.features import whole

H, W = symbol("H"), symbol("W")
SKIP = """
    inputs: {image: [N, 3, H, 32]}
    layers:
      down: {op: MaxPool2d, kernel_size: 2}
      up: {op: Upsample, scale_factor: 2}
      cat: {op: Concat, from: [image, up]}
      last: {op: Conv2d, out_channels: 4, kernel_size: 1}
"""
ODD = """
      less: {op: MaxPool2d, from: image, kernel_size: 1, stride: 2}
      more: {op: ConvTranspose2d, out_channels: 3, kernel_size: 1, stride: [2, 1]}
      wide: {op: Upsample, scale_factor: [1, 2]}
      add: {op: Concat, from: [image, wide]}
      one: {op: AdaptiveAvgPool2d, output_size: 1}
      other: {op: AdaptiveAvgPool2d, from: last, output_size: 1}
      both: {op: Concat, from: [one, other]}
"""


def test_each_requirement_names_the_first_layer_that_asks() -> None:
    graph = archspec.load(whole(SKIP)).graph
    asked = {str(each.condition): each.layer for each in graph.requirements}
    assert asked["H == 2*floor(H/2)"] == "cat"
    assert all(each.span.text.startswith(each.layer) or each.span.text for each in graph.requirements)


def test_types_read_as_the_requirements_allow() -> None:
    graph = archspec.load(whole(SKIP)).graph
    assert [str(node.outputs[0].type) for node in graph.nodes] == [
        "N x 3 x floor(H/2) x 16",
        "N x 3 x H x 32",
        "N x 6 x H x 32",
        "N x 4 x H x 32",
    ]


def test_a_contradiction_names_both_layers() -> None:
    [item] = archspec.check(whole(SKIP + ODD))
    assert item.code.name == "A509"
    assert item.message == "no size H suits all layers: `add` needs H == 2*floor((H - 1)/2) + 1"
    assert [label.text for label in item.labels] == ["`cat` needs H == 2*floor(H/2)"]


def test_what_is_not_proved_is_said_to_be() -> None:
    pools = "      a: {op: MaxPool2d, kernel_size: 67}\n      b: {op: MaxPool2d, kernel_size: 67}\n"
    spec = f"""
    inputs: {{image: [N, 3, H, 4489]}}
    layers:
{pools}
      up: {{op: Upsample, scale_factor: 4489}}
      cat: {{op: Concat, from: [image, up]}}
    """
    assert archspec.check(whole(spec)) == ()
    first, *others = map(str, archspec.load(whole(spec)).sizes().statements())
    assert first == "H >= 4489, from `b`"
    assert others[-1] == "H == 4489*floor(H/4489), from `cat` (not proved to be possible)"
    assert all(each.endswith("(not proved to be possible)") for each in others)


LENET = """
    inputs: {image: [N, 3, 20, 20]}
    layers:
      conv: {op: Conv2d, out_channels: 4, kernel_size: 5}
      flatten: Flatten
      fc: {op: Linear, out_features: 10}
"""


def test_weights_are_made_for_the_sizes_of_the_spec() -> None:
    architecture = archspec.load(whole(LENET), inputs={"image": "N,3,H,W"})
    assert architecture.graph.declared == {"H": 20, "W": 20}
    model = archspec.build(architecture)
    assert tuple(model.state_dict()["fc.weight"].shape) == (10, 4 * 16 * 16)
    assert model(torch.zeros(2, 3, 20, 20)).shape == (2, 10)
    assert architecture.summary().as_dict()["params"]["total"] == 304 + 10250


def test_owned_tensors_are_made_for_the_sizes_of_the_spec() -> None:
    spec = """
    inputs: {image: [N, 4, 8, 8]}
    layers:
      flat: {op: Flatten, start_dim: 2}
      places: {op: Parameter, shape: [1, 4, flat.L]}
      add: {op: Add, from: [flat, places]}
    """
    architecture = archspec.load(whole(spec), inputs={"image": "N,4,H,8"})
    [condition] = architecture.sizes().symbols["H"].statements
    assert (condition.text, condition.layer) == ("H == 8", "places")
    assert [tuple(each.shape) for each in archspec.build(architecture).parameters()] == [(1, 4, 64)]
    [item] = archspec.check(whole(spec.replace("8, 8]}", "H, 8]}")))
    assert (item.code.name, item.span.text) == ("A305", "[1, 4, flat.L]")


def test_a_size_that_the_spec_does_not_give_stays_an_error() -> None:
    [item] = archspec.check(whole(LENET.replace("20, 20", "H, 20")))
    assert item.code.name == "A501"
    assert "has to be a number here, and is 64*H - 256" in item.message


def test_a_written_size_settles_it() -> None:
    written = LENET.replace("20, 20", "H, 20").replace("op: Linear", "op: Linear, in_features: 1024")
    [symbol_] = [each for name, each in archspec.load(whole(written)).sizes().symbols.items() if name == "H"]
    assert symbol_.fixed == 20


def test_a_layer_that_is_made_for_one_size_is_not_exported_with_others(tmp_path: object) -> None:
    with pytest.raises(archspec.SpecError, match="made for one size"):
        archspec.export(whole(LENET), f"{tmp_path}/x.onnx", dynamic="HW")


def test_axes_of_one_name_have_one_size() -> None:
    """An axis that is written with two sizes settles nothing."""
    spec = LENET.replace("20, 20", "20, 24")
    assert archspec.load(whole(spec), inputs={"image": "N,3,H,W"}).graph.declared == {"H": 20, "W": 24}
    [item] = archspec.check(whole(spec.replace("20, 24", "S, S")))
    assert item.code.name == "A501"
    with pytest.raises(archspec.SpecError, match="has to be a number"):
        archspec.load(whole(spec), inputs={"image": "N,3,S,S"})


def test_conditions_hold_at_sizes() -> None:
    condition = Condition(H // 2 * 2, "==", H)
    assert [condition.at(H=size) for size in (4, 5)] == [True, False]
