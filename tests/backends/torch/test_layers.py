from __future__ import annotations

import pytest
import torch
from torchvision.ops import StochasticDepth as Reference

from archspec.backends.torch.layers import StochasticDepth


@pytest.mark.parametrize("mode", ["row", "batch"])
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 2, 2)])
def test_draws_what_torchvision_draws(p: float, mode: str, shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    results = []
    for layer in (StochasticDepth(p, mode), Reference(p, mode)):  # type: ignore[arg-type]
        torch.manual_seed(0)
        results.append([*(layer(x) for _ in range(5)), torch.rand(1), layer.eval()(x)])
    for ours, theirs in zip(*results, strict=True):
        assert torch.equal(ours, theirs)


def test_prints_its_arguments_and_traces() -> None:
    layer = StochasticDepth(0.2, "row")
    assert str(layer) == "StochasticDepth(p=0.2, mode=row)"
    x = torch.ones(8, 2)
    torch.manual_seed(0)
    expected = layer(x)
    torch.manual_seed(0)
    assert torch.equal(torch.fx.symbolic_trace(layer)(x), expected)
