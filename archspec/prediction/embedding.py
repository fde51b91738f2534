"""Images into vectors: what stands at one place inside a network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from archspec.architecture import Architecture
from archspec.compilation import Inputs
from archspec.driver.networks import source_of
from archspec.prediction import POOLS, PredictionError
from archspec.prediction.batches import Batch, batches_for
from archspec.prediction.expectations import Stated
from archspec.prediction.found import Path_, find_images
from archspec.prediction.networks import TorchNetwork
from archspec.prediction.vectors import Rows, require_vectors, stacked, written
from archspec.types import TensorType
from archspec.weights.renames import Table


@dataclass(frozen=True, slots=True)
class Embedding:
    """A vector for each image, float32 [images, numbers], with the files in the same order. `shape` is what a vector
    was before it was flattened; `unreadable` says which images are left out, and why."""

    vectors: np.ndarray
    files: tuple[str, ...]
    network: str
    weights: str
    layer: str
    shape: tuple[int, ...]
    unreadable: dict[str, str]
    notes: tuple[str, ...] = ()


def embed(
    model_or_target: nn.Module | Architecture | Path_,
    images: Iterable[Path_] | Path_,
    at: str,
    *,
    pool: str = "flatten",
    path: Path_ | None = None,
    weights: Path_ | Enum | None = None,
    rename: Path_ | Table | None = None,
    resize: int | None = None,
    crop: int | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    interpolation: str | None = None,
    batch_size: int | None = None,
    device: str = "cpu",
    seed: int | None = None,
    tell: Callable[[int, int], None] = lambda done, of: None,
    inputs: Inputs = (),
    args: Mapping[str, Any] | None = None,
    plugins: Sequence[str] = (),
    zoo: Path_ | None = None,
) -> Embedding:
    """The value at a layer, a scope or any other path that `extract` takes, as one vector for each image. A map or
    tokens are flattened, in their order of axes, or with `pool="mean"` their mean over all but the channels is taken.

    With a `path`, which ends in `.npy`, vectors are written there as they come, with a table of the files beside them
    under the same name in `.csv`, and stay on the disk; without one they are in memory. The rest is as for `predict`.

    Raises what that raises; UnknownPathError, and PredictionError for a value that has no row for each image, where no
    image can be read, and for a table that is somebody else's.
    """
    if pool not in POOLS:
        raise PredictionError(f"the pooling `{pool}` is none of {', '.join(POOLS)}")
    if path is not None:
        require_vectors(Path(path))
    source = source_of(model_or_target, weights, rename, inputs, args, plugins, zoo)
    network = TorchNetwork(source, rename, seed, device)
    type_ = network.require_rows(at)
    pooled = _pooled(type_, at) if pool == "mean" else ()
    stated = Stated.of(resize, crop, mean, std, interpolation)
    found, value = find_images(images), network.values(at)  # first: weights that misfit tell nothing of images
    batches, notes = batches_for(network, found, stated, batch_size)

    def rows() -> Iterator[Rows]:
        for batch in batches:
            yield _rows(batch, value(batch.images), pooled)
            tell(batches.done, len(batches))
        if len(batches.unreadable) == len(batches):
            raise PredictionError(f"no image can be read: {next(iter(batches.unreadable.values()))}")

    vectors, files, shape = stacked(rows()) if path is None else written(rows(), Path(path), at)
    unreadable = {str(file): reason for file, reason in batches.unreadable.items()}
    told = (*network.notes, *notes)
    return Embedding(vectors, tuple(files), network.name, network.facts.title, at, shape, unreadable, told)


def _pooled(type_: TensorType, at: str) -> tuple[int, ...]:
    """The axes over which a mean is taken. Raises PredictionError where the channels are not known among several."""
    if type_.rank <= 2:
        return ()
    if "C" not in type_.axes:
        raise PredictionError(f"`{at}` is {type_}, of which no axis is known to be the channels: leave `--pool` out")
    return tuple(axis for axis in range(1, type_.rank) if type_.axes[axis] != "C")


def _rows(batch: Batch, value: Tensor, pooled: tuple[int, ...]) -> Rows:
    value = value[: len(batch.files)].float()
    if pooled:
        value = value.mean(pooled)
    if value.ndim == 1:  # a number for each image
        value = value[:, None]
    return Rows(batch.files, value.flatten(1).cpu().numpy(), tuple(value.shape[1:]))
