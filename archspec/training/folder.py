"""Where a run stands on the disk: its folder, which one process alone writes, and the files in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from archspec.training import TrainingError

RUNS = Path("runs")


class RunFolder:
    """The paths of a run. The folder itself is a network that was saved: the best checkpoint; `last` is another: that
    of the last epoch, with what the training goes on from."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last = path / "last"
        self.recipe = path / "recipe.yaml"
        self.about = path / "run.json"
        self.history = path / "history.csv"
        self.curves = path / "curves.png"
        self.events = path / "events"

    def __str__(self) -> str:
        return str(self.path)

    def told(self) -> dict[str, Any]:
        """What the run has written down of itself; nothing, while it has not. Raises TrainingError."""
        try:
            found: dict[str, Any] = json.loads(self.about.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise TrainingError(f"{self.about} is not what a training has written: {error}") from error
        return found

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from writing there until the block ends. Raises TrainingError where one does already,
        and OSError."""
        try:
            import fcntl
        except ImportError:  # a system without such locks
            yield
            return
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise TrainingError(f"{self} belongs to a training that is running: one at a time writes there") from None
        try:
            yield
        finally:
            os.close(descriptor)


def leads() -> bool:
    """Whether this process is the one that writes and prints, of those that a launcher has started."""
    return os.environ.get("RANK", "0") == "0"


def new_folder(place: Path | None, name: str) -> RunFolder:
    """A folder for a new run: `place`, or the next `runs/NAME-<n>` that nothing has. Raises TrainingError for a place
    that holds anything, and OSError."""
    if place is not None:
        _require_empty(place)
        place.mkdir(parents=True, exist_ok=True)
        return RunFolder(place)
    RUNS.mkdir(exist_ok=True)
    for number in count(1):
        place = RUNS / f"{name}-{number}"
        try:
            place.mkdir()
        except FileExistsError:
            continue
        break
    assert place is not None
    return RunFolder(place)


def require_new(place: Path | None) -> None:
    """Raise TrainingError or OSError, before anything is built, where no new run can be written."""
    if place is not None:
        _require_empty(place)
    wanted = (place if place is not None else RUNS).absolute()
    around = next(each for each in (wanted, *wanted.parents) if each.exists())
    if not around.is_dir():
        raise NotADirectoryError(f"{around} is not a directory")
    if not os.access(around, os.W_OK | os.X_OK):
        raise PermissionError(f"the directory {around} cannot be written to")


def _require_empty(place: Path) -> None:
    if place.is_dir() and any(place.iterdir()):
        run = RunFolder(place)
        way = f"`--resume {place}` goes on with it" if run.recipe.exists() else "it holds other files"
        raise TrainingError(f"{place} is not empty, and no run is overwritten: {way}; `-o` takes another folder")
