"""Image files, one batch after the other: no more of them than one batch is held in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from archspec.prediction import PredictionError
from archspec.prediction.expectations import ImageInput, Stated, picture_for
from archspec.prediction.found import Found
from archspec.samples import SamplesError
from archspec.samples.images import Picture

_USUAL = 32  # images in a batch


class Reader(Protocol):
    """What reads images."""

    image: ImageInput

    def require_size(self, height: int, width: int) -> None: ...


class Batch(NamedTuple):
    """`images` has one for each file, and more behind them where a network takes no fewer."""

    files: list[Path]
    images: Tensor


class Batches:
    """The batches of files, in order. An image that cannot be read is left out; `unreadable` says why, as far as the
    files were gone through."""

    def __init__(self, files: Sequence[Path], picture: Picture, size: int, fixed: bool) -> None:
        self.unreadable: dict[Path, str] = {}
        self.done = 0  # files that were gone through, read or not
        self._files = files
        self._picture = picture
        self._size = size
        self._fixed = fixed

    def __len__(self) -> int:
        """How many files there are."""
        return len(self._files)

    def __iter__(self) -> Iterator[Batch]:
        read: list[tuple[Path, Tensor]] = []
        for number, path in enumerate(self._files, 1):
            try:
                read.append((path, self._picture.read(path)))
            except SamplesError as error:
                self.unreadable[path] = str(error)
            except OSError as error:
                self.unreadable[path] = f"{path} cannot be read: {error.strerror or error}"
            if len(read) == self._size or (number == len(self._files) and read):
                self.done = number
                yield self._batch(read)
                read = []

    def _batch(self, read: Sequence[tuple[Path, Tensor]]) -> Batch:
        images = [image for _, image in read]
        missing = self._size - len(images) if self._fixed else 0
        return Batch([path for path, _ in read], torch.cat([*images, *([images[-1]] * missing)]))


def batches_for(reader: Reader, found: Found, stated: Stated, size: int | None) -> tuple[Batches, list[str]]:
    """The images as a network wants them, and what there is to know of that. `size` is that of a batch, where the
    network leaves it open. Raises PredictionError, and SpecError where the network does not take the images' size."""
    image = reader.image
    if image.batch is not None and size not in (None, image.batch):
        asked = f"batches of {size} were asked for"
        raise PredictionError(f"{asked}, and {image.name} reads {image.batch} at once: leave `--batch-size` out")
    picture, notes = picture_for(image, stated)
    reader.require_size(picture.height, picture.width)
    if found.others:
        more = f", and {len(found.others) - 1} more" if len(found.others) > 1 else ""
        notes.append(f"left out, since the name is no image's: {found.others[0]}{more}")
    return Batches(found.files, picture, image.batch or size or _USUAL, fixed=image.batch is not None), notes
