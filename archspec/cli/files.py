"""Where commands write."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from archspec.staging import require_place, require_unread

Path_ = str | os.PathLike[str]


def require_places(*paths: Path_ | None, read: Iterable[Path_ | None] = ()) -> None:
    """Tell before a long run that a result has no place, or would overwrite what is `read`. Raises OSError."""
    places = [path for path in paths if path is not None]
    for path in places:
        require_place(path)
    require_unread(places, [path for path in read if path is not None])


def require_folder(path: Path_ | None) -> None:
    """Tell before a long run that a folder can't be made, or written in. Raises OSError."""
    if path is None:
        return
    place = next(each for each in (Path(path).absolute(), *Path(path).absolute().parents) if each.exists())
    if not place.is_dir():
        raise NotADirectoryError(f"{place} is not a directory")
    if not os.access(place, os.W_OK):
        raise PermissionError(f"the directory {place} cannot be written to")
