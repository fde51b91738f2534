"""The head of a network: which layers it is, and what becomes of it with weights of another shape."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from torchvision import models

import archspec
from archspec.weights import WeightsError
from archspec.weights.fitting import heads_of

ONE_OF_EACH = [
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "inception_v3",
    "maxvit_t",
    "mnasnet0_5",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "resnet18",
    "shufflenet_v2_x0_5",
    "squeezenet1_0",
    "swin_t",
    "swin_v2_t",
    "vgg11",
    "vit_b_32",
    "fcn_resnet50",
    "deeplabv3_mobilenet_v3_large",
    "lraspp_mobilenet_v3_large",
]
SEGMENTATION = ("fcn", "deeplabv3", "lraspp")


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_the_head_is_what_depends_on_the_number_of_classes_in_torchvision(name: str) -> None:
    options: dict[str, object] = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    if name.startswith(SEGMENTATION):
        options = {"weights_backbone": None}
    with torch.device("meta"):
        states = [models.get_model(name, weights=None, num_classes=n, **options).state_dict() for n in (5, 7)]
    differing = {key for key, tensor in states[0].items() if tensor.shape != states[1][key].shape}
    assert {key for keys in heads_of(archspec.load(name).graph).values() for key in keys} == differing


@pytest.mark.parametrize(
    ("layers", "heads"),
    [
        ("a: FC\n  b: FC\n  act: {op: Softmax, dim: 1}", {"b"}),
        ("a: FC\n  b: {op: FC, from: image}\n  c: {op: Add, from: [a, b]}", {"a", "b"}),
        ("a: FC\n  b: {share: a}", {"a"}),
        ("a: FC\n  s: {op: Parameter, shape: [4]}\n  m: {op: Mul, from: [a, s]}", {"a", "s"}),
        ("r: ReLU", set()),
    ],
)
def test_the_walk_goes_back_through_what_has_no_tensors(layers: str, heads: set[str]) -> None:
    head = "archspec: 1\nname: net\ninputs: {image: [N, 4]}\nblocks: {FC: {op: Linear, out_features: 4}}\n"
    text = f"{head}layers:\n  {layers}\n"
    assert set(heads_of(archspec.load(text).graph)) == heads


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    torch.manual_seed(1)
    torch.save(models.resnet18().state_dict(), tmp_path / "resnet18.pt")
    return tmp_path / "resnet18.pt"


def test_a_head_of_another_shape_stays_fresh_and_the_rest_loads(
    checkpoint: Path, caplog: pytest.LogCaptureFixture
) -> None:
    torch.manual_seed(2)
    fresh = archspec.build("resnet18", num_classes=5).state_dict()
    torch.manual_seed(2)
    found = archspec.build("resnet18", weights=checkpoint, num_classes=5).state_dict()
    expected = torch.load(checkpoint)
    for key, tensor in found.items():
        assert torch.equal(tensor, (fresh if key.startswith("fc.") else expected)[key]), key
    [record] = caplog.records
    assert (record.name, record.levelno) == ("archspec", logging.WARNING)
    assert "fc.weight (1000x512 for 5x512), fc.bias (1000 for 5)" in record.getMessage()


def test_a_head_of_the_same_shape_loads_and_nothing_is_said(checkpoint: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = archspec.build("resnet18", weights=checkpoint)
    assert torch.equal(found.fc.weight, torch.load(checkpoint)["fc.weight"])
    assert not caplog.records


def test_a_layer_of_the_head_is_made_anew_as_a_whole(tmp_path: Path) -> None:
    """A new weight with the bias of other classes would be neither."""
    state = archspec.build("resnet18", num_classes=5).state_dict()
    state["fc.weight"] = torch.zeros(5, 100)
    state["fc.bias"] = torch.full((5,), 7.0)
    torch.save(state, tmp_path / "w.pt")
    assert not (archspec.build("resnet18", weights=tmp_path / "w.pt", num_classes=5).fc.bias == 7).any()


def test_another_shape_elsewhere_is_an_error(checkpoint: Path) -> None:
    with pytest.raises(WeightsError, match=r"shape: layer1.0.conv1 \(weight 64x64x3x3 for 32x64x3x3\)"):
        archspec.build(
            archspec.load("resnet18").with_arguments({"layer1.0.conv1": {"out_channels": 32}}), weights=checkpoint
        )


def test_an_export_takes_no_head_that_was_never_trained(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="of another shape"):
        archspec.export("resnet18", tmp_path / "x.onnx", weights=checkpoint, args={"num_classes": 5})
    assert not (tmp_path / "x.onnx").exists()


@pytest.mark.parametrize("change", ["missing", "unexpected"])
def test_what_is_missing_or_too_much_is_an_error(change: str, checkpoint: Path) -> None:
    state = torch.load(checkpoint)
    if change == "missing":
        del state["fc.bias"]
    else:
        state["more"] = torch.zeros(1)
    torch.save(state, checkpoint)
    with pytest.raises(WeightsError, match=change):
        archspec.build("resnet18", weights=checkpoint)


def test_older_weights_lack_the_counters_of_batch_norm_as_torch_has_it(checkpoint: Path) -> None:
    state = {key: tensor for key, tensor in torch.load(checkpoint).items() if "num_batches" not in key}
    torch.save(state, checkpoint)
    theirs = models.resnet18()
    theirs.load_state_dict(state)
    found = archspec.build("resnet18", weights=checkpoint).state_dict()
    assert all(torch.equal(found[key], tensor) for key, tensor in theirs.state_dict().items())
