"""Layers that torch lacks, as modules that need nothing but torch."""

from __future__ import annotations

from typing import Literal

import torch


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


def stochastic_depth(x: torch.Tensor, p: float, mode: str) -> torch.Tensor:
    """One draw of `StochasticDepth`; 0 < p <= 1."""
    rows = x.shape[0] if mode == "row" else 1
    kept = torch.empty((rows, *(1 for _ in x.shape[1:])), dtype=x.dtype, device=x.device).bernoulli_(1 - p)
    return x * (kept.div_(1 - p) if p < 1 else kept)


torch.fx.wrap("stochastic_depth")  # its loop over axes needs a real tensor
