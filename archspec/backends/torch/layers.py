"""Layers that torch lacks, as modules that need nothing but torch."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Literal

import torch


class LayerNorm2d(torch.nn.LayerNorm):
    """LayerNorm over the channels of N, C, H, W, as in torchvision's ConvNeXt."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class KeylessLinear(torch.nn.Linear):
    """A Linear for queries, keys and values side by side, whose keys have no bias, as in torchvision's Swin V2."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        bias: torch.Tensor | None = self.bias
        if bias is not None:
            queries, keys, values = bias.chunk(3)
            bias = torch.cat([queries, torch.zeros_like(keys), values])
        return torch.nn.functional.linear(x, self.weight, bias)


class ToDtype(torch.nn.Module):
    """Its input in a floating-point type, as `torchvision.transforms.v2.ToDtype`; with `scale`, integers as parts of
    the greatest one of their type. The type changes with that of the weights, by `model.double()` say."""

    def __init__(self, dtype: str, scale: bool = False) -> None:
        super().__init__()
        self.dtype: torch.dtype = getattr(torch, dtype)
        self.scale = scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return converted(x, self.dtype, self.scale)

    def extra_repr(self) -> str:
        return f"dtype={self.dtype}, scale={self.scale}"

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> ToDtype:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.dtype = fn(torch.empty((), dtype=self.dtype)).dtype
        return self


def converted(x: torch.Tensor, dtype: torch.dtype, scale: bool) -> torch.Tensor:
    """What `ToDtype` gives."""
    if x.is_floating_point() or not scale or x.dtype == torch.bool:
        return x.to(dtype)
    return x.to(dtype) * (1 / torch.iinfo(x.dtype).max)


torch.fx.wrap("converted")  # it asks for the type of its input


class TopK(torch.nn.Module):
    """`torch.topk`: the `k` greatest values along `dim`, or the least, in order, and where they stand."""

    def __init__(self, k: int, dim: int = -1, largest: bool = True) -> None:
        super().__init__()
        self.k = k
        self.dim = dim
        self.largest = largest

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        values, indices = torch.topk(x, self.k, self.dim, self.largest)
        return values, indices

    def extra_repr(self) -> str:
        return f"k={self.k}, dim={self.dim}, largest={self.largest}"


class StochasticDepth(torch.nn.Module):
    """Drops its whole input in training: for each sample by itself (`row`) or for all at once (`batch`),
    with probability `p`, and scales what stays by 1 / (1 - p). Draws the random numbers that
    `torchvision.ops.StochasticDepth` draws. Source: Huang et al., 2016 (arXiv:1603.09382)."""

    def __init__(self, p: float, mode: Literal["batch", "row"]) -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return stochastic_depth(x, self.p, self.mode) if self.training and self.p > 0 else x

    def extra_repr(self) -> str:
        return f"p={self.p}, mode={self.mode}"


class DropBlock2d(torch.nn.Module):
    """Drops squares of `block_size` in each channel in training, so many that an element is dropped with
    probability `p`, and scales what stays to the sum it had. Draws the random numbers that
    `torchvision.ops.DropBlock2d` draws. Source: Ghiasi et al., 2018 (arXiv:1810.12890)."""

    def __init__(self, p: float, block_size: int, inplace: bool = False, eps: float = 1e-6) -> None:
        super().__init__()
        self.p = p
        self.block_size = block_size
        self.inplace = inplace
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.p == 0:
            return x
        kept = blocks_kept(x, self.p, self.block_size, self.eps)
        return x.mul_(kept) if self.inplace else x * kept

    def extra_repr(self) -> str:
        return f"p={self.p}, block_size={self.block_size}, inplace={self.inplace}"


class DropBlock3d(DropBlock2d):
    """`DropBlock2d` of cubes."""


def stochastic_depth(x: torch.Tensor, p: float, mode: str) -> torch.Tensor:
    """One draw of `StochasticDepth`; 0 < p <= 1."""
    rows = x.shape[0] if mode == "row" else 1
    kept = torch.empty((rows, *(1 for _ in x.shape[1:])), dtype=x.dtype, device=x.device).bernoulli_(1 - p)
    return x * (kept.div_(1 - p) if p < 1 else kept)


torch.fx.wrap("stochastic_depth")  # its loop over axes needs a real tensor


def blocks_kept(x: torch.Tensor, p: float, block_size: int, eps: float) -> torch.Tensor:
    """One draw of `DropBlock2d` or `DropBlock3d`: 0 in the blocks, and else what scales x. Raises ValueError for blocks
    of an even size, which have no middle."""
    sizes = x.shape[2:]
    size = min(block_size, *sizes)
    if size % 2 == 0:
        raise ValueError(f"the size of a block has to be odd, and is {size}")
    middles = [extent - size + 1 for extent in sizes]
    rate = p * prod(sizes) / (size ** len(sizes) * prod(middles))
    dropped = torch.empty((*x.shape[:2], *middles), dtype=x.dtype, device=x.device).bernoulli_(rate)
    dropped = torch.nn.functional.pad(dropped, [size // 2] * 2 * len(sizes))
    pool = torch.nn.functional.max_pool2d if len(sizes) == 2 else torch.nn.functional.max_pool3d
    kept = 1 - pool(dropped, kernel_size=size, stride=1, padding=size // 2)
    return kept * (kept.numel() / (eps + kept.sum()))


torch.fx.wrap("blocks_kept")  # its draw needs real sizes
