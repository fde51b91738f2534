"""Seeds: what an epoch draws follows from the recipe's seed and the epoch's number alone, whatever came before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from archspec.data.drawing import generator, number


@contextmanager
def seeded(device: torch.device, *words: object) -> Iterator[torch.Generator]:
    """Draw all of torch's random numbers, and those of the generator that it gives, from a seed made of some words;
    what others draw goes on afterwards as if nothing had been drawn."""
    devices = [torch.cuda.current_device()] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(number("layers", *words))
        yield generator("mixing", *words)
