"""The files of a folder that hold inputs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ARRAY = ".npy"
IMAGES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


class SamplesError(Exception):
    """Inputs can't be read, or don't suit the network; the message names the file."""


def files_of(folder: str | os.PathLike[str]) -> list[Path]:
    """The images and arrays in a folder and those below it, by name. Raises SamplesError for a folder without any and
    for any other file, since leaving it out would be a guess; hidden files are none. OSError for what is no folder."""
    found = files_below(folder)
    if not found:
        raise SamplesError(f"{folder} is empty: images or .npy files are expected there")
    for path in found:
        if path.suffix.lower() not in (ARRAY, *IMAGES):
            raise SamplesError(f"{path} is neither an image ({', '.join(IMAGES)}) nor an array ({ARRAY})")
    return found


def files_below(folder: str | os.PathLike[str]) -> list[Path]:
    """All files in a folder and those below it, by name, but for hidden ones; links are followed. Raises SamplesError
    for a folder that is come to twice, through links, for a link to nothing, and for pipes and the like; OSError for
    what is no folder."""
    return sorted(map(Path, _below(os.fspath(folder), {})))


def _below(folder: str, seen: dict[str, str]) -> Iterator[str]:
    known = seen.setdefault(os.path.realpath(folder), folder)
    if known is not folder:
        raise SamplesError(f"{folder} and {known} are the same folder: its files would be there twice")
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from _below(entry.path, seen)
            elif entry.is_file():
                yield entry.path
            else:
                what = "a link to nothing" if entry.is_symlink() else "neither a file nor a folder"
                raise SamplesError(f"{entry.path} is {what}")
