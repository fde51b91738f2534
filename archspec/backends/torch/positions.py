"""Tables of relative positions: the rules are those of `archspec.ops.positions`. Each fills a tensor in place."""

from __future__ import annotations

import torch


def relative_position_index(table: torch.Tensor, window_size: tuple[int, int]) -> None:
    """The number of the way between two positions, for all pairs."""
    height, width = window_size
    rows = torch.arange(height).repeat_interleave(width)
    columns = torch.arange(width).repeat(height)
    down = rows[:, None] - rows + height - 1
    right = columns[:, None] - columns + width - 1
    table.copy_((down * (2 * width - 1) + right).reshape(table.shape))


def relative_coordinates(table: torch.Tensor, window_size: tuple[int, int]) -> None:
    """All ways between two positions, on a logarithmic scale, in the steps in which torchvision rounds them."""
    ways = [torch.arange(1 - size, size, dtype=torch.float32) / (size - 1) * 8 for size in window_size]
    ways = [way.sign() * (way.abs() + 1).log2() / 3 for way in ways]
    table.copy_(torch.stack(torch.meshgrid(*ways, indexing="ij"), -1)[None])
