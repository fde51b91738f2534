"""Vectors batch by batch, gathered in memory or in a file: an array of NumPy, and a table that says whose each is."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from archspec.prediction import PredictionError
from archspec.staging import require_place, staged

SUFFIX, TABLE = ".npy", ".csv"
_HEAD = ["row", "file", "layer", "shape"]


class Rows(NamedTuple):
    """The vectors of one batch, float32 [images, numbers], with their files; `shape` is what each was before."""

    files: list[Path]
    vectors: np.ndarray
    shape: tuple[int, ...]


class Gathered(NamedTuple):
    """All of them."""

    vectors: np.ndarray
    files: list[str]
    shape: tuple[int, ...]


def stacked(batches: Iterable[Rows]) -> Gathered:
    """In memory. There has to be one batch at least."""
    parts = list(batches)
    files = [str(file) for part in parts for file in part.files]
    return Gathered(np.concatenate([part.vectors for part in parts]), files, parts[0].shape)


def require_vectors(path: Path) -> None:
    """Raise OSError where vectors or their table have no place, and PredictionError for a name that is no array's, or
    where the table would replace one that is not of vectors."""
    if path.suffix != SUFFIX:
        raise PredictionError(f"vectors are written as an array of NumPy: {path.name} has to end in {SUFFIX}")
    table = path.with_suffix(TABLE)
    require_place(path)
    require_place(table)
    if table.exists() and not table.read_bytes().startswith(",".join(_HEAD).encode()):
        raise PredictionError(f"{table} is there, and no table of vectors: choose another name than {path.name}")


def written(batches: Iterable[Rows], path: Path, layer: str) -> Gathered:
    """On the disk, both files or none; the vectors are then read from there."""
    files: list[str] = []
    shape: tuple[int, ...] = ()
    with staged(path) as aside, aside.with_suffix(TABLE).open("w", encoding="utf-8", errors="backslashreplace") as text:
        table = csv.writer(text, lineterminator="\n")
        table.writerow(_HEAD)
        with aside.open("wb") as file:
            for batch in batches:
                shape = batch.shape
                if not files:
                    _write_header(file, 0, batch.vectors.shape[1])
                told = layer, "x".join(map(str, shape))
                table.writerows([row, name, *told] for row, name in enumerate(batch.files, len(files)))
                files += map(str, batch.files)
                file.write(batch.vectors.astype("<f4", copy=False).tobytes())
            file.seek(0)
            _write_header(file, len(files), batch.vectors.shape[1])
    return Gathered(np.load(path, mmap_mode="r"), files, shape)


def _write_header(file: Any, rows: int, numbers: int) -> None:
    """NumPy leaves room in it for any number of rows, so that it may be written again when that is known."""
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (rows, numbers)})
