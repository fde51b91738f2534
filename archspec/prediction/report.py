"""What was predicted, for people, for programs and for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from archspec.render import cells, printable
from archspec.render.services import ascii_json

_HEAD = ("file", "class", "probability")
_GAP = "  "
_CUT = "..."
_LEAST = 20  # columns for a file's name and for a class, however narrow the terminal is
_DIGITS = 6  # what rounding in float32 leaves of a probability


@dataclass(frozen=True, slots=True)
class Guess:
    """A class that an image may be of: its number, its name where the weights tell one, and how probable it is."""

    index: int
    probability: float
    name: str = ""

    @property
    def label(self) -> str:
        """The name, else the number."""
        return self.name or str(self.index)


@dataclass(frozen=True, slots=True)
class Prediction:
    """The most probable classes of an image, the first one first."""

    file: str
    guesses: tuple[Guess, ...]


@dataclass(frozen=True, slots=True)
class Predictions:
    """Those of all images, in their order; which could not be read, and why; and what there is to know besides."""

    network: str
    weights: str
    images: tuple[Prediction, ...]
    unreadable: dict[str, str]
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self.images)

    def __len__(self) -> int:
        return len(self.images)

    def as_dict(self) -> dict[str, Any]:
        """The stable form for programs; docs/predict.md tells of it."""
        return {
            "network": self.network,
            "weights": self.weights,
            "images": [
                {
                    "file": image.file,
                    "predictions": [
                        {"class": each.label, "index": each.index, "probability": _rounded(each.probability)}
                        for each in image.guesses
                    ],
                }
                for image in self.images
            ],
            "unreadable": [{"file": file, "reason": reason} for file, reason in self.unreadable.items()],
        }

    def json(self) -> str:
        return ascii_json(self.as_dict())

    def csv(self) -> str:
        """A row for each image and rank."""
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(["file", "rank", "class", "index", "probability"])
        for image in self.images:
            for rank, each in enumerate(image.guesses, 1):
                rows.writerow([image.file, rank, each.label, each.index, _rounded(each.probability)])
        return text.getvalue().removesuffix("\n")

    def text(self, width: int = 80) -> str:
        """A table of so many columns: of a file that does not fit the end is shown, of a class the beginning."""
        rows = [
            (printable(image.file) if rank == 0 else "", printable(each.label), f"{each.probability:.4f}")
            for image in self.images
            for rank, each in enumerate(image.guesses)
        ]
        files, classes = (max(map(cells, column)) for column in list(zip(_HEAD, *rows, strict=True))[:2])
        left = width - len(_HEAD[-1]) - 2 * len(_GAP)
        if files + classes > left:
            classes = min(classes, max(left - min(files, left // 2), _LEAST))
            files = min(files, max(left - classes, _LEAST))
        return "\n".join(_row(row, files, classes) for row in (_HEAD, *rows))


def _row(row: Sequence[str], files: int, classes: int) -> str:
    file, class_, probability = row
    shown = (_padded(_end(file, files), files), _padded(_beginning(class_, classes), classes))
    return _GAP.join([*shown, probability.rjust(len(_HEAD[-1]))])


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cells(text))


def _beginning(text: str, width: int) -> str:
    if cells(text) <= width:
        return text
    while cells(text) > width - len(_CUT):
        text = text[:-1]
    return text + _CUT


def _end(text: str, width: int) -> str:
    if cells(text) <= width:
        return text
    while cells(text) > width - len(_CUT):
        text = text[1:]
    return _CUT + text


def _rounded(probability: float) -> float:
    return float(f"{probability:.{_DIGITS}g}")
