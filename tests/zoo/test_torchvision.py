"""Every model of the zoo against torchvision: keys, weights, counts, the smallest image, outputs, training."""

from __future__ import annotations

import pytest
import torch
from torchvision import models

import archspec
from archspec import zoo
from tests.twins import assert_equal_outputs, assert_equal_training, assert_same_state, give_weights, images

FAMILIES = ("alexnet", "vgg", "resnet", "resnext", "wide_resnet", "mobilenet_v2")
MODELS = [name for name in models.list_models(module=models) if name.startswith(FAMILIES)]
ZOO = {model.name: model for model in zoo.models()}

# A small image that the architecture takes: output size tells nothing new at 224.
RUN = {
    "alexnet": 63,
    "vgg11": 32,
    "vgg11_bn": 32,
    "resnet18": 64,
    "resnet50": 64,
    "resnext50_32x4d": 64,
    "wide_resnet50_2": 64,
    "mobilenet_v2": 64,
}


@pytest.mark.parametrize("name", MODELS)
def test_state(name: str) -> None:
    with torch.device("meta"):
        assert_same_state(archspec.build(name), models.get_model(name, weights=None))


def test_every_model_is_there() -> None:
    assert sorted(ZOO) == MODELS


@pytest.mark.parametrize("name", ZOO)
def test_expectations_are_the_published_ones(name: str) -> None:
    model, weights = ZOO[name], models.get_model_weights(name)
    meta = weights.DEFAULT.meta
    assert model.weights == f"torchvision {weights.__name__}"
    assert model.expect == {"params": meta["num_params"], "gmacs": meta["_ops"], "min_size": max(meta["min_size"])}


@pytest.mark.parametrize("name", ZOO)
def test_counts(name: str) -> None:
    summary = archspec.load(name).summary().as_dict()
    assert summary["params"]["total"] == ZOO[name].expect["params"]
    assert round(summary["macs"] / 1e9, 3) == ZOO[name].expect["gmacs"]


@pytest.mark.parametrize("name", ZOO)
def test_smallest_image(name: str) -> None:
    smallest = ZOO[name].expect["min_size"]
    archspec.load(name, inputs={"image": f"N,3,{smallest},{smallest}"})
    with pytest.raises(archspec.SpecError):
        archspec.load(name, inputs={"image": f"N,3,{smallest - 1},{smallest - 1}"})


@pytest.mark.parametrize("name", ZOO)
def test_smallest_image_of_all(name: str) -> None:
    """Symbols say at once what trying sizes shows."""
    symbols = archspec.load(name, inputs={"image": "N,3,H,W"}).sizes().as_dict()["symbols"]
    assert [symbols[axis]["min"] for axis in "HW"] == [ZOO[name].expect["min_size"]] * 2


@pytest.mark.parametrize("name", RUN)
def test_outputs(name: str) -> None:
    size = RUN[name]
    architecture = archspec.load(name, inputs={"image": f"N,3,{size},{size}"})
    ours, theirs = archspec.build(name), models.get_model(name, weights=None)
    give_weights(architecture, ours, theirs)
    assert_equal_outputs(ours, theirs, images(2, size))


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18"])
def test_training(name: str) -> None:
    ours, theirs = archspec.build(name), models.get_model(name, weights=None)
    theirs.load_state_dict(ours.state_dict())
    assert_equal_training(ours, theirs, images(4, 64), torch.arange(4))


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18", "vgg11_bn"])
def test_initialisation(name: str) -> None:
    """Fresh weights are drawn as torchvision draws them: constants equal, the rest alike in mean and spread."""
    torch.manual_seed(0)
    ours, theirs = archspec.build(name), models.get_model(name, weights=None)
    for (key, mine), twin in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        if mine.numel() < 2 or twin.std() == 0:
            assert torch.equal(mine, twin), key
        else:
            noise = twin.std() / mine.numel() ** 0.5
            assert (mine.mean() - twin.mean()).abs() < 6 * noise, key
            assert (mine.std() - twin.std()).abs() < 6 * noise, key
