"""What a training says while it runs: a row for each epoch, and on a terminal a bar with what its batches give."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from archspec.training.job import Job
    from archspec.training.loop import Epoch, Progress
    from archspec.training.stages import Stage

_COLUMNS = (8, 12, 10, 12, 10, 11, 10)  # wide; with the mark of the best, 79 of a terminal's 80
_HEAD = ("epoch", "train loss", "accuracy", "validation", "accuracy", "rate", "time")
_BEST = "  best"
_LOOK_S = 0.1  # between two looks at the losses, for which a GPU has to be waited for


class Rows:
    """Rows of at most 80 columns on a stream, which is all there is where nobody looks on; on no stream, nothing."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._job: Job | None = None
        self._stage: Stage | None = None

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the stream as it was."""

    def begin(self, job: Job, done: int) -> None:
        """A job begins to train, of which so many epochs are done already."""
        self._job = job

    def batch(self, progress: Progress) -> None:
        """A batch is done."""
        assert self._job is not None
        stage = self._job.stage_of(progress.epoch)
        if stage is not self._stage:
            self._stage = stage
            self.say(about_stage(stage, self._job))
            self.say(row(_HEAD))

    def epoch(self, epoch: Epoch, is_best: bool) -> None:
        """An epoch is done, and kept."""
        assert self._job is not None
        self.say(row(cells_of(epoch, self._job.epochs)) + (_BEST if is_best else ""))

    def say(self, line: str) -> None:
        if self._stream is not None:
            print(line, file=self._stream, flush=True)


class Bar(Rows):
    """Rows on a terminal, and below them a bar for the epoch that runs."""

    def __init__(self, stream: TextIO, color: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Live

        super().__init__(stream)
        self._console = Console(file=stream, no_color=not color, highlight=False)
        columns = TextColumn("{task.description}"), BarColumn(bar_width=None), TextColumn("{task.fields[told]}")
        self._live = Live(*columns, console=self._console, auto_refresh=False, transient=True, expand=True)
        self._task = self._live.add_task("", visible=False, told="")
        self._begun: tuple[float, float] | None = None
        self._epoch_started = self._looked = 0.0

    def __enter__(self) -> Bar:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def begin(self, job: Job, done: int) -> None:
        super().begin(job, done)
        self._epoch_started = time.monotonic()

    def batch(self, progress: Progress) -> None:
        super().batch(progress)
        now = time.monotonic()
        if now - self._looked < _LOOK_S:
            return
        assert self._job is not None
        self._looked = now
        score, epochs = progress.running.score(), self._job.epochs
        rate = score.images / (now - self._epoch_started)
        left = self._left(now, progress.epoch - 1 + progress.batch / progress.batches, epochs)
        told = f"loss {_loss(score.loss)}  {_percent(score.accuracy)}  {rate:,.0f} images/s{left}"
        shown: dict[str, Any] = {"completed": progress.batch, "total": progress.batches, "visible": True, "told": told}
        self._live.update(self._task, description=f"epoch {progress.epoch}/{epochs}", refresh=True, **shown)

    def _left(self, now: float, trained: float, epochs: int) -> str:
        """The time that is left, by what epochs took since the first look: what was before that is slow to begin."""
        if self._begun is None:
            self._begun = now, trained
            return ""
        then, before = self._begun
        return f"  {duration((now - then) * (epochs - trained) / (trained - before))} left"

    def epoch(self, epoch: Epoch, is_best: bool) -> None:
        self._live.update(self._task, visible=False)
        super().epoch(epoch, is_best)
        self._epoch_started = time.monotonic()

    def say(self, line: str) -> None:
        from rich.text import Text

        self._console.print(Text(line, "bold" if line.endswith(_BEST) else ""), soft_wrap=True)


def rows_on(stream: TextIO | None, color: bool = False) -> Rows:
    """Rows on a stream, with a bar where it is a terminal that can show one."""
    if stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb":
        return Bar(stream, color)
    return Rows(stream)


def about_stage(stage: Stage, job: Job) -> str:
    """What a stage trains: `stage 1 of 2, epochs 1 to 5: 5,130 of 23,528,522 parameters (fc)`."""
    sizes = {key: parameter.numel() for key, parameter in job.module.named_parameters()}
    trained, all_ = sum(sizes[key] for key in stage.rates), sum(sizes.values())
    which = f"all {all_:,} parameters" if trained == all_ else f"{trained:,} of {all_:,} parameters"
    globs = "" if trained == all_ else f" ({', '.join(stage.phase.train)})"
    epochs = f"epochs {stage.first} to {stage.last}" if stage.epochs > 1 else f"epoch {stage.first}"
    number = f"stage {stage.number} of {len(job.stages)}, " if len(job.stages) > 1 else ""
    return f"{number}{epochs}: {which}{globs}"


def row(cells: Sequence[str]) -> str:
    """Cells below each other, aligned on the right."""
    return "".join(cell.rjust(width) for cell, width in zip(cells, _COLUMNS, strict=True))


def cells_of(epoch: Epoch, epochs: int) -> tuple[str, ...]:
    """An epoch as a row tells of it."""
    return (
        f"{epoch.number}/{epochs}",
        _loss(epoch.loss),
        _percent(epoch.accuracy),
        "-" if epoch.validation_loss is None else _loss(epoch.validation_loss),
        "-" if epoch.validation_accuracy is None else _percent(epoch.validation_accuracy),
        f"{epoch.lr:.2e}",
        duration(epoch.seconds),
    )


def _loss(value: float) -> str:
    """As wide as a column takes it, also where a training runs away."""
    return f"{value:.4f}" if value < 1e4 else f"{value:.2e}"


def _percent(portion: float) -> str:
    return f"{100 * portion:.2f} %"


def duration(seconds: float) -> str:
    """`1.2 s`, `42 s`, `3:07 min`, `2:05 h`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"
