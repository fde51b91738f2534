"""Which models there are: all that torchvision has for classification and segmentation, each as it is published."""

from __future__ import annotations

import pytest
from torchvision import models
from torchvision.models import segmentation

import archspec
from archspec import zoo
from archspec.verification.twins import builder_of
from archspec.zoo import ZooModel

MODELS = list(zoo.models())


def test_every_model_is_there() -> None:
    theirs = [*models.list_models(module=models), *models.list_models(module=segmentation)]
    assert len(theirs) == 86
    assert sorted(model.name for model in MODELS) == sorted(theirs)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_weights_are_those_of_the_model(model: ZooModel) -> None:
    assert model.weights.startswith("torchvision ")
    assert builder_of(model.weights.removeprefix("torchvision ")) == model.name


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_there_is_nothing_to_warn_of(model: ZooModel) -> None:
    assert archspec.load(model.name).warnings == ()
