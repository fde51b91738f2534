"""The packaged blocks, each alone in a spec of its own, against the same class in PyTorch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import archspec
from tests.specs import course
from tests.twins import assert_equal_outputs, assert_same_state, give_weights

BLOCKS = {
    "conv, narrow": ("conv", "{op: ConvBNReLU, out: 8}", course.ConvBNReLU(32, 8)),
    "conv, wide kernel": ("conv", "{op: ConvBNReLU, out: 8, kernel: 5, stride: 2}", course.ConvBNReLU(32, 8, 5, 2)),
    "separable": ("conv", "{op: DepthwiseSeparableConv, out: 8}", course.DepthwiseSeparableConv(32, 8)),
    "separable, stride": (
        "conv",
        "{op: DepthwiseSeparableConv, out: 8, stride: 2}",
        course.DepthwiseSeparableConv(32, 8, 2),
    ),
    "residual, as is": ("residual", "{op: ResidualBlock, out: 32}", course.ResidualBlock(32, 32)),
    "residual, wider": ("residual", "{op: ResidualBlock, out: 48}", course.ResidualBlock(32, 48)),
    "residual, stride": ("residual", "{op: ResidualBlock, out: 32, stride: 2}", course.ResidualBlock(32, 32, 2)),
    "excitation": ("attention", "SEBlock", course.SEBlock(32)),
    "excitation, reduction": ("attention", "{op: SEBlock, reduction: 4}", course.SEBlock(32, 4)),
    "vgg": ("vgg", "{op: VGGBlock, out: 8}", course.VGGBlock(32, 8, 2)),
    "vgg, deep": ("vgg", "{op: VGGBlock, out: 8, depth: 3}", course.VGGBlock(32, 8, 3)),
}


def spec_with(directory: Path, library: str, layer: str) -> Path:
    """A spec of one layer that imports a packaged library."""
    path = directory / "alone.yaml"
    path.write_text(
        f"archspec: 1\nimport: [blocks/{library}.yaml]\ninputs: {{image: [N, 32, 10, 12]}}\nlayers:\n  block: {layer}\n"
    )
    return path


@pytest.mark.parametrize("case", BLOCKS)
def test_block(case: str, tmp_path: Path) -> None:
    library, layer, twin = BLOCKS[case]
    path = spec_with(tmp_path, library, layer)
    assert archspec.check(path) == ()
    ours, theirs = archspec.build(str(path)), nn.Sequential()
    theirs.add_module("block", twin)
    assert_same_state(ours, theirs)
    give_weights(archspec.load(str(path)), ours, theirs)
    assert_equal_outputs(ours, theirs, torch.randn(2, 32, 10, 12, generator=torch.Generator().manual_seed(0)))
