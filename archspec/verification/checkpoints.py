"""The claim on published weights: what torchvision makes of a checkpoint, archspec makes of it too.

Nothing is fetched. A checkpoint is made up of random tensors under the keys that the published file has, and
laid where torch.hub keeps what was fetched; then both build the network with these weights, by name.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod, sqrt
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision import models

import archspec.driver
from archspec.verification.finding import Finding
from archspec.verification.outputs import outputs_differ
from archspec.verification.subject import Subject, images
from archspec.verification.twins import build_twin, without_storage

# What files from before some change of torch and torchvision call their tensors.
_OLD_KEYS: Mapping[str, Mapping[str, str]] = {
    "densenet": {r"(denselayer\d+\.(?:norm|conv))([12])\.": r"\1.\2."},
    "vit": {r"(mlp)\.0\.": r"\1.linear_1.", r"(mlp)\.3\.": r"\1.linear_2."},
}
_WITH_VERSIONS = "mnasnet"  # whose loader asks how old a file is; the others' files are from before that was noted
_COUNTERS = "num_batches_tracked"  # younger than many a published file


def same_when_published(subject: Subject) -> Finding:
    """The same state, and the same outputs, from one file for each set of args that goes with weights."""
    if not subject.builder or subject.target != subject.model.name:
        return Finding(skipped="no published weights")
    tried: dict[int, str] = {}
    for entry in subject.published:
        variant = subject.variant(entry.weights)
        if id(variant) not in tried:
            tried[id(variant)] = entry.weights
            if difference := _difference(variant, entry.weights):
                return Finding(f"{entry.weights}: {difference}")
    return Finding(figures={"files": len(tried)})


def _difference(variant: Subject, weights: str) -> str:
    assert variant.builder is not None
    with _published(variant, weights), torch.random.fork_rng(devices=[]):
        theirs = models.get_model(variant.builder, weights=weights)
        ours = archspec.driver.build(variant.target, weights, zoo=variant.zoo)
    if difference := _first(ours, theirs):
        return difference
    if variant.is_resized:  # as the network itself for the other size, which is compared elsewhere
        return ""
    return outputs_differ(ours, theirs, images(variant.sizes[0]), telling=False)


def _first(ours: nn.Module, theirs: nn.Module) -> str:
    found, expected = ours.state_dict(), theirs.state_dict()
    if found.keys() != expected.keys():
        return f"{next(iter(found.keys() ^ expected.keys()))} is in one of the states alone"
    other = (key for key in found if not torch.equal(found[key], expected[key]))
    return next((f"{key} is not what torchvision loads from the file" for key in other), "")


@contextmanager
def _published(variant: Subject, weights: str) -> Iterator[None]:
    """A made-up file, where torch.hub looks for the published one."""
    assert variant.builder is not None
    url: str = models.get_model_weights(variant.builder)[weights].url
    before = torch.hub.get_dir()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "checkpoints" / url.rpartition("/")[2]
        path.parent.mkdir()
        torch.save(_made_up(variant), path)
        torch.hub.set_dir(directory)
        try:
            yield
        finally:
            torch.hub.set_dir(before)


def _made_up(variant: Subject) -> dict[str, Tensor]:
    """Random tensors under a published file's keys, auxiliary heads included, whatever becomes of them."""
    assert variant.builder is not None
    with without_storage():
        args = {name: value for name, value in variant.values.items() if name != "aux_logits"}
        module = build_twin(variant.builder, args)
    generator = torch.Generator().manual_seed(variant.seed)
    state: dict[str, Tensor] = module.state_dict()
    for key, tensor in state.items():
        if tensor.is_floating_point():
            state[key] = _random(tensor.shape, generator)
    if variant.builder.startswith(_WITH_VERSIONS):
        return state
    return {_old(key, variant.builder): tensor for key, tensor in state.items() if not key.endswith(_COUNTERS)}


def _random(shape: torch.Size, generator: torch.Generator) -> Tensor:
    """Weights that leave what they read as large as it is; gains and variances below 1."""
    if len(shape) > 1:
        return (torch.rand(shape, generator=generator) - 0.5) * sqrt(12 / prod(shape[1:]))
    return torch.rand(shape, generator=generator) / 2 + 0.5


def _old(key: str, builder: str) -> str:
    for family, names in _OLD_KEYS.items():
        for new, old in names.items() if builder.startswith(family) else ():
            key = re.sub(new, old, key)
    return key
