"""Every claim can fail: a mistake in a spec or a zoo file, of a kind that people make, and the claim that tells."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

from archspec import zoo
from archspec.backends.onnx import Emission, emit
from archspec.syntax.library import packaged
from archspec.verification import CLAIMS
from archspec.verification.claims import HELD
from archspec.verification.run import hold
from archspec.verification.subject import Subject


class Mutant(NamedTuple):
    """A network, what is put in a file in place of what, the claim that fails, and what it says."""

    model: str
    file: str
    before: str
    after: str
    claim: str
    told: str


MUTANTS = [
    Mutant("resnet18", "zoo/resnet.yaml", "gmacs: 1.814", "gmacs: 1.815", "counts", "the zoo expects gmacs 1.815"),
    Mutant(
        *("googlenet", "zoo/googlenet.yaml", ", aux_logits: false", "", "counts"),
        told="IMAGENET1K_V1 have 6,624,904 parameters, and the network 13,",
    ),
    Mutant(
        *("alexnet", "specs/alexnet.yaml", "out_channels: 192", "out_channels: 191", "counts"),
        told="IMAGENET1K_V1 have 61,100,840 parameters",
    ),
    Mutant(
        *("resnet18", "specs/resnet.yaml", "  fc: {op", "  head: {op", "state"),
        told="parameter 60 is head.weight 1000x512 float32, and torchvision's fc.weight",
    ),
    Mutant(
        *("mnasnet0_5", "specs/mnasnet.yaml", "state_dict_version: 2", "", "state"),
        told="version 0 is the network 1, and torchvision's the network 2",
    ),
    Mutant(
        *("resnet18", "specs/resnet.yaml", "kernel_size: 3, stride: 2, padding: 1}", "kernel_size: 3, padding: 1}"),
        claim="shapes",
        told="maxpool is inferred as 2x64x38x38 float32, and is 2x64x56x56 float32 in torchvision's module",
    ),
    Mutant(
        *("squeezenet1_1", "specs/squeezenet.yaml", ", ceil_mode: true", "", "smallest"),
        told="torch takes an image of 17x17, and ours refuses it",
    ),
    Mutant(
        *("resnet18", "specs/resnet.yaml", "mode: fan_out", "mode: fan_in", "initial"),
        told="conv1.weight starts with deviation",
    ),
    Mutant(
        *("squeezenet1_1", "specs/squeezenet.yaml", "std: 0.01", "std: 0.0105", "initial"),
        told="classifier.1.weight starts with deviation 0.0105, and with 0.00998",
    ),
    Mutant(  # of the same mean and deviation
        *("squeezenet1_1", "specs/squeezenet.yaml", "normal: {std: 0.01}", "uniform: {a: -0.017321, b: 0.017321}"),
        claim="initial",
        told="classifier.1.weight starts with another distribution than in torchvision's module",
    ),
    Mutant(  # a thousandth of which lies elsewhere
        *("squeezenet1_1", "specs/squeezenet.yaml", "normal: {std: 0.01}"),
        after="trunc_normal: {std: 0.01, a: -0.035, b: 0.035}",
        claim="initial",
        told="classifier.1.weight starts up to 0.03499 from its mean",
    ),
    Mutant(
        *("squeezenet1_1", "specs/squeezenet.yaml", "bias: zeros", "bias: ones", "initial"),
        told="features.0.bias starts at 1, and at 0 in torchvision's module",
    ),
    Mutant(
        *("mobilenet_v3_small", "specs/mobilenet_v3.yaml", "eps: 0.001, ", "", "outputs"),
        told="at 64x64: the output differs in",
    ),
    Mutant(
        *("mobilenet_v3_small", "specs/mobilenet_v3.yaml", "Hardswish", "SiLU", "outputs"),
        told="at 64x64: the output differs in",
    ),
    Mutant(
        *("mobilenet_v3_small", "specs/mobilenet_v3.yaml", ", momentum: 0.01", "", "training"),
        told="after the step features.0.1.running_mean is not as in torchvision's module",
    ),
    Mutant(
        *("squeezenet1_1", "specs/squeezenet.yaml", "op: Dropout, p: dropout", "op: Dropout, p: 0", "training"),
        told="the loss is",
    ),
    Mutant(
        *("densenet121", "zoo/densenet.yaml", "denselayer", "layer", "published"),
        told="the weights do not fit the network",
    ),
    Mutant(
        *("googlenet", "zoo/googlenet.yaml", "transform_input: true, ", "", "published"),
        told="IMAGENET1K_V1: the output differs in",
    ),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.claim}: {mutant.after or 'nothing'}")
def test_a_mistake_is_told(mutant: Mutant, tmp_path: Path) -> None:
    for folder in ("specs", "zoo"):
        shutil.copytree(packaged(folder), tmp_path / folder)
    file = tmp_path / mutant.file
    text = file.read_text(encoding="utf-8")
    assert mutant.before in text
    file.write_text(text.replace(mutant.before, mutant.after), encoding="utf-8")
    model = zoo.collection_called(str(tmp_path)).model_named(mutant.model)
    assert model is not None
    assert mutant.told in hold(HELD[mutant.claim], Subject(model, mutant.model, zoo=str(tmp_path))).difference


def test_a_rounded_weight_in_a_file_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def rounded(emission: Emission, state: dict[str, torch.Tensor]) -> object:
        return emit(emission.graph, {**state, "features.0.weight": state["features.0.weight"].half().float()})

    monkeypatch.setattr(Emission, "model", rounded)
    model = zoo.model_named("squeezenet1_1")
    assert model is not None
    found = hold(HELD["onnx"], Subject(model, model.name))
    assert "features.0.weight in the file is not the module's" in found.difference


def test_every_claim_has_been_seen_to_fail() -> None:
    assert {mutant.claim for mutant in MUTANTS} | {"onnx"} == set(CLAIMS)
