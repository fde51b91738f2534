"""The order of images, and what happens to those that are trained on: functions of seed and epoch alone."""

from __future__ import annotations

import os
import pickle
import signal
from collections import Counter
from dataclasses import replace
from itertools import chain, zip_longest
from typing import Any

import pytest
import torch
from accelerate.data_loader import prepare_data_loader
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader
from torchvision.transforms import InterpolationMode, v2

from archspec.data import DataError, Draw, ImageData, Images, loader, mixed
from archspec.data.drawing import generator, number
from archspec.samples.images import Picture, pixels
from tests.data.opened import opened, recipe

EVERYTHING = {
    "resized_crop": 0.3,
    "crop": 2,
    "flip": 0.5,
    "jitter": {"brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.1},
    "randaugment": {"num_ops": 2, "magnitude": 9},
}


def fake(augmentation: dict[str, Any], channels: int = 3, samples: int = 44) -> ImageData:
    return opened({"source": "fake", "samples": samples}, (channels, 16, 12), 2, augmentation=augmentation)


@pytest.fixture(scope="module")
def data() -> ImageData:
    return fake(EVERYTHING)


def epochs(images: Images, *numbers: int, seed: int = 0, workers: int = 0) -> list[list[Any]]:
    batches = loader(images, 8, seed=seed, training=True, workers=workers)
    found = []
    for epoch in numbers:
        batches.sampler.epoch = epoch  # type: ignore[attr-defined]
        found.append(list(batches))
    return found


def equal(some: list[Any], others: list[Any]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(chain(*some), chain(*others), strict=True))


def test_an_epoch_follows_from_seed_and_number_alone(data: ImageData) -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    one, two, three = epochs(data.train, 1, 2, 3)
    torch.rand(3)
    (alone,) = epochs(data.train, 3)
    assert equal(three, alone)
    assert equal(three, list(loader(data.train, 8, seed=0, epoch=3, training=True)))
    assert not equal(one, two)
    assert not equal(three, epochs(data.train, 3, seed=1)[0])
    torch.set_rng_state(before)
    for workers in (1, 2):
        assert all(map(equal, (one, two, three), epochs(data.train, 1, 2, 3, workers=workers)))
    assert torch.equal(before, torch.get_rng_state())


def test_every_image_comes_once_in_an_epoch(data: ImageData) -> None:
    order = [draw.place for draw in loader(data.train, 8, training=True).sampler]
    assert sorted(order) == [*range(len(data.train))] != order
    labels = torch.cat([labels for _, labels in loader(data.train, 8, training=True)])
    assert Counter(labels.tolist()) == Counter(label for _, label in data.train)
    assert torch.cat([labels for _, labels in loader(data.test, 4)]).tolist() == [label for _, label in data.test]


def test_an_image_that_would_be_alone_in_a_batch_waits_for_another_epoch() -> None:
    images = fake({}, samples=43).train
    assert len(images) == 33
    left_out = set()
    for batches in (epochs(images, epoch)[0] for epoch in (1, 2, 3)):
        assert [len(labels) for _, labels in batches] == [8, 8, 8, 8]
    for epoch in (1, 2, 3):
        left_out |= {*range(33)} - {draw.place for draw in loader(images, 8, epoch=epoch, training=True).sampler}
    assert len(left_out) > 1
    assert [len(labels) for _, labels in loader(images, 1, training=True)] == [1] * 33
    assert [len(labels) for _, labels in loader(images, 8)] == [8, 8, 8, 8, 1]


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_share_an_epoch(processes: int, data: ImageData) -> None:
    whole = loader(data.train, 4, epoch=5, training=True)
    shares = [
        list(prepare_data_loader(loader(data.train, 4, epoch=5, training=True), None, processes, index))
        for index in range(processes)
    ]
    together = [batch for batches in zip_longest(*shares) for batch in batches]
    assert len({*map(len, shares)}) == 1
    assert equal(list(whole)[:-1], together[: len(whole) - 1])


def test_images_travel_to_other_processes(data: ImageData) -> None:
    images = pickle.loads(pickle.dumps(data.train))
    assert torch.equal(images[Draw(0, 1, 3)][0], data.train[Draw(0, 1, 3)][0])


@pytest.mark.parametrize("channels", [1, 3])
def test_augmentation_is_torchvisions_in_the_order_of_the_recipe(channels: int) -> None:
    images = fake(EVERYTHING, channels).train
    transforms = v2.Compose([
        v2.RandomResizedCrop((16, 12), scale=(0.3, 1.0), interpolation=InterpolationMode.BILINEAR),
        v2.RandomCrop((16, 12), padding=2),
        v2.RandomHorizontalFlip(0.5),
        v2.ColorJitter(0.2, 0.2, 0.2, 0.1),
        v2.RandAugment(2, 9),
    ])
    for place in range(8):
        image = images.store.image(images.places[place], images.picture)
        torch.manual_seed(number(4, 2, place))
        expected = images.picture.batch(pixels([transforms(image)]))[0]
        assert torch.equal(images[Draw(4, 2, place)][0], expected)
        assert not torch.equal(images[place][0], expected)


def test_a_padded_crop_moves_the_image_in_front_of_zeros() -> None:
    images = fake({"crop": 1}).train
    facts = images.picture.facts
    assert facts
    black = -torch.tensor(facts.mean) / torch.tensor(facts.std)
    for place in range(20):
        framed = black.reshape(3, 1, 1).expand(3, 18, 14).clone()
        framed[:, 1:17, 1:13] = images[place][0]
        ways = [framed[:, y : y + 16, x : x + 12] for y in range(3) for x in range(3)]
        assert sum(torch.allclose(images[Draw(0, 1, place)][0], way, atol=1e-5) for way in ways) == 1


def test_evaluation_and_training_without_augmentation_are_the_image_itself(data: ImageData) -> None:
    plain = fake({}).train
    assert all(torch.equal(plain[Draw(0, 1, place)][0], plain[place][0]) for place in range(len(plain)))
    assert torch.equal(data.validation[0][0], fake({}).validation[0][0])


class Deadly:
    """Images that whoever reads them dies of."""

    def image(self, place: int, picture: Picture) -> Image.Image:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def test_a_worker_that_dies_is_told_of(data: ImageData) -> None:
    with pytest.raises(DataError, match=r"has died, perhaps .*: use fewer `workers`; .*\(pid.* \d+\)"):
        list(loader(replace(data.test, store=Deadly()), 2, workers=1))


def test_any_loader_can_read_a_part(data: ImageData) -> None:
    assert equal(list(DataLoader(data.test, 4)), list(loader(data.test, 4)))


def mixing(images: Tensor, labels: Tensor, *words: object, **alphas: float) -> tuple[Tensor, Tensor]:
    return mixed(images, labels, recipe({"source": "fake"}, augmentation=alphas).augmentation, 5, generator(*words))


def test_mixup_and_cutmix_share_out_the_labels() -> None:
    images, labels = torch.rand(6, 3, 8, 8), torch.arange(6) % 5
    before = torch.get_rng_state()
    blended, parts = mixing(images, labels, "any", mixup=0.4)
    share = parts[1, 1]
    assert torch.allclose(blended, share * images + (1 - share) * images.roll(1, 0))
    cut, areas = mixing(images, labels, "any", cutmix=1.0)
    own = (cut == images).all(1).flatten(1).double().mean(1)
    assert torch.allclose(areas.gather(1, labels[:, None])[1:5, 0].double(), own[1:5])
    for soft in (parts, areas):
        torch.testing.assert_close(soft.sum(1), torch.ones(6))
    assert all(same is given for same, given in zip(mixing(images, labels, "any"), (images, labels), strict=True))
    assert torch.equal(before, torch.get_rng_state())


def test_of_both_one_is_drawn_for_each_batch() -> None:
    images, labels = torch.rand(4, 3, 8, 8), torch.arange(4)
    kinds = Counter[bool]()
    for word in range(30):
        found, _ = mixing(images, labels, word, mixup=1.0, cutmix=1.0)
        again, _ = mixing(images, labels, word, mixup=1.0, cutmix=1.0)
        assert torch.equal(found, again)
        kinds[bool((found == images).any())] += 1
    assert min(kinds[True], kinds[False]) > 5
