"""The files of a folder that hold inputs."""

from __future__ import annotations

import os
from pathlib import Path

ARRAY = ".npy"
IMAGES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


class SamplesError(Exception):
    """Inputs can't be read, or don't suit the network; the message names the file."""


def files_of(folder: str | os.PathLike[str]) -> list[Path]:
    """The images and arrays in a folder and those below it, by name. Raises SamplesError for a folder without any and
    for any other file, since leaving it out would be a guess; hidden files are none. OSError for what is no folder."""
    os.scandir(folder).close()
    root = Path(folder)
    found = sorted(path for path in root.rglob("*") if path.is_file() and not _hidden(path.relative_to(root)))
    if not found:
        raise SamplesError(f"{folder} is empty: images or .npy files are expected there")
    for path in found:
        if path.suffix.lower() not in (ARRAY, *IMAGES):
            raise SamplesError(f"{path} is neither an image ({', '.join(IMAGES)}) nor an array ({ARRAY})")
    return found


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
