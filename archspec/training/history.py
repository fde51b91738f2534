"""The epochs of a run as a table: `history.csv`, one row for each."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archspec.training.loop import Epoch

_COLUMNS = (
    "stage",
    "loss",
    "accuracy",
    "validation_loss",
    "validation_accuracy",
    "lr",
    "seconds",
    "images_per_second",
)


def as_csv(epochs: Sequence[Epoch]) -> str:
    """Losses and the learning rate with all their digits, accuracies from 0 to 1."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", *_COLUMNS])
    writer.writerows([epoch.number, *(getattr(epoch, name) for name in _COLUMNS)] for epoch in epochs)
    return text.getvalue()
