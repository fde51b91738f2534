"""The known data sets: held against scikit-learn, torchvision, and files of the same form."""

from __future__ import annotations

import hashlib
import pickle
import re
import urllib.error
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits
from torchvision import datasets, transforms

from archspec.data import DataError, ExtraError, require
from archspec.data.extra import EXTRA
from archspec.samples.images import Picture
from archspec.types import DType
from tests.data.opened import opened

RANDOM = np.random.default_rng(0)
KINDS = {"cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100}


def test_digits_are_scikit_learns() -> None:
    data = opened({"source": "digits"}, (1, 8, 8), 10)
    bunch = load_digits()
    (mean,), (std,) = data.preprocessing.mean, data.preprocessing.std
    found = {}
    for part in (data.train, data.validation, data.test):
        found |= {place: part[number] for number, place in enumerate(part.places)}
        assert Counter(label for _, label in part).keys() == {*range(10)}
    assert len(found) == len(bunch.images) == len(data.train) + len(data.validation) + len(data.test)
    assert data.classes == tuple("0123456789")
    for place, (image, label) in found.items():
        expected = torch.from_numpy(bunch.images[place]).float()[None] / 16
        torch.testing.assert_close(image * std + mean, expected, atol=2e-3, rtol=0)
        assert label == bunch.target[place]
    values = np.round(bunch.images[data.train.places] * 255 / 16) / 255
    assert (round(values.mean(), 4), round(values.std(), 4)) == (mean, std)
    assert data.facts == {"name": "digits", "classes": 10, "train": 1375, "validation": 153, "test": 269}


@pytest.mark.parametrize("size", [(1, 8, 8), (3, 8, 8), (3, 20, 16), (1, 4, 4)])
def test_digits_written_as_files_give_the_same_tensors(size: tuple[int, int, int], tmp_path: Path) -> None:
    data = opened({"source": "digits"}, size, 10)
    picture = Picture(*size, DType.float32, facts=data.preprocessing, normalized=True)
    for number in (0, 5):
        values = load_digits().images[data.test.places[number]]
        Image.fromarray(np.round(values * 255 / 16).astype(np.uint8)).save(tmp_path / "digit.png")
        assert torch.equal(picture.read(tmp_path / "digit.png")[0], data.test[number][0])


def dumped(path: Path, content: Mapping[str, Any]) -> str:
    """A file as CIFAR's authors wrote it; gives its MD5."""
    data = pickle.dumps(content, protocol=2)
    path.write_bytes(data)
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@pytest.fixture(params=["cifar10", "cifar100"])
def cifar(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small data set in the form of CIFAR, in data/ of the folder."""
    kind, classes = KINDS[request.param], 10 if request.param == "cifar10" else 100
    folder = tmp_path / "data" / kind.base_folder
    folder.mkdir(parents=True)
    key = "labels" if classes == 10 else "fine_labels"

    def batches(files: list[list[str]], images: int) -> list[list[str]]:
        content = {"data": RANDOM.integers(0, 256, (images, 3072), np.uint8), key: [n % classes for n in range(images)]}
        return [[name, dumped(folder / name, content)] for name, _ in files]

    monkeypatch.setattr(kind, "train_list", batches(kind.train_list, 50 if classes == 10 else 250))
    monkeypatch.setattr(kind, "test_list", batches(kind.test_list, 100))
    names = {kind.meta["key"]: [f"thing {number}" for number in range(classes)]}
    monkeypatch.setattr(kind, "meta", {**kind.meta, "md5": dumped(folder / kind.meta["filename"], names)})
    return str(request.param)


def test_cifar_is_torchvisions(cifar: str, tmp_path: Path) -> None:
    classes = int(cifar.removeprefix("cifar"))
    data = opened({"source": cifar, "download": False}, (3, 32, 32), classes, tmp_path)
    facts = data.preprocessing
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize(facts.mean, facts.std)])
    train, test = (KINDS[cifar](tmp_path / "data", which, transform) for which in (True, False))
    assert data.classes == tuple(train.classes)
    assert (facts.resize, facts.crop) == ((32,), (32, 32))
    assert len(data.test) == len(test)
    assert {*data.train.places} | {*data.validation.places} == {*range(len(train))}
    for part, theirs, first in ((data.train, train, 0), (data.validation, train, 0), (data.test, test, len(train))):
        for number in (0, len(part) - 1):
            expected, label = theirs[part.places[number] - first]
            assert torch.equal(part[number][0], expected)
            assert part[number][1] == label


def test_cifar_in_grey_has_a_mean_of_its_own(cifar: str, tmp_path: Path) -> None:
    data = opened({"source": cifar}, (1, 32, 32), int(cifar.removeprefix("cifar")), tmp_path)
    values = torch.stack([image for image, _ in data.train])
    assert len(data.preprocessing.mean) == 1
    assert abs(values.mean()) < 0.01
    assert abs(values.std() - 1) < 0.01


def test_cifar_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = re.escape(f"{tmp_path / 'data' / 'cifar-10-batches-py' / 'data_batch_1'} is not there")
    with pytest.raises(DataError, match=rf"cifar10: {expected}; fetch it by `download: true`, or unpack https://"):
        opened({"source": "cifar10", "download": False}, (3, 32, 32), 10, tmp_path)

    def refused(*_: object, **__: object) -> None:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr("urllib.request.urlopen", refused)
    with pytest.raises(DataError, match=rf"{expected}, and can't be downloaded \(no route to host\); try again"):
        opened({"source": "cifar10"}, (3, 32, 32), 10, tmp_path)


def test_cifar_that_was_cut_off(cifar: str, tmp_path: Path) -> None:
    file = tmp_path / "data" / KINDS[cifar].base_folder / KINDS[cifar].test_list[0][0]
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(DataError, match=re.escape(f"{cifar}: {file} is not what was published; fetch it by")):
        opened({"source": cifar, "download": False}, (3, 32, 32), 10, tmp_path)


def test_fake_images_can_be_learned_and_are_always_the_same() -> None:
    keys: dict[str, Any] = {"data": {"source": "fake", "samples": 200}, "size": (3, 12, 20), "classes": 4}
    data, again = opened(**keys), opened(**keys)
    assert (len(data.train) + len(data.validation) + len(data.test), len(data.classes)) == (200, 4)
    assert torch.equal(data.test[7][0], again.test[7][0])
    train, test = (part.__getitems__(range(len(part))) for part in (data.train, data.test))
    images, labels = torch.stack([image for image, _ in train]), torch.tensor([label for _, label in train])
    centres = torch.stack([images[labels == label].mean(0) for label in range(4)]).flatten(1)
    near = torch.cdist(torch.stack([image.flatten() for image, _ in test]), centres).argmin(1)
    assert near.tolist() == [label for _, label in test]
    assert not torch.equal(train[0][0], train[4][0])


@pytest.mark.parametrize(
    ("data", "size", "classes", "message"),
    [
        ({"source": "digits"}, (1, 8, 8), 12, "digits has 10 classes, and the network tells 12 apart"),
        ({"source": "digits", "validation": 0.99, "test": 0.99}, (1, 8, 8), 10, "digits has 178 images of the class"),
        ({"source": "digits"}, (2, 8, 8), 10, "the network reads 2 channels, and images to train on have 1 or 3"),
        ({"source": "fake", "samples": 9}, (1, 8, 8), 5, "fake has 2 images of the class `class 0`, and none of them"),
    ],
)
def test_a_network_for_something_else(
    data: dict[str, Any], size: tuple[int, int, int], classes: int, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        opened(data, size, classes)


def test_libraries_of_the_extra_are_asked_for() -> None:
    assert require("sklearn.datasets").load_digits is load_digits
    message = f"`archspec look` needs `pip install '{EXTRA}'`: there is no nolib"
    with pytest.raises(ExtraError, match=re.escape(message)):
        require("nolib.pyplot", "archspec look")
    with pytest.raises(ModuleNotFoundError, match=re.escape("sklearn.nothing")):
        require("sklearn.nothing")
