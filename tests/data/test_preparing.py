"""What is done to an image before the network sees it: whose mean and std, which sizes, and by one way for all."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.functional import pil_to_tensor

from archspec.data import DataError, folder_of
from archspec.data.moments import moments_of
from archspec.deployment import Preprocessing
from archspec.samples.images import Picture
from archspec.types import DType
from tests.data.opened import RANDOM, noise, opened, paint, paint_folder, recipe

THEIRS = Preprocessing((256,), (224,), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "bicubic")
DIGITS = {"source": "digits"}


def facts(size: tuple[int, int, int], weights: Preprocessing | None, normalization: str | None = None) -> Preprocessing:
    return opened(DIGITS, size, 10, weights=weights, normalization=normalization).preprocessing


def test_the_weights_are_followed_where_nothing_else_is_asked_for() -> None:
    assert facts((3, 224, 224), THEIRS) == facts((3, 224, 224), THEIRS, "weights") == THEIRS
    own = facts((3, 224, 224), THEIRS, "data")
    assert own == facts((3, 224, 224), None)
    assert (own.resize, own.crop, own.interpolation, {*own.mean}) == ((224,), (224, 224), "bilinear", {own.mean[0]})


def test_sizes_follow_what_the_network_reads() -> None:
    assert facts((3, 112, 112), THEIRS) == replace(THEIRS, resize=(128,), crop=(112, 112))
    assert facts((3, 112, 56), THEIRS) == replace(THEIRS, resize=(128,), crop=(112, 56))
    assert facts((3, 8, 8), THEIRS) == replace(THEIRS, resize=(8,), crop=(8, 8))
    unknown = replace(THEIRS, resize=(), crop=(), interpolation="")
    assert facts((3, 32, 24), unknown) == replace(THEIRS, resize=(24,), crop=(32, 24), interpolation="bilinear")


def test_weights_that_expect_other_channels_or_nothing() -> None:
    assert facts((1, 8, 8), THEIRS) == facts((1, 8, 8), None)
    with pytest.raises(DataError, match="those expect 3 channels and the network reads 1: `normalization: data` takes"):
        facts((1, 8, 8), THEIRS, "weights")
    with pytest.raises(DataError, match="what the weights expect of images is not known: `normalization: data` takes"):
        facts((1, 8, 8), None, "weights")


@pytest.mark.parametrize("size", [(24, 32), (32, 24), (8, 8)])
def test_images_that_have_the_size_already_keep_their_pixels(size: tuple[int, int], tmp_path: Path) -> None:
    root = paint_folder(tmp_path, "cat dog", 4, *size, 3)
    data = opened({"image_folder": str(root)}, (3, *size), 2, weights=THEIRS)
    source = folder_of(recipe({"image_folder": str(root)}).data, tmp_path)
    assert source
    assert source.size == size
    mean, std = (torch.tensor(numbers).reshape(-1, 1, 1) for numbers in (THEIRS.mean, THEIRS.std))
    for number, place in enumerate(data.train.places):
        with Image.open(source.store.paths[place]) as image:  # type: ignore[attr-defined]
            assert torch.equal(data.train[number][0], (pil_to_tensor(image) / 255 - mean) / std)


def test_mean_and_std_of_a_folder_are_those_of_its_training_images(tmp_path: Path) -> None:
    paint_folder(tmp_path, "cat dog", 6, 10, 10, 3)
    data = opened({"image_folder": str(tmp_path)}, (3, 10, 10), 2)
    pixels = torch.stack([image for image, _ in data.train]).transpose(0, 1).flatten(1)
    torch.testing.assert_close(pixels.mean(1), torch.zeros(3), atol=1e-3, rtol=0)
    torch.testing.assert_close(pixels.std(1, correction=0), torch.ones(3), atol=1e-3, rtol=0)


def test_mean_and_std_are_exact() -> None:
    images = torch.from_numpy(RANDOM.integers(0, 256, (5, 3, 7, 9), np.uint8))
    mean, std = moments_of(images, "it")
    values = images.double().transpose(0, 1).flatten(1) / 255
    assert mean == tuple(round(number, 4) for number in values.mean(1).tolist())
    assert std == tuple(round(number, 4) for number in values.std(1, correction=0).tolist())
    images[:, 2] = 7
    assert moments_of(images, "it") == ((*mean[:2], round(7 / 255, 4)), (*std[:2], 1.0))
    with pytest.raises(DataError, match="the images of it are all of one shade"):
        moments_of(torch.full((2, 1, 4, 4), 7, dtype=torch.uint8), "it")


@pytest.mark.parametrize("name", ["1.png", "L.pgm", "LA.png", "P.png", "RGB.bmp", "RGBA.webp", "CMYK.jpg", "YCbCr.tif"])
def test_all_kinds_of_pixels_become_grey_or_colours(name: str, tmp_path: Path) -> None:
    image = noise(9, 12, 3).convert(name.partition(".")[0])
    image.save(tmp_path / name, **({"transparency": bytes(range(256))} if image.mode == "P" else {}))
    for channels, mode in ((1, "L"), (3, "RGB")):
        with Image.open(tmp_path / name) as again, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is lost with transparency
            expected = pil_to_tensor(again.convert(mode))
        assert torch.equal(Picture(channels, 9, 12, DType.uint8).read(tmp_path / name)[0], expected)


@pytest.mark.parametrize("name", ["it.png", "it.tif", "it.pgm"])
def test_of_sixteen_bits_the_upper_eight_are_read(name: str, tmp_path: Path) -> None:
    values = RANDOM.integers(0, 2**16, (9, 12), np.uint16)
    Image.fromarray(values).save(tmp_path / name)
    found = Picture(3, 9, 12, DType.uint8).read(tmp_path / name)[0]
    assert torch.equal(found, torch.from_numpy((values // 256).astype(np.uint8)).expand(3, 9, 12))


def test_an_image_lies_as_its_pixels_do(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    path = paint(tmp_path / "plain.png")
    with Image.open(path) as image:
        image.save(tmp_path / "turned.png", exif=exif)
    picture = Picture(3, 9, 12, DType.uint8)
    assert torch.equal(picture.read(tmp_path / "turned.png"), picture.read(path))


@pytest.mark.parametrize("size", [(50, 40), (40, 50), (24, 40), (7, 90), (90, 7)])
@pytest.mark.parametrize("wanted", [(24, 32), (32, 24), (16, 16)])
def test_the_crop_never_reaches_beyond_the_image(wanted: tuple[int, int], size: tuple[int, int]) -> None:
    picture = Picture(1, *wanted, DType.uint8, facts=Preprocessing((min(wanted),), wanted, (0.0,), (1.0,), "bilinear"))
    white = Image.new("L", size[::-1], 255)
    assert (pil_to_tensor(picture.sized(white)) == 255).all()
    assert picture.sized(white).size == wanted[::-1]
    both = picture._replace(facts=Preprocessing((40, 36), wanted, (0.0,), (1.0,), "bilinear"))
    assert (pil_to_tensor(both.sized(white)) == 255).all()
