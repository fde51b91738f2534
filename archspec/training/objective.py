"""What training makes small: cross entropy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from archspec.graph import Graph, Output
from archspec.recipes.recipe import Loss


class Outcome(NamedTuple):
    """What comes of a batch: the loss that is trained on, and how many images were classified rightly, both on the
    device."""

    loss: Tensor
    correct: Tensor


class Objective(nn.Module):
    """A network together with its loss: from images [N, C, H, W] and targets, which are classes [N] or probabilities
    [N, classes], to an Outcome.

    Outputs of the same shape that it has in training alone (GoogLeNet's auxiliary classifiers) add their own loss,
    times the recipe's `auxiliary` (0.3 in Szegedy et al., Going deeper with convolutions, section 5).
    """

    def __init__(self, module: nn.Module, graph: Graph, loss: Loss) -> None:
        super().__init__()
        self.module = module
        self._loss = loss
        main = main_output(graph)
        self._main = main.name
        self._auxiliary = [
            output.name
            for output in graph.outputs
            if output.training and output.value.type.shape == main.value.type.shape
        ]

    def forward(self, images: Tensor, targets: Tensor) -> Outcome:
        given = self.module(images)
        logits = output_named(self._main, given)
        loss = self._cross_entropy(logits, targets)
        for name in self._auxiliary:
            loss = loss + self._loss.auxiliary * self._cross_entropy(output_named(name, given), targets)
        return Outcome(loss, correct(logits, targets))

    def _cross_entropy(self, logits: Tensor, targets: Tensor) -> Tensor:
        return cross_entropy(logits, targets, label_smoothing=self._loss.label_smoothing)


def main_output(graph: Graph) -> Output:
    """What a network says of classes: the first of its outputs that is not for training alone."""
    return next(output for output in graph.outputs if not output.training)


def output_named(name: str, given: Tensor | Mapping[str, Tensor]) -> Tensor:
    """One of the outputs that a network has given; where it gives one alone, that is it."""
    return given if isinstance(given, Tensor) else given[name]


def correct(logits: Tensor, targets: Tensor) -> Tensor:
    """How many rows of logits [N, classes] are highest at their target; of a mixture, at the greater part."""
    with torch.no_grad():
        classes = targets.argmax(dim=1) if targets.ndim == 2 else targets
        return (logits.argmax(dim=1) == classes).sum()
