"""Interpolation in numbers against torch, for every pair of small sizes."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch.nn.functional import interpolate

from archspec.ops.filters import Rule, places, single, weights

SMOOTH = [
    Rule(mode, align_corners=aligned, antialias=antialias)
    for mode, aligned, antialias in product(("bilinear", "bicubic", "lanczos"), (False, True), (False, True))
    if mode != "lanczos" or (antialias and not aligned)
]


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_the_nearest_places_are_those_of_torch(mode: str, rank: int, dtype: torch.dtype) -> None:
    """41, 47 and 55 are sizes at which single precision misses whole numbers."""
    small = rank == 2  # a map that is, all of these
    for size, target in product((*range(1, 20), 41), (*range(1, 30), 41, 47, 55, 82)):
        row = torch.arange(size, dtype=dtype).reshape(1, 1, *[1] * (rank - 1), size)
        found = interpolate(row, size=(*[1] * (rank - 1), target), mode=mode).flatten().tolist()
        step = single(size / target) if small or dtype is torch.float32 else size / target
        assert places(Rule(mode), size, target, step, small) == found, (size, target)


@pytest.mark.parametrize("rule", SMOOTH, ids=str)
def test_the_weights_are_those_of_torch(rule: Rule) -> None:
    for size, target in product(range(1, 9), range(1, 14)):
        step = size / target if not rule.align_corners else (size - 1) / (target - 1) if target > 1 else 0
        units = torch.eye(size, dtype=torch.float64).reshape(1, size, 1, size)  # in torch's rows: an antialiased column
        found = interpolate(  # of width 1 would come out as its first position throughout
            units, size=(1, target), mode=rule.mode, align_corners=rule.align_corners, antialias=rule.antialias
        )
        expected = torch.tensor(weights(rule, size, target, step), dtype=torch.float64)
        torch.testing.assert_close(expected, found[0, :, 0], rtol=1e-12, atol=1e-12)
