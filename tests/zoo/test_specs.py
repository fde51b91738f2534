"""Specs whose models are not in the zoo yet, against torchvision, with the args that make each member."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torchvision import models

import archspec
from tests.twins import assert_equal_outputs, assert_equal_training, assert_same_state, give_weights, images

MEMBERS: dict[str, tuple[str, dict[str, Any]]] = {
    "densenet121": ("densenet", {}),
    "densenet161": ("densenet", {"depths": [6, 12, 36, 24], "growth": 48, "stem": 96}),
    "densenet169": ("densenet", {"depths": [6, 12, 32, 32]}),
    "densenet201": ("densenet", {"depths": [6, 12, 48, 32]}),
    "efficientnet_b0": ("efficientnet", {}),
    "efficientnet_b1": ("efficientnet", {"depth_mult": 1.1}),
    "efficientnet_b2": ("efficientnet", {"width_mult": 1.1, "depth_mult": 1.2, "dropout": 0.3}),
    "efficientnet_b5": (
        "efficientnet",
        {"width_mult": 1.6, "depth_mult": 2.2, "dropout": 0.4, "norm_eps": 1e-3, "norm_momentum": 0.01},
    ),
    "efficientnet_v2_s": (
        "efficientnet",
        {
            "block": ["FusedMBConv", "FusedMBConv", "FusedMBConv", "MBConv", "MBConv", "MBConv"],
            "expand": [1, 4, 4, 4, 6, 6],
            "kernel": [3, 3, 3, 3, 3, 3],
            "stride": [1, 2, 2, 2, 1, 2],
            "width": [24, 48, 64, 128, 160, 256],
            "depth": [2, 4, 4, 6, 9, 15],
            "stem": 24,
            "head": 1280,
            "norm_eps": 1e-3,
        },
    ),
    "googlenet": ("googlenet", {}),
    "inception_v3": ("inception_v3", {}),
    "mobilenet_v3_large": ("mobilenet_v3", {}),
    "mobilenet_v3_small": (
        "mobilenet_v3",
        {
            "kernel": [3, 3, 3, 5, 5, 5, 5, 5, 5, 5, 5],
            "expand": [16, 72, 88, 96, 240, 240, 120, 144, 288, 576, 576],
            "width": [16, 24, 24, 40, 40, 40, 48, 48, 96, 96, 96],
            "se": [1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1],
            "hswish": [0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1],
            "stride": [2, 2, 1, 2, 1, 1, 1, 1, 2, 1, 1],
            "last": 1024,
        },
    ),
    "regnet_y_400mf": ("regnet", {}),
    "regnet_y_1_6gf": ("regnet", {"depths": [2, 6, 17, 2], "widths": [48, 120, 336, 888], "group_width": 24}),
    "regnet_x_400mf": (
        "regnet",
        {"depths": [1, 2, 7, 12], "widths": [32, 64, 160, 400], "group_width": 16, "se_ratio": 0},
    ),
    "regnet_x_8gf": (  # its first stage is narrower than a group
        "regnet",
        {"depths": [2, 5, 15, 1], "widths": [80, 240, 720, 1920], "group_width": 120, "se_ratio": 0},
    ),
    "shufflenet_v2_x0_5": ("shufflenet_v2", {"widths": [48, 96, 192]}),
    "shufflenet_v2_x1_0": ("shufflenet_v2", {}),
    "shufflenet_v2_x1_5": ("shufflenet_v2", {"widths": [176, 352, 704]}),
    "shufflenet_v2_x2_0": ("shufflenet_v2", {"widths": [244, 488, 976], "head": 2048}),
    "squeezenet1_0": ("squeezenet", {}),
    "squeezenet1_1": ("squeezenet", {"stem": 64, "stem_kernel": 3, "pools": [0, 2, 4]}),
}
RUN = [
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "inception_v3",
    "mobilenet_v3_small",
    "regnet_y_400mf",
    "shufflenet_v2_x1_0",
    "squeezenet1_0",
]


def pair(name: str, **args: Any) -> tuple[nn.Module, nn.Module]:
    """Our module and torchvision's; `args` are for both."""
    spec, member = MEMBERS[name]
    quick = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    return archspec.build(spec, args={**member, **args}), models.get_model(name, weights=None, **quick, **args)


@pytest.mark.parametrize("name", MEMBERS)
def test_state(name: str) -> None:
    # torchvision computes RegNet's widths with tensors, which must hold values.
    with torch.device("cpu" if name.startswith("regnet") else "meta"):
        assert_same_state(*pair(name))


@pytest.mark.parametrize("name", MEMBERS)
def test_published_counts(name: str) -> None:
    spec, args = MEMBERS[name]
    weights = models.get_model_weights(name).DEFAULT
    (size,) = weights.transforms().crop_size
    if name == "googlenet":  # the published count leaves the auxiliary heads out
        args = {**args, "aux_logits": False}
    summary = archspec.load(spec, args=args, inputs={"image": f"N,3,{size},{size}"}).summary().as_dict()
    assert summary["params"]["total"] == weights.meta["num_params"]
    assert round(summary["macs"] / 1e9, 3) == weights.meta["_ops"]


@pytest.mark.parametrize("name", RUN)
def test_outputs(name: str) -> None:
    size = 299 if name == "inception_v3" else 64  # its auxiliary head, which calibration runs, needs 17 x 17 maps
    spec, args = MEMBERS[name]
    ours, theirs = pair(name)
    give_weights(archspec.load(spec, args=args, inputs={"image": f"N,3,{size},{size}"}), ours, theirs)
    assert_equal_outputs(ours, theirs, images(2, size))


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_input_transform(name: str) -> None:
    """As the published weights want it; the transform owns no tensors."""
    ours, theirs = pair(name, transform_input=True, aux_logits=False)
    assert_same_state(ours, theirs)
    spec, _ = MEMBERS[name]
    args = {"transform_input": True, "aux_logits": False}
    give_weights(archspec.load(spec, args=args, inputs={"image": "N,3,96,96"}), ours, theirs)
    assert_equal_outputs(ours, theirs, images(2, 96))


def test_auxiliary_heads() -> None:
    """In training the heads speak, in torchvision's order, from the same dropouts."""
    ours, theirs = pair("googlenet")
    give_weights(archspec.load("googlenet", inputs={"image": "N,3,64,64"}), ours, theirs)
    image = images(2, 64)
    torch.manual_seed(0)
    result = ours.train()(image)
    torch.manual_seed(0)
    expected = theirs.train()(image)
    assert [*result] == ["logits", "aux2", "aux1"]
    assert all(map(torch.equal, result.values(), expected))


@pytest.mark.parametrize("name", ["efficientnet_b0", "squeezenet1_0"])
def test_training(name: str) -> None:
    """Dropout and stochastic depth draw from the same random stream."""
    ours, theirs = pair(name)
    theirs.load_state_dict(ours.state_dict())
    assert_equal_training(ours, theirs, images(4, 64), torch.arange(4))
