"""Folders of image files, one for each class: DIR/CLASS/a.jpg, or DIR/train/CLASS/a.jpg and val/ and test/ likewise."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from archspec.data.errors import DataError
from archspec.data.sources import Source
from archspec.data.splits import Parts, split
from archspec.data.stores import Files
from archspec.samples.files import IMAGES, SamplesError, files_below
from archspec.samples.images import size_of

_PARTS = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}
_LAYOUT = "one folder of images for each class, or train/, val/ and test/ that hold such folders"
_TOLD = 5  # files that a message names


def image_folder(root: Path, parts: Parts) -> Source:
    """The images in a folder, each of them looked at by its first bytes. Raises DataError, and OSError for what the
    system refuses."""
    if not root.is_dir():
        state = "is no folder" if root.exists() else "is not there"
        raise DataError(f"{root} {state}: `image_folder` names a folder with {_LAYOUT}")
    folders = _folders_of_parts(root)
    classes = _classes(folders)
    paths, labels, places = list[Path](), list[int](), dict[str, range]()
    for part, folder in folders.items():
        first = len(paths)
        for label, name in enumerate(classes):
            found = _images(folder / name)
            paths += found
            labels += [label] * len(found)
        places[part] = range(first, len(paths))
    size = _look_over(root, paths)
    names = [path.relative_to(root).as_posix() for path in paths]
    divided = split(names, labels, places["train"], parts, places.get("validation", ()), places.get("test", ()))
    return Source(root.resolve().name, classes, Files([*map(str, paths)]), labels, divided, size)


def _folders_of_parts(root: Path) -> Mapping[str, Path]:
    """The folder itself, which holds classes; or those in it for training, validation and testing."""
    names = _folders(root)
    others = [name for name in names if name not in _PARTS]
    if "train" not in names or (others and _holds_images(root / "train")):  # then `train` is a class like any other
        if names and not others:
            raise DataError(f"{root} holds {_listed(names)}, but no train/: there is nothing to train on")
        return {"train": root}
    if others:
        raise DataError(f"{root} holds train/ and beside it {_listed(others)}: only {_listed(_PARTS)} are known there")
    found: dict[str, Path] = {}
    for name in names:
        if _PARTS[name] in found:
            raise DataError(f"{root} holds both {found[_PARTS[name]].name}/ and {name}/: which is for validation?")
        found[_PARTS[name]] = root / name
    return found


def _classes(folders: Mapping[str, Path]) -> tuple[str, ...]:
    """The names of the classes, which all parts have to have."""
    train = folders["train"]
    classes = _folders(train)
    for folder in folders.values():
        if _holds_images(folder):
            raise DataError(f"{folder} holds images beside folders: of which class are they? It takes {_LAYOUT}")
    if not classes:
        raise DataError(f"{train} is empty: it takes {_LAYOUT}")
    if len(classes) == 1:
        raise DataError(f"{train} holds one class, {_listed(classes)}: a network learns to tell two or more apart")
    for folder in folders.values():
        found = _folders(folder)
        missing = [name for name in classes if name not in found]
        unknown = [name for name in found if name not in classes]
        if missing or unknown:
            lacks = [f"lacks {_listed(missing)}, which {train} has"] if missing else []
            has = [f"has {_listed(unknown)}, which {train} lacks"] if unknown else []
            raise DataError(f"{folder} {' and '.join(lacks + has)}: all parts need the same classes")
    return tuple(classes)


def _images(folder: Path) -> list[Path]:
    """Those of a class, also in folders below."""
    try:
        found = files_below(folder)
    except SamplesError as error:
        raise DataError(str(error)) from error
    for path in found:
        if not _is_image(path.name):
            raise DataError(f"{path} is no image ({', '.join(IMAGES)}): convert it, or take it out of the folder")
    if not found:
        raise DataError(f"{folder} holds no images, but stands for a class: fill it, or take it away")
    return found


def _look_over(root: Path, paths: Sequence[Path]) -> tuple[int, int] | None:
    """Height and width of the images, if those are the same for all. Raises DataError for files that hold no images,
    and for one that is there twice, by links: it might be tested with what it was trained on."""
    broken, sizes, seen = list[str](), set[tuple[int, int]](), dict[tuple[int, int], Path]()
    for path in paths:
        try:
            sizes.add(size_of(path))
        except SamplesError as error:
            broken.append(str(error))
        status = path.stat()
        if (other := seen.setdefault((status.st_dev, status.st_ino), path)) is not path:
            raise DataError(f"{other} and {path} are the same file: an image has one place; take one away")
    if len(broken) == 1:
        raise DataError(f"{broken[0]}; mend it, or take it out of the folder")
    if broken:
        told = [*broken[:_TOLD], *([f"and {len(broken) - _TOLD} more"] if len(broken) > _TOLD else [])]
        lines = "".join(f"\n  {line}" for line in told)
        number = f"{len(broken)} of {len(paths)} files"
        raise DataError(f"{number} in {root} are no images that can be read; mend them, or take them out:{lines}")
    width, height = next(iter(sizes))
    return (height, width) if len(sizes) == 1 else None


def _folders(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def _holds_images(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return any(entry.is_file() and _is_image(entry.name) for entry in entries if not entry.name.startswith("."))


def _is_image(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in IMAGES


def _listed(names: Iterable[str]) -> str:
    told = [f"{name}/" for name in names]
    return ", ".join([*told[:_TOLD], f"and {len(told) - _TOLD} more"] if len(told) > _TOLD else told)
