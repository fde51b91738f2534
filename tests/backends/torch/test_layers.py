from __future__ import annotations

import copy

import pytest
import torch
from torchvision import ops
from torchvision.models.convnext import LayerNorm2d as ReferenceNorm

from archspec.backends.torch.layers import DropBlock2d, DropBlock3d, LayerNorm2d, StochasticDepth, ToDtype, TopK


@pytest.mark.parametrize("mode", ["row", "batch"])
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 2, 2)])
def test_draws_what_torchvision_draws(p: float, mode: str, shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    results = []
    for layer in (StochasticDepth(p, mode), ops.StochasticDepth(p, mode)):  # type: ignore[arg-type]
        torch.manual_seed(0)
        results.append([*(layer(x) for _ in range(5)), torch.rand(1), layer.eval()(x)])
    for ours, theirs in zip(*results, strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize(("p", "block_size"), [(0.0, 3), (0.1, 1), (0.3, 3), (0.2, 9)])
@pytest.mark.parametrize("shape", [(2, 3, 7, 9), (2, 3, 5, 7, 6)])
def test_drops_the_blocks_that_torchvision_drops(
    p: float, block_size: int, inplace: bool, shape: tuple[int, ...]
) -> None:
    x = torch.randn(shape)
    pair = (DropBlock2d, ops.DropBlock2d) if len(shape) == 4 else (DropBlock3d, ops.DropBlock3d)
    results = []
    for layer in (made(p, block_size, inplace, eps=1e-3) for made in pair):
        torch.manual_seed(0)
        read = x.clone()
        results.append([layer(read), read, torch.rand(1), layer.eval()(x)])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs)
    assert torch.equal(results[0][-1], x)


def test_blocks_of_an_even_size_are_refused_in_training() -> None:
    layer = DropBlock2d(0.5, 3)
    for each in (layer, ops.DropBlock2d(0.5, 3)):
        with pytest.raises(ValueError, match="odd"):
            each(torch.ones(1, 1, 2, 5))
    assert layer.eval()(torch.ones(1, 1, 2, 5)).shape == (1, 1, 2, 5)


def test_normalises_the_channels_as_torchvision_does() -> None:
    x, ours, theirs = torch.randn(2, 5, 3, 4), LayerNorm2d(5, eps=0.1), ReferenceNorm(5, eps=0.1)
    assert torch.equal(ours(x), theirs(x))


def test_a_block_traces() -> None:
    layer = DropBlock2d(0.2, 3)
    torch.manual_seed(0)
    expected = layer(torch.ones(2, 2, 8, 8))
    torch.manual_seed(0)
    assert torch.equal(torch.fx.symbolic_trace(layer)(torch.ones(2, 2, 8, 8)), expected)


def test_prints_its_arguments_and_traces() -> None:
    layer = StochasticDepth(0.2, "row")
    assert str(layer) == "StochasticDepth(p=0.2, mode=row)"
    assert str(DropBlock2d(0.2, 3)) == str(ops.DropBlock2d(0.2, 3))
    x = torch.ones(8, 2)
    torch.manual_seed(0)
    expected = layer(x)
    torch.manual_seed(0)
    assert torch.equal(torch.fx.symbolic_trace(layer)(x), expected)


def test_what_is_converted_to_follows_the_module() -> None:
    layer = torch.nn.Sequential(ToDtype("float32", scale=True), torch.nn.Conv1d(3, 2, 1), TopK(1, dim=1))
    pixels = torch.arange(6, dtype=torch.uint8).reshape(1, 3, 2)
    torch.testing.assert_close(layer[0](pixels), pixels / 255)
    for module, dtype in ((layer, torch.float32), (copy.deepcopy(layer).double(), torch.float64)):
        traced = torch.fx.symbolic_trace(module)
        values, places = traced(pixels)
        assert (values.dtype, places.dtype) == (dtype, torch.int64)
        assert torch.equal(values, module(pixels)[0])
    assert layer[0].dtype is torch.float32
    assert str(layer[0]) == "ToDtype(dtype=torch.float32, scale=True)"
    assert str(layer[2]) == "TopK(k=1, dim=1, largest=True)"
