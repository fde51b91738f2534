"""Torchvision's networks: the twins of ours, and what was published about their weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torchvision import models

IMAGE_SIZE = "image_size"  # our name for what some of torchvision's constructors have to know, and others have not


class Published(NamedTuple):
    """What torchvision publishes about one entry of a weights enum: of its network at its image size."""

    weights: str
    params: int
    gmacs: float
    min_size: int
    image_size: int


def published(name: str) -> list[Published]:
    """The facts of all weights of a builder, the default ones first."""
    enum = models.get_model_weights(name)
    return [_facts(weights) for weights in sorted(enum, key=lambda weights: weights is not enum.DEFAULT)]


def _facts(weights: Any) -> Published:
    preprocessing, meta = weights.transforms(), weights.meta
    # Segmentation resizes, and crops nothing.
    (size,) = getattr(preprocessing, "crop_size", preprocessing.resize_size)
    return Published(weights.name, meta["num_params"], meta["_ops"], max(meta["min_size"]), size)


@cache
def builder_of(enum: str) -> str | None:
    """The builder to which a weights enum belongs, as `models.list_models` has it."""
    return next((name for name in models.list_models() if models.get_model_weights(name).__name__ == enum), None)


def build_twin(name: str, args: Mapping[str, Any]) -> nn.Module:
    """Torchvision's network by its builder's name, freshly initialised, with `args` that go with weights of ours."""
    made: nn.Module = models.get_model(name, weights=None, **_also(name), **_arguments(name, args))
    return made


def _arguments(name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    known = {key: value for key, value in args.items() if key != IMAGE_SIZE}
    size = args.get(IMAGE_SIZE)
    if size is not None and name.startswith("vit_"):
        known[IMAGE_SIZE] = size
    elif size is not None and name.startswith("maxvit_"):
        known["input_size"] = (size, size)
    return known


def _also(name: str) -> dict[str, Any]:
    """What keeps a builder from fetching a backbone's weights, or from warning that a default will change."""
    if models.get_model_builder(name).__module__.startswith("torchvision.models.segmentation"):
        return {"weights_backbone": None}
    return {"init_weights": True} if name in ("googlenet", "inception_v3") else {}


@contextmanager
def without_storage() -> Iterator[None]:
    """Modules made here get parameters on the meta device; what is computed on the way (RegNet's widths, tables of
    positions) has values. Move the module to the meta device afterwards, for the rest of its tensors."""
    with _EmptyOnMeta():
        yield


class _EmptyOnMeta(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.empty:
            kwargs = {**kwargs, "device": "meta"}
        return func(*args, **kwargs)
