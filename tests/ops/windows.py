"""What ops on shifted windows stand for, position by position, as modules with their names and arguments."""

from __future__ import annotations

from itertools import product
from typing import Any

import torch
from torch import Tensor
from torchvision.models import swin_transformer


class Windows(torch.nn.Module):
    """Says where every position of a padded and shifted map comes from."""

    def __init__(self, window_size: int | list[int], shift_size: int | list[int] = 0) -> None:
        super().__init__()
        self.window_size = window_size
        self.shift_size = shift_size
        self._sides = list(zip(_pair(window_size, 1), _pair(shift_size, 0), strict=True))
        if any(shift >= window for window, shift in self._sides):
            raise ValueError("a shift of whole windows")

    def origins(self, x: Tensor) -> tuple[list[int], list[int]]:
        """Of each row and of each column, where it stood."""
        _, height, width, _ = x.shape
        if not all(x.shape[1:]):
            raise ValueError("an empty map")
        found = []
        for size, (window, shift) in zip((height, width), self._sides, strict=True):
            padded = size + -size % window
            found.append([(k + (shift if padded > window else 0)) % padded for k in range(padded)])
        return found[0], found[1]

    def places(self, x: Tensor) -> list[list[tuple[int, int]]]:
        """Of each window, row by row, where its positions stood."""
        parts = [
            [origins[k : k + window] for k in range(0, len(origins), window)]
            for origins, (window, _) in zip(self.origins(x), self._sides, strict=True)
        ]
        return [list(product(rows, columns)) for rows, columns in product(*parts)]


class WindowPartition(Windows):
    def forward(self, x: Tensor) -> Tensor:
        rows, columns = self.origins(x)
        padded = x.new_zeros(x.size(0), len(rows), len(columns), x.size(3))
        padded[:, : x.size(1), : x.size(2)] = x
        windows = [torch.stack([padded[:, i, j] for i, j in places], 1) for places in self.places(x)]
        return torch.stack(windows, 1)


class WindowMerge(Windows):
    def forward(self, windows: Tensor, x: Tensor) -> Tensor:
        places = self.places(x)
        if windows.ndim != 4 or windows.shape[:3] != (x.size(0), len(places), len(places[0])):
            raise ValueError("windows of another map")
        rows, columns = self.origins(x)
        padded = windows.new_zeros(x.size(0), len(rows), len(columns), windows.size(3))
        for k, positions in enumerate(places):
            for n, (i, j) in enumerate(positions):
                padded[:, i, j] = windows[:, k, n]
        return padded[:, : x.size(1), : x.size(2)]


class WindowMask(Windows):
    """Two positions of a window that lie a window apart, or further, came together by the shift."""

    def forward(self, x: Tensor) -> Tensor:
        limits = [window for window, _ in self._sides]
        apart = [
            [[any(abs(a - b) >= n for a, b, n in zip(p, q, limits, strict=True)) for q in window] for p in window]
            for window in self.places(x)
        ]
        return x.new_tensor(apart).mul(-100.0).unsqueeze(1) + 0.0


class PatchUnshuffle(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.ndim != 4 or not all(x.shape[1:]):
            raise ValueError("no map")
        return swin_transformer._patch_merging_pad(x)  # type: ignore[no-any-return]


class KeylessLinear(torch.nn.Linear):
    """torchvision's rule: the middle third of the bias counts as zeros."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        if out_features % 3:
            raise ValueError("no thirds")
        super().__init__(in_features, out_features, bias)

    def forward(self, x: Tensor) -> Tensor:
        bias = None if self.bias is None else self.bias.clone()
        if bias is not None:
            bias[len(bias) // 3 : 2 * len(bias) // 3] = 0
        return torch.nn.functional.linear(x, self.weight, bias)


def relative_position_index(*, window_size: int | list[int], flat: bool = False) -> Tensor:
    """torchvision's, which has all pairs in one axis."""
    window = _pair(window_size, 1)
    found: Tensor = swin_transformer.ShiftedWindowAttention(1, window, [0, 0], 1).relative_position_index
    return found if flat else found.view(2 * [window[0] * window[1]])


def relative_coordinates(*, window_size: int | list[int]) -> Tensor:
    found: Tensor = swin_transformer.ShiftedWindowAttentionV2(1, _pair(window_size, 2), [0, 0], 1).relative_coords_table
    return found


def _pair(value: Any, least: int) -> list[int]:
    pair = list(value) if isinstance(value, (list, tuple)) else [value, value]
    if len(pair) != 2 or min(pair) < least:
        raise ValueError(f"{value} is no pair of sizes")
    return pair
