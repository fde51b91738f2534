"""Per-layer parameters and output shapes against what torchinfo measures on torchvision's models."""

from __future__ import annotations

import pytest
import torch
import torchinfo
import torchvision
from torchinfo.layer_info import LayerInfo

import archspec
from archspec.dims import evaluate
from archspec.reports import Layer

MODELS = ["alexnet", "vgg11_bn", "resnet18", "resnet50", "mobilenet_v2"]


def measured(name: str) -> dict[str, LayerInfo]:
    """The leaves of torchvision's model that run once, by their paths."""
    with torch.device("meta"):
        model = torchvision.models.get_model(name)
    found = torchinfo.summary(model, input_size=(2, 3, 224, 224), device="meta", verbose=0, mode="eval")
    return {_path(info): info for info in found.summary_list if info.is_leaf_layer and not info.is_recursive}


def _path(info: LayerInfo) -> str:
    names = [info.var_name]
    while info.parent_info is not None and info.parent_info.parent_info is not None:
        info = info.parent_info
        names.append(info.var_name)
    return ".".join(reversed(names))


def shape_at_batch(layer: Layer, batch: int) -> list[object]:
    return [evaluate(size, {"N": batch}) for size in layer.outputs[0].shape]


@pytest.mark.parametrize("name", MODELS)
def test_layers_have_torchinfo_s_parameters_and_shapes(name: str) -> None:
    ours = {layer.path: layer for layer in archspec.load(name).summary().layers}
    theirs = measured(name)
    assert {path for path, layer in ours.items() if layer.params} <= theirs.keys()
    for path in theirs.keys() & ours.keys():
        info, layer = theirs[path], ours[path]
        assert (layer.op, layer.params) == (info.class_name, info.num_params), path
        assert shape_at_batch(layer, 2) == info.output_size, path


@pytest.mark.parametrize("name", MODELS)
def test_totals_are_torchinfo_s(name: str) -> None:
    with torch.device("meta"):
        found = torchinfo.summary(torchvision.models.get_model(name), verbose=0)
    weights = archspec.load(name).summary().weights
    assert (weights.parameters, weights.trainable) == (found.total_params, found.trainable_params)
