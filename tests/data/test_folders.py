"""Folders of image files: what torchvision finds there is found, and what can't be right is named."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from torchvision.datasets import ImageFolder
from torchvision.models import ResNet18_Weights

from archspec.data import DataError, ImageData, loader
from archspec.data.folders import image_folder
from archspec.data.splits import Parts
from archspec.weights.published import _preprocessing
from tests.data.opened import opened, paint, paint_folder

PARTS = Parts(0.2, 0.2)
PRESET = ResNet18_Weights.IMAGENET1K_V1.transforms()


def folder(root: Path, classes: int = 2, **keys: object) -> ImageData:
    return opened({"image_folder": str(root)}, (3, 8, 8), classes, **keys)  # type: ignore[arg-type]


def test_a_folder_of_classes_is_torchvisions(tmp_path: Path) -> None:
    root = paint_folder(tmp_path / "pets", "dog Катя cat", 6)
    paint(root / "cat" / "below" / "deep.jpg")
    (root / "README.md").write_text("beside the classes, nothing minds it")
    (root / "cat" / ".DS_Store").write_text("hidden")
    theirs = ImageFolder(root)
    (root / ".git").mkdir()
    source = image_folder(root, PARTS)
    assert source.classes == ("cat", "dog", "Катя")
    assert (source.name, source.size) == ("pets", (9, 12))
    assert {*zip(source.store.paths, source.labels, strict=True)} == {*theirs.samples}
    assert sorted(image for part in source.split for image in part) == [*range(19)]


@pytest.mark.parametrize("names", ["train", "train val", "train validation test", "train test"])
def test_a_folder_of_parts(names: str, tmp_path: Path) -> None:
    for name in names.split():
        paint_folder(tmp_path / name, images=10 if name == "train" else 2)
    found = image_folder(tmp_path, PARTS)
    for part, name, taken in ((found.split.validation, "val", 4), (found.split.test, "test", 4)):
        own = [path for path in found.store.paths if Path(path).parts[-3].startswith(name)]
        assert [found.store.paths[image] for image in part] == own if own else len(part) == taken
    assert len(found.split.train) == 20 - sum(4 for name in ("val", "test") if name not in names)


def test_classes_may_be_called_as_parts_are(tmp_path: Path) -> None:
    assert image_folder(paint_folder(tmp_path, "car train test"), PARTS).classes == ("car", "test", "train")


def test_links_are_followed(tmp_path: Path) -> None:
    paint_folder(tmp_path / "elsewhere", "tabby")
    root = paint_folder(tmp_path / "pets", "dog")
    (root / "cat").symlink_to(tmp_path / "elsewhere" / "tabby")
    assert [label for _, label in folder(root).test] == [0, 1]


@pytest.mark.parametrize("size", [(70, 50, 3), (40, 60), (30, 40, 4), (500, 333, 3)])
def test_images_become_what_the_weights_expect(size: tuple[int, ...], tmp_path: Path) -> None:
    root = paint_folder(tmp_path, "cat dog", 4, *size)
    data = opened({"image_folder": str(root)}, (3, 224, 224), 2, weights=_preprocessing(PRESET))
    assert data.preprocessing == _preprocessing(PRESET)
    (images, labels), *_ = loader(data.test, 2)
    for place, image in zip(data.test.places, images, strict=True):
        with Image.open(image_folder(root, Parts(0.1, 0.15)).store.paths[place]) as file:
            assert torch.equal(image, PRESET(file.convert("RGB")))
    assert labels.tolist() == [0, 1]


def text(path: Path) -> None:
    path.write_text("no image")


def cut_off(path: Path) -> None:
    paint(path, 60, 60, 3)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def header_alone(path: Path) -> None:
    paint(path, 60, 60, 3)
    path.write_bytes(path.read_bytes()[:20])


def floating(path: Path) -> None:
    Image.new("F", (9, 9)).save(path)


def drawn_by_others(path: Path) -> None:
    path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")


def nothing(path: Path) -> None:
    path.symlink_to(path.parent / "gone.png")


def again(path: Path) -> None:
    os.link(path.parent / "1.png", path)


def circle(path: Path) -> None:
    path.symlink_to(path.parent, target_is_directory=True)


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("labels.csv", text, "labels.csv is no image (.jpg, "),
        ("a.gif", paint, "a.gif is no image (.jpg, "),
        ("a.npy", text, "a.npy is no image (.jpg, "),
        ("a.png", text, "a.png is no image; mend it, or take it out of the folder"),
        ("a.png", Path.touch, "a.png is no image; mend it"),
        ("a.png", header_alone, "a.png is "),
        ("a.tif", floating, "a.tif has 32 bits for a pixel"),
        ("a.png", nothing, "a.png is a link to nothing"),
        ("a.png", os.mkfifo, "a.png is neither a file nor a folder"),
        ("a.png", drawn_by_others, "a.png is no image; mend it"),
        ("a.png", again, "are the same file: an image has one place"),
        ("below", circle, "are the same folder: its files would be there twice"),
    ],
)
def test_files_that_are_no_images(name: str, make: Callable[[Path], object], message: str, tmp_path: Path) -> None:
    make(paint_folder(tmp_path) / "cat" / name)
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        folder(tmp_path)
    assert str(tmp_path / "cat" / name) in str(caught.value)


def test_several_of_them_are_named_together(tmp_path: Path) -> None:
    paint_folder(tmp_path, "cat dog", 10)
    for number in range(8):
        text(tmp_path / "dog" / f"{number}.png")
    with pytest.raises(DataError) as caught:
        folder(tmp_path)
    first, *lines = str(caught.value).splitlines()
    assert first.startswith(f"8 of 20 files in {tmp_path} are no images that can be read; mend them")
    assert lines == [*(f"  {tmp_path / 'dog' / f'{number}.png'} is no image" for number in range(5)), "  and 3 more"]


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_an_image_that_breaks_off_is_named_when_it_is_read(suffix: str, workers: int, tmp_path: Path) -> None:
    paint_folder(tmp_path)
    cut_off(tmp_path / "cat" / f"a.{suffix}")
    data = opened({"image_folder": str(tmp_path)}, (3, 8, 8), 2, weights=_preprocessing(PRESET))
    part = next(part for part in (data.train, data.validation, data.test) if 5 in part.places)
    with pytest.raises(DataError) as caught:
        list(loader(part, 4, workers=workers))
    path = re.escape(str(tmp_path / "cat" / f"a.{suffix}"))
    message = str(caught.value)
    assert re.fullmatch(path + r" is a broken image: [^\n]*; mend it, or take it out of the folder", message)


def test_a_file_that_goes_away(tmp_path: Path) -> None:
    data = folder(paint_folder(tmp_path))
    for path in tmp_path.glob("*/*.png"):
        path.unlink()
    with pytest.raises(DataError, match=r"\d.png can't be read any more: No such file"):
        data.train[0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        ((), "it is not there: `image_folder` names a folder with one folder of images for each class"),
        (("a.png/",), "{0} is empty: it takes one folder of images for each class"),
        (("cat/1.png", "cat/2.png"), "{0} holds one class, cat/: a network learns to tell two or more apart"),
        (("cat/1.png", "dog/"), "{0}/dog holds no images, but stands for a class"),
        (("1.png", "2.png"), "{0} holds images beside folders: of which class are they?"),
        (("cat/1.png", "dog/1.png", "1.png"), "{0} holds images beside folders"),
        (("val/cat/1.png", "test/cat/1.png"), "{0} holds test/, val/, but no train/: there is nothing to train on"),
        (("train/cat/1.png", "extra/cat/1.png"), "{0} holds train/ and beside it extra/: only train/, val/, valid/, "),
        (("train/a/1.png", "train/b/1.png", "val/a/1.png", "valid/a/1.png"), "holds both val/ and valid/: which"),
        (("train/1.png", "val/2.png"), "{0}/train holds images beside folders"),
        (("train/a/1.png", "train/b/1.png", "val/a/1.png"), "{0}/val lacks b/, which {0}/train has: all parts need"),
        (
            ("train/a/1.png", "train/b/1.png", "val/b/1.png", "val/c/1.png", "val/d/1.png"),
            "{0}/val lacks a/, which {0}/train has and has c/, d/, which {0}/train lacks",
        ),
        (("a/1.png", "a/2.png", "a/3.png", "b/1.png"), "it has 1 image of the class `b`, and none of them is for"),
    ],
)
def test_folders_that_hold_no_classes(make: tuple[str, ...], message: str, tmp_path: Path) -> None:
    root = tmp_path / "it"
    for name in make:
        if name.endswith("/"):
            (root / name).mkdir(parents=True)
        else:
            paint(root / name)
    if make == ("a.png/",):
        (root / "a.png").rmdir()
    with pytest.raises(DataError, match=re.escape(message.format(root))):
        folder(root)


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=re.escape("it.png is no folder: `image_folder` names")):
        folder(paint(tmp_path / "it.png"))
