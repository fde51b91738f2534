"""Which image files are meant by words: files, and folders with all that lies below them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from archspec.prediction import PredictionError
from archspec.render import count
from archspec.samples.files import IMAGES, SamplesError, files_below

Path_ = str | os.PathLike[str]


class Found(NamedTuple):
    """The images, in the order of the words and in a folder by name; and what else lies in the folders, and is left
    out."""

    files: list[Path]
    others: list[Path]


def find_images(words: Iterable[Path_] | Path_) -> Found:
    """A file is an image whatever it is called; in a folder and those below it the names tell, hidden files aside.
    Raises FileNotFoundError for what is not there, and PredictionError for a folder without images, or with links that
    lead nowhere or in a circle, and for no word."""
    found = Found([], [])
    paths = [Path(word) for word in ([words] if isinstance(words, str | os.PathLike) else words)]
    if missing := next((path for path in paths if not path.exists()), None):
        raise FileNotFoundError(f"there is no file or folder {missing}")
    for path in paths:
        if path.is_dir():
            _look_into(path, found)
        else:
            found.files.append(path)
    if not paths:
        raise PredictionError("there is no image: name files, or folders of them")
    return found


def _look_into(folder: Path, found: Found) -> None:
    try:
        below = files_below(folder)
    except SamplesError as error:
        raise PredictionError(str(error)) from error
    images = [path for path in below if path.suffix.lower() in IMAGES]
    if not images:
        others = f", but {count(len(below), 'other file')}" if below else ""
        raise PredictionError(f"{folder} holds no image ({', '.join(IMAGES)}){others}")
    found.files.extend(images)
    found.others.extend(path for path in below if path.suffix.lower() not in IMAGES)
