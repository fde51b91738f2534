"""A run: a training whose epochs are kept in a folder as they come, and that goes on from there whatever stopped it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from archspec.backends.spec import ExpandError
from archspec.data import DataError
from archspec.training import Diverged, TrainingError
from archspec.training.checkpoints import Checkpoint
from archspec.training.folder import leads, new_folder
from archspec.training.job import Job
from archspec.training.keeping import Keeper
from archspec.training.loop import Epoch, Training
from archspec.training.progress import Rows
from archspec.training.scores import Score


class Result(NamedTuple):
    """What a run has come to. `folder` is a saved network: that of the epoch `best`."""

    folder: Path
    epochs: tuple[Epoch, ...]
    best: Epoch
    test: Score | None

    def lines(self) -> list[str]:
        """What has come of it, for people."""
        best, found = self.best, []
        if best.validation_accuracy is not None:
            found.append(f"validation {100 * best.validation_accuracy:.2f} %")
        if self.test is not None:
            found.append(f"test {100 * self.test.accuracy:.2f} % ({self.test.images:,} images)")
        scores = f": {', '.join(found)}" if found else ""
        return [
            f"best of {len(self.epochs)} epoch{'s' if len(self.epochs) > 1 else ''} is {best.number}{scores}",
            f"{self.folder} holds its network, curves.png, history.csv, events/",
        ]


class Stopped(TrainingError):
    """A training that something stopped: the message says what, and what is kept."""


def train(job: Job, place: Path | None, rows: Rows, command: Sequence[str] = ()) -> Result:
    """Train a job in a new folder: `place`, or the next `runs/NAME-<n>`.

    Raises TrainingError for a place that holds anything or a network that cannot be saved, OSError for a place that
    cannot be written, and Stopped for all that happens once it trains.
    """
    spec = _spec_of(job)
    if not leads():
        return carry_out(job, None, None, rows)
    folder = new_folder(place, job.recipe.name or job.architecture.name)
    with folder.held():
        return carry_out(job, Keeper(folder, job, job.recipe, spec, command), None, rows)


def _spec_of(job: Job) -> str:
    """The network as a flat spec. Raises TrainingError for one that cannot be saved so."""
    try:
        return job.architecture.expand(settled=True)
    except ExpandError as error:
        raise TrainingError(f"`{job.architecture.name}` cannot be saved as a flat spec: {error}") from error


def carry_out(job: Job, keeper: Keeper | None, before: Checkpoint | None, rows: Rows) -> Result:
    """Train what is left, keep each epoch, and test the best. Without a keeper, this process only works along."""
    training = Training(job, rows.batch)
    if before is not None:
        training.restore(before.state)
    epochs = list(before.epochs) if before is not None else []
    with rows, _told(training, keeper, rows):
        rows.begin(job, len(epochs))
        if keeper:
            keeper.begin(training, epochs)
        for epoch in training.epochs():
            epochs.append(epoch)
            if keeper:
                keeper.keep(training, epochs)
            rows.epoch(epoch, training.best is epoch)
        test = training.test(_best(training, keeper)) if len(job.data.test) else None
        if keeper:
            keeper.finish(epochs, test)
    assert training.best is not None
    return Result(keeper.folder.path if keeper else Path(), tuple(epochs), training.best, test)


def _best(training: Training, keeper: Keeper | None) -> Mapping[str, Tensor]:
    """The weights of the best epoch, which one process alone has kept."""
    accelerator = training.job.accelerator
    kept = keeper.weights() if keeper else training.network.state_dict()
    if accelerator.num_processes == 1:
        return kept
    from accelerate.utils import broadcast

    found: dict[str, Tensor] = broadcast({key: kept[key].to(accelerator.device) for key in sorted(kept)})
    return found


@contextmanager
def _told(training: Training, keeper: Keeper | None, rows: Rows) -> Iterator[None]:
    """Say what is kept, whatever stops a training."""
    try:
        yield
    except Diverged as error:
        way = "a lower learning rate, a warm-up or `clip_norm` may keep it finite"
        raise Stopped(f"{error}: {way}{_kept(training, keeper)}") from error
    except (DataError, TrainingError, OSError) as error:
        raise Stopped(f"{_reason(error)}{_kept(training, keeper)}{_way_on(keeper)}") from error
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        reason = "a process that reads images has died, perhaps for want of memory: `--workers 0` does without"
        raise Stopped(f"{reason}{_kept(training, keeper)}{_way_on(keeper)}") from error
    except (KeyboardInterrupt, SystemExit):
        rows.say(f"stopped{_kept(training, keeper)}{_way_on(keeper)}")
        raise


def _kept(training: Training, keeper: Keeper | None) -> str:
    """What a stopped training leaves, where this process keeps it."""
    if keeper is None:
        return ""
    if not keeper.done:
        return "; no epoch was finished"
    best = f", of which {keeper.best.number} is the best" if keeper.best else ""
    return f"; {keeper.done} of {training.job.epochs} epochs are kept in {keeper.folder}{best}"


def _way_on(keeper: Keeper | None) -> str:
    if keeper is None or not keeper.folder.last.is_dir():
        return ""
    return f"; `archspec train --resume {keeper.folder}` goes on"


def _reason(error: Exception) -> str:
    """What is wrong; what the system says, of the file that it says it of."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
