"""From what a network gives to the most likely classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from torch import Tensor

from archspec.parity.ports import Port
from archspec.prediction import PredictionError


class Ranked(NamedTuple):
    """The most likely classes of some images, [images, k] each, the likeliest first."""

    probabilities: Tensor
    classes: Tensor  # int64

    def first(self, images: int) -> Ranked:
        """Those of the first images."""
        return Ranked(self.probabilities[:images], self.classes[:images])


Rank: TypeAlias = Callable[[Tensor], Ranked]
"""What a network makes of a batch of images."""


def ranked(scores: Tensor, k: int, *, probable: bool) -> Ranked:
    """The `k` likeliest of [images, classes], or all if there are fewer; of equal ones the first. Scores are logits,
    unless they are `probable`: probabilities as they are."""
    probabilities = scores.float() if probable else scores.float().softmax(1)
    found = probabilities.sort(dim=1, descending=True, stable=True)
    return Ranked(found.values[:, :k], found.indices[:, :k])


def require_classes(name: str, output: Port, picked: bool = False) -> None:
    """Raise PredictionError for an output that does not tell the classes of an image, [images, classes]; `picked`: the
    greatest of them, as a `topk` head gives them. What a file does not tell may be so."""
    shape = output.shape or (None, None)
    if len(shape) == 4:
        raise PredictionError(f"{name} gives a map, and not the classes of an image: {output}")
    if len(shape) != 2 or "float" not in output.kind:
        raise PredictionError(f"{name} gives no scores of classes, but {output}")
    if shape[1] == 1 and not picked:
        raise PredictionError(f"{name} gives one number for each image, which tells no two classes apart: {output}")
