"""Shifted windows, as modules that need nothing but torch: the rules are those of `archspec.ops.shifted`."""

from __future__ import annotations

from typing import TypeAlias

import torch

Pair: TypeAlias = tuple[int, int]


class _Shifted(torch.nn.Module):
    def __init__(self, window_size: Pair, shift_size: Pair) -> None:
        super().__init__()
        self.window_size = window_size
        self.shift_size = shift_size

    def extra_repr(self) -> str:
        return f"window_size={self.window_size}, shift_size={self.shift_size}"


class WindowPartition(_Shifted):
    """N, H, W, C -> N, windows, positions, C."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return cut(x, self.window_size, self.shift_size)


class WindowMerge(_Shifted):
    """N, windows, positions, C, and a map N, H, W, ... -> N, H, W, C."""

    def forward(self, windows: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return put_together(windows, x, self.window_size, self.shift_size)


class WindowMask(_Shifted):
    """N, H, W, C -> windows, 1, positions, positions."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return mask(x, self.window_size, self.shift_size)


class PatchUnshuffle(torch.nn.Module):
    """N, H, W, C -> N, ceil(H / 2), ceil(W / 2), 4 C."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return unshuffled(x)


def cut(x: torch.Tensor, window: Pair, shift: Pair) -> torch.Tensor:
    x = _padded(x, window)
    rows, columns = _counts(x, window)
    shift = _effective(shift, (rows, columns))
    if any(shift):
        x = torch.roll(x, (-shift[0], -shift[1]), (1, 2))
    x = x.reshape(x.size(0), rows, window[0], columns, window[1], x.size(3))
    return x.transpose(2, 3).reshape(x.size(0), rows * columns, window[0] * window[1], x.size(5))


def put_together(windows: torch.Tensor, x: torch.Tensor, window: Pair, shift: Pair) -> torch.Tensor:
    batch, height, width = x.shape[:3]
    rows, columns = _counts(x, window)
    shift = _effective(shift, (rows, columns))
    channels = windows.size(3)
    found = windows.reshape(batch, rows, columns, window[0], window[1], channels).transpose(2, 3)
    found = found.reshape(batch, rows * window[0], columns * window[1], channels)
    if any(shift):
        found = torch.roll(found, shift, (1, 2))
    return found[:, :height, :width].contiguous()


def mask(x: torch.Tensor, window: Pair, shift: Pair) -> torch.Tensor:
    """All windows but the last lie in one region. Of several windows, the last has its last `shift` positions from
    another."""
    regions = []
    for count, size, step in zip(_counts(x, window), window, shift, strict=True):
        region = x.new_zeros(count, size)
        if count > 1:
            region[-1, size - step :] = 1
        regions.append(region)
    rows, columns = regions
    region = 2 * rows[:, None, :, None] + columns[None, :, None, :]
    region = region.reshape(-1, 1, 1, window[0] * window[1])
    return x.new_zeros(()).where(region == region.transpose(-2, -1), -100.0)


def unshuffled(x: torch.Tensor) -> torch.Tensor:
    x = _padded(x, (2, 2))
    batch, height, width, channels = x.shape
    x = x.reshape(batch, height // 2, 2, width // 2, 2, channels)
    return x.permute(0, 1, 3, 4, 2, 5).reshape(batch, height // 2, width // 2, 4 * channels)


def _padded(x: torch.Tensor, window: Pair) -> torch.Tensor:
    """x up to whole windows."""
    missing = (-x.size(1) % window[0], -x.size(2) % window[1])
    return torch.nn.functional.pad(x, (0, 0, 0, missing[1], 0, missing[0])) if any(missing) else x


def _counts(x: torch.Tensor, window: Pair) -> Pair:
    """How many windows cover each axis."""
    return -(-x.size(1) // window[0]), -(-x.size(2) // window[1])


def _effective(shift: Pair, counts: Pair) -> Pair:
    """An axis that one window covers is not shifted."""
    return shift[0] if counts[0] > 1 else 0, shift[1] if counts[1] > 1 else 0


for _function in ("cut", "put_together", "mask", "unshuffled"):
    torch.fx.wrap(_function)  # what they do depends on real sizes
