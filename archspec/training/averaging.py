"""The exponential moving average of a network's weights."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from itertools import chain

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class Average:
    """A copy of a network whose parameters and buffers follow the network's own, each at every step a little.

    The decay grows with the updates, as min(decay, (1 + n) / (10 + n)), so that a short training does not keep its
    initial weights (tf.train.ExponentialMovingAverage with num_updates). What counts, such as BatchNorm's batches, is
    copied.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module = deepcopy(module).requires_grad_(False)
        self.updates = 0
        self._decay = decay
        self._followed = module

    @torch.no_grad()
    def update(self) -> None:
        """Follow the network, after a step of its optimizer."""
        self.updates += 1
        decay = min(self._decay, (1 + self.updates) / (10 + self.updates))
        # Anew at each step: DistributedDataParallel gives parameters other memory.
        pairs = list(zip(_tensors(self.module), _tensors(self._followed), strict=True))
        averaged = [pair for pair in pairs if pair[0].is_floating_point()]
        average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        average([own for own, _ in averaged], [other for _, other in averaged], self.updates)
        for own, other in pairs:
            if not own.is_floating_point():
                own.copy_(other)


def _tensors(module: nn.Module) -> Iterator[Tensor]:
    return chain(module.parameters(), module.buffers())
