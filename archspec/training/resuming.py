"""A run that goes on: from its own folder alone, and as what it was."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from archspec.architecture import Architecture
from archspec.diagnostics import Diagnostics, SpecError
from archspec.recipes import Written, read_recipe
from archspec.training import TrainingError
from archspec.training.checkpoints import Checkpoint, read_last, spec_of
from archspec.training.folder import RunFolder, leads
from archspec.training.job import prepare
from archspec.training.keeping import Keeper
from archspec.training.progress import Rows
from archspec.training.run import Result, carry_out
from archspec.training.sameness import (
    FREE,
    require_extendable,
    require_same_data,
    require_same_network,
    require_same_recipe,
)
from archspec.training.scores import Score


def resume(
    place: Path,
    device: str,
    rows: Rows,
    *,
    asked: Written | None = None,
    overrides: Mapping[str, object] | None = None,
    command: Sequence[str] = (),
) -> Result:
    """Go on with a run from its last epoch; gives the result of one that is finished already.

    `asked`: a recipe that has to be the run's own. `overrides`, of the run's recipe, may say `data.workers`, and
    `epochs`, where those that are done stay what they are.

    Raises TrainingError for a folder that is no run, or whose recipe, network or data have changed, and what
    `archspec.training.run.train` raises.
    """
    _require_free(overrides or {})
    folder = RunFolder(place)
    if not folder.recipe.is_file():
        raise TrainingError(f"{place} is no run: there is no {folder.recipe}")
    with folder.held() if leads() else nullcontext():
        checkpoint = read_last(folder.last)
        written = _read(folder, overrides or {})
        recipe, done = written.recipe, len(checkpoint.epochs)
        require_same_recipe(recipe, checkpoint.recipe, f"{folder.recipe} has changed since the training began")
        if recipe.epochs != checkpoint.recipe.epochs:
            require_extendable(recipe, recipe.epochs or 0, done)
        spec = _same_network(folder, asked)
        if asked is not None:
            require_same_recipe(asked.recipe, checkpoint.recipe, f"{place} is a run of another recipe")
        if (result := _finished(folder, checkpoint, sum(phase.epochs for phase in recipe.plan))) is not None:
            rows.say(f"{place} is finished")
            return result
        model = {"target": os.path.abspath(folder.last), "plugins": recipe.model.plugins}
        job = prepare(_read(folder, {**(overrides or {}), "model": model}), device)
        require_same_data(job.data.facts, checkpoint.data)
        keeper = Keeper(folder, job, recipe, spec, command) if leads() else None
        return carry_out(job, keeper, checkpoint, rows)


def _require_free(overrides: Mapping[str, object]) -> None:
    if others := [key for key in overrides if key not in FREE]:
        raise TrainingError(f"a run goes on as what it was: `{others[0]}` belongs to a new one")


def _read(folder: RunFolder, overrides: Mapping[str, object]) -> Written:
    diagnostics = Diagnostics()
    written = read_recipe(os.path.abspath(folder.recipe), diagnostics, overrides)
    if written is None:
        raise SpecError(diagnostics)
    return written


def _same_network(folder: RunFolder, asked: Written | None) -> str:
    """The flat spec of what goes on: that of the best epoch too, and of the network that is asked for."""
    last = spec_of(folder.last)
    if last is None:
        raise TrainingError(f"there is no {folder.last}/model.yaml, with which a training would go on")
    best = spec_of(folder.path)
    if best is not None:
        require_same_network(best, last, f"{folder}/model.yaml")
    if asked is not None:
        architecture = Architecture(asked.request)
        require_same_network(architecture.expand(settled=True), last, f"`{architecture.name}`")
    return last


def _finished(folder: RunFolder, checkpoint: Checkpoint, epochs: int) -> Result | None:
    """The result of a run that has nothing left to do."""
    about = folder.told()
    if not about.get("finished") or len(checkpoint.epochs) < epochs:
        return None
    best = next(epoch for epoch in checkpoint.epochs if epoch.number == about["best"])
    test = about["results"].get("test")
    return Result(folder.path, checkpoint.epochs, best, Score(**test) if test else None)
