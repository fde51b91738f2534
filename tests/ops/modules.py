"""torch's modules, called as ops are: on values alone, giving a value or a flat tuple of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torchvision
from torch import Tensor
from torchvision.transforms import v2

from tests.ops import windows


class Attention(torch.nn.MultiheadAttention):
    """Self-attention on one value."""

    causal = False

    def forward(self, *values: Tensor) -> Tensor:  # type: ignore[override]
        query, key, value = values * 3 if len(values) == 1 else values
        sizes = (values_.size(int(self.batch_first)) for values_ in (query, key))
        later = torch.ones(*sizes, dtype=torch.bool, device=query.device).triu(1)
        return super().forward(query, key, value, need_weights=False, attn_mask=later if self.causal else None)[0]


class CausalAttention(Attention):
    causal = True


def attention(*, embed_dim: int, num_heads: int, kdim: int, vdim: int, is_causal: bool = False, **rest: Any) -> Any:
    return (CausalAttention if is_causal else Attention)(embed_dim, num_heads, kdim=kdim, vdim=vdim, **rest)


class LSTM(torch.nn.LSTM):
    def __init__(self, input_size: int, hidden_size: int, **rest: Any) -> None:
        super().__init__(input_size, hidden_size, **rest)

    def forward(self, x: Tensor, *state: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        output, (h, c) = super().forward(x, state or None)
        return output, h, c


class GRU(torch.nn.GRU):
    def __init__(self, input_size: int, hidden_size: int, **rest: Any) -> None:
        super().__init__(input_size, hidden_size, **rest)


class RNN(torch.nn.RNN):
    def __init__(self, input_size: int, hidden_size: int, **rest: Any) -> None:
        super().__init__(input_size, hidden_size, **rest)


class TopK(torch.nn.Module):
    def __init__(self, k: int, dim: int = -1, largest: bool = True) -> None:
        super().__init__()
        self.k, self.dim, self.largest = k, dim, largest

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return tuple(torch.topk(x, self.k, self.dim, self.largest))


class ToDtype(v2.ToDtype):
    def __init__(self, dtype: str = "float32", scale: bool = False) -> None:
        super().__init__(getattr(torch, dtype), scale)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(x)  # type: ignore[no-any-return]


CALLED: dict[str, Callable[..., torch.nn.Module]] = {
    "ToDtype": ToDtype,
    "TopK": TopK,
    "StochasticDepth": torchvision.ops.StochasticDepth,
    "DropBlock2d": torchvision.ops.DropBlock2d,
    "DropBlock3d": torchvision.ops.DropBlock3d,
    "LayerNorm2d": torchvision.models.convnext.LayerNorm2d,
    "MultiheadAttention": attention,
    "LSTM": LSTM,
    "GRU": GRU,
    "RNN": RNN,
    "WindowPartition": windows.WindowPartition,
    "WindowMerge": windows.WindowMerge,
    "WindowMask": windows.WindowMask,
    "PatchUnshuffle": windows.PatchUnshuffle,
    "KeylessLinear": windows.KeylessLinear,
}
"""The ops that are no class of torch.nn, or one that is called in another way."""


def _bilinear(layer: torch.nn.Bilinear, x: Tensor, y: Tensor) -> Tensor:
    return torch.einsum("...i,oij,...j->...o", x, layer.weight, y)


IN_PRODUCTS: dict[str, Callable[..., Tensor]] = {"Bilinear": _bilinear}
"""Layers in which FlopCounterMode sees nothing, written as the matrix products that they are."""
