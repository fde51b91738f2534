"""Training, as Python asks for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from archspec.diagnostics import Diagnostics, SpecError

if TYPE_CHECKING:
    from archspec.training.run import Result

    Path_ = str | os.PathLike[str]


def require_libraries() -> None:
    """Raise ExtraError where one that training needs is not installed."""
    from archspec.data.extra import require

    for library in ("accelerate", "matplotlib", "tensorboard"):
        require(library)


def train(
    recipe: Path_ | None = None,
    folder: Path_ | None = None,
    *,
    resume: Path_ | None = None,
    device: str = "auto",
    overrides: Mapping[str, object] | None = None,
    stream: TextIO | None = None,
) -> Result:
    """Train by a recipe, a file or a shipped one by its name, into a new folder (by default `runs/NAME-<n>`); or go on
    with the run in the folder `resume`. Gives the folder, which `build` takes, the epochs, the best of them, and how
    good that is on the test images.

    `overrides` are values in place of the recipe's, by dotted keys: `{"epochs": 3, "optimizer.lr": 0.1}`; of a run that
    goes on, `epochs` and `data.workers` alone. `stream` takes the rows that the command prints. What a stopped training
    has finished is kept, also after an interrupt.

    Raises SpecError, TrainingError, DataError, WeightsError, DeviceError, ExtraError and OSError; TypeError where there
    is nothing to train.
    """
    require_libraries()
    from archspec.recipes import read_recipe
    from archspec.training.folder import leads
    from archspec.training.job import prepare
    from archspec.training.progress import rows_on
    from archspec.training.resuming import resume as go_on
    from archspec.training.run import train as train_job

    rows = rows_on(stream if leads() else None)
    if resume is not None:
        if recipe is not None or folder is not None:
            raise TypeError("`resume` is a run, which has its recipe and its folder: leave the others out")
        return go_on(Path(resume), device, rows, overrides=overrides)
    if recipe is None:
        raise TypeError("a recipe, or `resume`, says what to train")
    diagnostics = Diagnostics()
    written = read_recipe(recipe, diagnostics, overrides)
    if written is None:
        raise SpecError(diagnostics)
    return train_job(prepare(written, device), None if folder is None else Path(folder), rows)
