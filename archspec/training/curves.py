"""The curves of a run as a picture: losses, accuracies and the learning rate, over the epochs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from archspec.training.loop import Epoch

_TRAIN, _VALIDATION, _RATE = "#1f77b4", "#d95f02", "#444444"
_FAR_APART = 10  # where stages' rates differ by as much, a linear scale would hide one of them


def draw(epochs: Sequence[Epoch], title: str, best: int | None) -> bytes:
    """A PNG of at least one epoch; `best` is the number of the epoch whose weights were kept."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    figure = Figure(figsize=(8, 9), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    loss, accuracy, rate = figure.subplots(3, sharex=True, height_ratios=[3, 3, 2])
    numbers = [epoch.number for epoch in epochs]
    _pair(loss, numbers, [epoch.loss for epoch in epochs], [epoch.validation_loss for epoch in epochs])
    _pair(accuracy, numbers, [each.accuracy for each in epochs], [each.validation_accuracy for each in epochs])
    for stage in dict.fromkeys(epoch.stage for epoch in epochs):
        rates = {epoch.number: epoch.lr for epoch in epochs if epoch.stage == stage}
        rate.plot(list(rates), list(rates.values()), color=_RATE, marker=_marker(numbers), markersize=3)
    if _far_apart(epochs):
        rate.set_yscale("log")
    else:
        rate.set_ylim(bottom=0)
    loss.set_ylabel("loss")
    accuracy.set_ylabel("accuracy")
    accuracy.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    rate.set_ylabel("learning rate")
    rate.set_xlabel("epoch")
    rate.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    rate.set_xlim(numbers[0] - 0.5, numbers[-1] + 0.5)
    for axes in (loss, accuracy, rate):
        axes.grid(alpha=0.3)
        _mark(axes, epochs, best)
    for epoch in _beginning(epochs):  # above the frame, where no curve goes
        place = (epoch.number - 0.5, 1.01)
        loss.annotate(f"stage {epoch.stage}", place, xycoords=("data", "axes fraction"), fontsize=9)
    loss.legend(loc="best")
    figure.suptitle(title)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _pair(axes: Axes, numbers: Sequence[int], train: Sequence[float], validation: Sequence[float | None]) -> None:
    axes.plot(numbers, train, color=_TRAIN, marker=_marker(numbers), markersize=3, label="train")
    known = [(number, value) for number, value in zip(numbers, validation, strict=True) if value is not None]
    if known:
        marker = _marker(numbers)
        axes.plot(*zip(*known, strict=True), color=_VALIDATION, marker=marker, markersize=3, label="validation")


def _marker(numbers: Sequence[int]) -> str:
    """Points, while they can be told apart: a line of one epoch would not be seen."""
    return "o" if len(numbers) <= 40 else ""


def _mark(axes: Axes, epochs: Sequence[Epoch], best: int | None) -> None:
    """Where stages begin, and which epoch was kept."""
    for epoch in _beginning(epochs):
        axes.axvline(epoch.number - 0.5, color="black", linewidth=1, linestyle="--")
    if best is not None:
        axes.axvline(best, color=_VALIDATION, linewidth=1, linestyle=":", label=f"best: epoch {best}")


def _beginning(epochs: Sequence[Epoch]) -> list[Epoch]:
    """The epochs with which a stage begins, but for the first."""
    return [epoch for before, epoch in pairwise(epochs) if epoch.stage != before.stage]


def _far_apart(epochs: Sequence[Epoch]) -> bool:
    """Whether the highest rates of two stages would not be seen on one linear scale."""
    highest: dict[int, float] = {}
    for epoch in epochs:
        highest[epoch.stage] = max(epoch.lr, highest.get(epoch.stage, 0.0))
    return max(highest.values()) >= _FAR_APART * min(highest.values()) and min(highest.values()) > 0
