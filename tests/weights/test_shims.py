"""Checkpoints from before some renaming: what torchvision's own loaders make of them, ours makes of them too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torchvision import models

import archspec


def test_densenets_old_names_load_as_torchvision_loads_them(hub: Path) -> None:
    torch.manual_seed(1)
    state = models.densenet121().state_dict()
    pattern = r"(denselayer\d+\.(?:norm|conv))([12])\."
    old = {re.sub(pattern, r"\1.\2.", key): tensor for key, tensor in state.items() if "num_batches" not in key}
    torch.save(old, hub / models.DenseNet121_Weights.DEFAULT.url.rpartition("/")[2])
    theirs, ours = models.densenet121(weights="DEFAULT"), archspec.build("densenet121", weights="DEFAULT")
    assert_same(ours, theirs, torch.randn(2, 3, 64, 64))


def test_vits_old_names_load_as_torchvision_loads_them(tmp_path: Path) -> None:
    torch.manual_seed(1)
    sizes = {"image_size": 32, "patch_size": 16, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "mlp_dim": 16}
    theirs = models.VisionTransformer(**sizes)
    torch.nn.init.normal_(theirs.heads.head.weight)  # which is 0 to begin with
    numbers = {"0": "linear_1", "3": "linear_2"}
    old = {
        re.sub(r"mlp\.(0|3)\.", lambda match: f"mlp.{numbers[match[1]]}.", key): tensor
        for key, tensor in theirs.state_dict().items()
    }
    torch.save(old, tmp_path / "old.pt")
    ours = archspec.build("vit_b_16", weights=tmp_path / "old.pt", **sizes)
    theirs.load_state_dict(old)
    assert_same(ours, theirs, torch.randn(2, 3, 32, 32))


def assert_same(ours: torch.nn.Module, theirs: torch.nn.Module, image: torch.Tensor) -> None:
    expected, found = theirs.state_dict(), ours.state_dict()
    assert list(found) == list(expected)
    assert all(torch.equal(found[key], tensor) for key, tensor in expected.items())
    with torch.inference_mode():
        result = ours.eval()(image)
        assert result.std() > 0
        assert torch.equal(result, theirs.eval()(image))


@pytest.mark.parametrize(("name", "version"), [("mnasnet0_5", 2), ("mnasnet1_0", 1), ("mnasnet1_0", 2)])
def test_mnasnets_versions_go_both_ways(name: str, version: int, hub: Path) -> None:
    theirs = models.get_model(name, weights=None)
    state = theirs.state_dict()
    state._metadata[""]["version"] = version
    torch.save(state, hub / models.get_model_weights(name).DEFAULT.url.rpartition("/")[2])
    ours = archspec.build(name, weights="DEFAULT")
    loaded = models.get_model(name, weights="DEFAULT")
    assert all(torch.equal(tensor, ours.state_dict()[key]) for key, tensor in loaded.state_dict().items())
    theirs.load_state_dict(ours.state_dict())
