"""A job's images in batches, of which each process has its share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, cast

from torch import Tensor
from torch.utils.data import DataLoader

from archspec.data import Images, Order, loader
from archspec.recipes import Recipe

if TYPE_CHECKING:
    from accelerate import Accelerator

Batches: TypeAlias = DataLoader[tuple[Tensor, Tensor]]


def training_batches(images: Images, recipe: Recipe, accelerator: Accelerator) -> tuple[Batches, Order]:
    """Shuffled and augmented, as the order's `epoch` says; a batch is shared out among the processes."""
    found = loader(
        images,
        recipe.batch_size,
        seed=recipe.seed,
        training=True,
        workers=recipe.data.workers,
        pinned=accelerator.device.type == "cuda",
    )
    order = cast("Order", found.sampler)
    if accelerator.num_processes == 1:
        return found, order
    return accelerator.prepare_data_loader(found), order


def evaluation_batches(images: Images, recipe: Recipe, accelerator: Accelerator) -> Batches:
    """In their order; every image is in one process."""
    share = replace(images, places=images.places[accelerator.process_index :: accelerator.num_processes])
    return loader(
        share, recipe.batch_size, workers=recipe.data.workers, pinned=accelerator.device.type == "cuda"
    )
