"""CIFAR-10 and CIFAR-100, by torchvision: 32 x 32, 50,000 images for training and 10,000 for testing."""

from __future__ import annotations

from http.client import HTTPException
from pathlib import Path
from tarfile import TarError
from typing import Any, Literal, TypeAlias

import numpy as np
from torchvision import datasets
from torchvision.datasets.utils import check_integrity

from archspec.data.errors import DataError
from archspec.data.moments import Moments
from archspec.data.sources import Source, numbered
from archspec.data.splits import Parts, split
from archspec.data.stores import Held

Name: TypeAlias = Literal["cifar10", "cifar100"]
CIFAR: dict[Name, Any] = {"cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100}
MOMENTS: dict[Name, Moments] = {  # of all 50,000, as everybody has them
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "cifar100": ((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
}


def cifar(name: Name, folder: Path, download: bool, parts: Parts) -> Source:
    """The data set that lies in a folder, or is downloaded to it. Raises DataError where it is neither."""
    kind = CIFAR[name]
    if wrong := _wrong(kind, folder):
        _fetch(name, folder, download, wrong[0])
    train, test = kind(folder, train=True), kind(folder, train=False)
    pixels = np.concatenate([train.data, test.data])
    labels = [*train.targets, *test.targets]
    trained, tested = range(len(train.targets)), range(len(train.targets), len(labels))
    found = split(numbered(range(len(labels))), labels, trained, parts, test=tested)
    return Source(name, tuple(train.classes), Held(pixels), labels, found, (32, 32), MOMENTS[name])


def _wrong(kind: Any, folder: Path) -> list[Path]:
    """Its files that are missing, or are not what was published."""
    files = [*kind.train_list, *kind.test_list, (kind.meta["filename"], kind.meta["md5"])]
    paths = [(folder / kind.base_folder / name, md5) for name, md5 in files]
    return [path for path, md5 in paths if not check_integrity(path, md5)]


def _fetch(name: Name, folder: Path, download: bool, wrong: Path) -> None:
    kind = CIFAR[name]
    state = "is not what was published" if wrong.exists() else "is not there"
    by_hand = f"or unpack {kind.url} in {folder}"
    if not download:
        raise DataError(f"{name}: {wrong} {state}; fetch it by `download: true`, {by_hand}")
    try:
        kind(folder, download=True)
    except (OSError, HTTPException, TarError, EOFError, RuntimeError) as error:
        reason = str(getattr(error, "reason", error)) or type(error).__name__
        raise DataError(f"{name}: {wrong} {state}, and can't be downloaded ({reason}); try again, {by_hand}") from error
