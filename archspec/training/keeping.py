"""Writes a run's folder, while its training goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from torch import Tensor

from archspec.recipes import Recipe, resolved
from archspec.staging import replace
from archspec.training.about import facts_of_job, facts_of_training
from archspec.training.checkpoints import Checkpoint, Saved, keep_best, keep_last, read_best
from archspec.training.curves import draw
from archspec.training.events import Events
from archspec.training.folder import RunFolder
from archspec.training.history import as_csv
from archspec.training.job import Job
from archspec.training.loop import Epoch, Training
from archspec.training.scores import Score
from archspec.weights.facts import Facts


class Keeper:
    """`recipe` is what the run was asked for, also where the job goes on from the run's own folder; `spec` is the
    network as a flat spec. `done` epochs are on the disk, with all that the training goes on from."""

    def __init__(self, folder: RunFolder, job: Job, recipe: Recipe, spec: str, command: Sequence[str]) -> None:
        self.folder = folder
        self.done = 0
        self.best: Epoch | None = None
        self._job = job
        self._recipe = recipe
        self._title = f"{job.architecture.name} trained on {job.data.name}"
        self._network = Saved(spec, Facts(job.data.preprocessing, classes=job.data.classes, title=self._title))
        self._about = facts_of_job(job, recipe, spec, resolved(recipe), command)
        self._events: Events | None = None

    def begin(self, training: Training, epochs: Sequence[Epoch]) -> None:
        """Write all there is before the first batch, or before the next one, of a training that goes on."""
        before = self.folder.told()
        self._about["started"] = before.get("started", datetime.now(UTC).isoformat(timespec="seconds"))
        self._about["resumed_after"] = [*before["resumed_after"], len(epochs)] if before else []
        replace(self.folder.recipe, resolved(self._recipe).encode())
        self._keep(training, epochs)
        self._events = Events(self.folder.events, len(epochs) + 1)
        self._events.add_text("recipe", f"```yaml\n{resolved(self._recipe)}```")

    def keep(self, training: Training, epochs: Sequence[Epoch]) -> None:
        """Write what there is after one more epoch. Its events come first: those of an epoch that is not kept after all
        are hidden by the run that goes on, while those of one that is kept would be missing for good."""
        assert self._events is not None
        self._events.add(_scalars(epochs[-1]), epochs[-1].number)
        self._keep(training, epochs)

    def weights(self) -> Mapping[str, Tensor]:
        """Those of the best epoch, as they were written."""
        return read_best(self.folder.path)

    def finish(self, epochs: Sequence[Epoch], test: Score | None) -> None:
        """Write what has come of it."""
        assert self._events is not None
        assert self.best is not None
        replace(self.folder.curves, draw(epochs, self._title, self.best.number))
        if test is not None:
            self._events.add({"accuracy/test": test.accuracy}, self.best.number)
        self._tell(epochs, test, finished=True)

    def _keep(self, training: Training, epochs: Sequence[Epoch]) -> None:
        """What `last` holds comes first: where the best network is not written any more, it can be had from there."""
        state, best = training.state(), training.best
        checkpoint = Checkpoint(state, tuple(epochs), self._recipe, self._job.data.facts)
        keep_last(self.folder.last, self._network, checkpoint)
        self.done = len(epochs)
        if best is not None and best.number == training.done:
            keep_best(self.folder.path, self._network, state.tensors.get("average", state.tensors["model"]))
        self.best = best
        replace(self.folder.history, as_csv(epochs).encode())
        self._tell(epochs, None, finished=False)

    def _tell(self, epochs: Sequence[Epoch], test: Score | None, finished: bool) -> None:
        told = {**self._about, **facts_of_training(epochs, self._job.epochs, self.best, test), "finished": finished}
        replace(self.folder.about, (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode())


def _scalars(epoch: Epoch) -> dict[str, float]:
    found = {
        "loss/train": epoch.loss,
        "loss/validation": epoch.validation_loss,
        "accuracy/train": epoch.accuracy,
        "accuracy/validation": epoch.validation_accuracy,
        "learning rate": epoch.lr,
        "images per second": epoch.images_per_second,
    }
    return {name: value for name, value in found.items() if value is not None}
