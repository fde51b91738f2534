"""Images in batches, in an order that follows from seed and epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Sampler, SequentialSampler

from archspec.data.drawing import generator
from archspec.data.errors import DataError
from archspec.data.images import Draw, Images


class Order(Sampler[Draw]):
    """The order of training images in an epoch, `epoch`, which may be set before each: workers stay alive between two.

    Every image once; but one that would be alone in the last batch, whose statistics no BatchNorm can take, is left
    out, in each epoch another one.
    """

    def __init__(self, images: int, batch_size: int, seed: int, epoch: int = 1) -> None:
        self.images, self.seed, self.epoch = images, seed, epoch
        alone = images % batch_size == 1 and images > 1 and batch_size > 1
        self._length = images - alone

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Draw]:
        places = torch.randperm(self.images, generator=generator("order", self.seed, self.epoch))
        return (Draw(self.seed, self.epoch, place) for place in places[: self._length].tolist())


class Loader(DataLoader[Any]):
    """torch's, with a word of its own on worker processes that die."""

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:  # type: ignore[override]  # all that anybody needs
        try:
            yield from super().__iter__()
        except RuntimeError as error:
            if not str(error).startswith("DataLoader worker"):
                raise
            said = str(error).partition(". ")[0]
            raise DataError(f"a process that reads images has died, perhaps for want of memory, or of shared memory "
                            f"(/dev/shm): use fewer `workers`; {said}") from error


def loader(
    images: Images, batch_size: int, *, seed: int = 0, epoch: int = 1, training: bool = False, workers: int = 0,
    pinned: bool = False,
) -> Loader:
    """Batches of images, float32 [N, C, H, W], and their classes, int64 [N].

    In training they are shuffled and augmented: both follow from `seed` and `epoch` alone, with any number of worker
    processes, and whatever came before; `loader.sampler` is then the `Order`. Else they come as they are, in order.
    torch's own random numbers are left alone. `pinned`: in memory that a GPU copies from more quickly.
    """
    return Loader(
        images,
        batch_size,
        sampler=Order(len(images), batch_size, seed, epoch) if training else SequentialSampler(images),
        num_workers=workers,
        pin_memory=pinned,
        persistent_workers=workers > 0,
        generator=generator("workers"),  # or the seed of workers would be drawn by torch's own
    )
