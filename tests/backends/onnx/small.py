"""Small networks of the zoo's families, which together hold nearly all that its models are made of."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch

import archspec
from archspec.architecture import Architecture
from archspec.backends.torch.calibrate import calibrate

_V2 = {"block": "BlockV2", "downsample_layer": "PatchMergingV2"}
_SWIN = {"image_size": 56, "embed_dim": 12, "depths": [1, 2], "num_heads": [1, 2], "num_classes": 10}
_VIT = {"image_size": 32, "patch_size": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": 16, "mlp_dim": 32}
_MAXVIT = {"image_size": 56, "block_channels": [16, 16], "block_layers": [1, 1], "stem_channels": 8, "head_dim": 8}

SMALL: dict[str, tuple[str, dict[str, Any], str]] = {
    "vit": ("vit", _VIT, ""),
    "swin": ("swin", _SWIN, ""),
    "swin_v2": ("swin", {**_SWIN, **_V2, "window_size": 8}, ""),
    "maxvit": ("maxvit", _MAXVIT, ""),
    "lraspp": ("lraspp_mobilenet_v3_large", {}, "N,3,64,64"),
    "squeezenet": ("squeezenet1_0", {}, "N,3,64,64"),
}
"""By family: the target, its arguments, and the size of its image where that is left to it."""


def small(name: str) -> Architecture:
    """The network of a family."""
    target, args, image = SMALL[name]
    return archspec.load(target, args=args, inputs={"image": image} if image else {})


@cache
def calibrated(name: str) -> torch.nn.Module:
    """Its module, with weights whose outputs depend on the input."""
    architecture = small(name)
    module = archspec.build(architecture)
    calibrate(module, architecture.graph, seed=0)
    return module
