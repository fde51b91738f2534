"""Where commands write, and how what is no ONNX file gets there: whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def require_places(*paths: str | Path | None) -> None:
    """Tell at once, before a long run, that a result has no place. Raises OSError."""
    for path in [Path(name) for name in paths if name is not None]:
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a directory")
        if path.exists() and not path.is_file():  # a pipe or a device is written to as it is
            continue
        if not path.parent.is_dir():
            raise FileNotFoundError(f"there is no directory {path.parent}")
        if not os.access(path.parent, os.W_OK):
            raise PermissionError(f"the directory {path.parent} cannot be written to")


def replace(path: Path, data: bytes) -> None:
    """Write a file aside, then put it in its place, so that nobody sees half of it. Raises OSError."""
    if path.exists() and not path.is_file():  # a pipe or a device cannot be replaced
        path.write_bytes(data)
        return
    target = Path(os.path.realpath(path))
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        aside = Path(folder) / target.name
        aside.write_bytes(data)
        if target.exists():
            aside.chmod(target.stat().st_mode & 0o7777)
        aside.replace(target)
