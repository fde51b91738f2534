"""Losses and accuracies: added up on the device, since to look at a number there is to wait for it."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

if TYPE_CHECKING:
    from accelerate import Accelerator


class Score(NamedTuple):
    """Means over images."""

    loss: float
    accuracy: float
    images: int


class Running:
    """The losses of so many batches, as far as they have been, and how many images were classified rightly."""

    def __init__(self, batches: int, accelerator: Accelerator) -> None:
        self._accelerator = accelerator
        self._losses = torch.zeros(batches, device=accelerator.device)
        self._correct = torch.zeros((), device=accelerator.device, dtype=torch.int64)
        self._counts: list[int] = []
        self._seen = 0
        self.images = 0

    def add(self, loss: Tensor, correct: Tensor, images: int) -> None:
        """A batch: its mean loss, and how many of its images were right."""
        self._losses[self.batches] = loss.detach()
        self._correct += correct
        self._counts.append(images)
        self.images += images

    @property
    def batches(self) -> int:
        return len(self._counts)

    def score(self) -> Score:
        """Of this process's images so far."""
        return _score(self._totals())

    def together(self) -> Score:
        """Of the images of all processes; each has to ask."""
        return _score(self._summed(self._totals().to(self._accelerator.device)))

    def not_finite(self) -> tuple[int, float] | None:
        """The first batch, from 1, whose loss is not finite in some process, and that loss; of those since it was last
        asked. Each process has to ask."""
        losses = self._summed(self._losses[self._seen : self.batches])
        first, self._seen = self._seen + 1, self.batches
        return next(((batch, loss) for batch, loss in enumerate(losses.tolist(), first) if not isfinite(loss)), None)

    def _summed(self, numbers: Tensor) -> Tensor:
        """Over the processes."""
        if self._accelerator.num_processes == 1:
            return numbers
        found: Tensor = self._accelerator.reduce(numbers, "sum")
        return found

    def _totals(self) -> Tensor:
        """The losses of all images, the images that were right, and all images: float64 [3]."""
        losses = self._losses[: self.batches].cpu().double() @ torch.tensor(self._counts, dtype=torch.float64)
        return torch.stack([losses, self._correct.cpu().double(), torch.tensor(self.images, dtype=torch.float64)])


def _score(totals: Tensor) -> Score:
    loss, correct, images = totals.tolist()
    return Score(loss / images, correct / images, int(images))
