"""Random numbers that depend on what they are for, and on nothing that was drawn before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

import torch


def number(*words: object) -> int:
    """32 random bits, always the same for the same words: torch's generator is seeded with no more."""
    return int.from_bytes(blake2b(repr(words).encode(), digest_size=4).digest(), "big")


def generator(*words: object) -> torch.Generator:
    """A generator on the CPU that gives the same numbers for the same words."""
    return torch.Generator().manual_seed(number(*words))


@contextmanager
def undisturbed() -> Iterator[torch.Generator]:
    """torch's own generator on the CPU, by which torchvision draws, to be seeded: behind this it is as it was."""
    own = torch.default_generator
    state = own.get_state()
    try:
        yield own
    finally:
        own.set_state(state)
