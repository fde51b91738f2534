"""Each layer by itself, on the values that the file computed for its inputs.

That keeps layers apart. What arrives wrong at a layer is no fault of that layer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from archspec.backends.torch import run_values
from archspec.graph import Graph, Node, Value
from archspec.parity.forensics.dissection import Dissection
from archspec.parity.measure import Array, relative
from archspec.parity.runs import doubled, evaluating

Tensors: TypeAlias = Mapping[str, Tensor]
"""Values of a graph by name."""

_LEAST = {"fp32": 2.0**-23, "fp16": 2.0**-10}  # an error that is none, by the precision of the file
_TIMES = 4.0  # as much as the other side's error is rounding
_REFUSALS = (RuntimeError, ValueError, IndexError)  # of torch, over what arrives wrong at a layer
_SHARE = 0.1  # of the worst layer's excess; what has less is rounding


class Trial(NamedTuple):
    """One layer in the file and in torch, on the same inputs: how far either is from float64, as relative L2."""

    layer: Node
    file: float
    torch: float
    least: float  # an error counts as this at least: in a single layer it may well be 0

    @property
    def excess(self) -> float:
        """The file's error as a multiple of torch's."""
        return self.file / max(self.torch, self.least)

    @property
    def torch_excess(self) -> float:
        """Torch's error as a multiple of the file's."""
        return self.torch / max(self.file, self.least)


class Trials(NamedTuple):
    """The layers at which the file and torch are further apart than rounding alone would have them, in order; and all
    values that layers read and give: in the file, or else in torch."""

    trials: Sequence[Trial]
    values: Tensors

    def culprit(self) -> Trial | None:
        """The first layer at which the file is off beyond rounding."""
        worst = max((trial.excess for trial in self.trials), default=0.0)
        if worst <= _TIMES:
            return None
        return next(trial for trial in self.trials if trial.excess >= _SHARE * worst)

    def inexact(self) -> Trial | None:
        """The layer at which torch in float32 is furthest off, if that is beyond rounding."""
        worst = max(self.trials, key=lambda trial: trial.torch_excess, default=None)
        return worst if worst is not None and worst.torch_excess > _TIMES else None


def try_layers(graph: Graph, module: nn.Module, dissection: Dissection, inputs: Sequence[Tensor]) -> Trials:
    """Try each layer that the file has; what it doesn't have, a Dropout say, is computed by torch. Ends at a layer
    that torch can't compute, because it is given another shape."""
    double: nn.Module | None = None
    values = {value.name: tensor.cpu() for value, tensor in zip(graph.inputs, inputs, strict=True)}
    trials: list[Trial] = []
    least = _LEAST[dissection.precision]
    for layer in graph.nodes:
        if layer.training_only:
            continue
        known = {value.name: values[value.name] for value in (*graph.inputs, *layer.inputs)}
        try:
            expected = run_alone(graph, layer, module, known)
        except _REFUSALS:
            break
        found = {value.name: array for value, array in dissection.found(layer).items()}
        if _apart(found, expected) > _TIMES * least:
            double = double or evaluating(module, "cpu", torch.float64)
            exact = run_alone(graph, layer, double, {name: doubled(tensor) for name, tensor in known.items()})
            single = {name: expected[name].numpy() for name in found}
            trials.append(Trial(layer, _apart(found, exact), _apart(single, exact), least))
        values |= expected
        values |= {value.name: _tensor(array, value) for value, array in dissection.found(layer).items()}
    return Trials(trials, values)


def _apart(found: Mapping[str, Array], reference: Tensors) -> float:
    return max((distance(array, reference[name].numpy()) for name, array in found.items()), default=0.0)


def run_alone(graph: Graph, layer: Node, module: nn.Module, values: Tensors) -> dict[str, Tensor]:
    """What a layer of a module gives. Raises what torch does over values that the layer doesn't take."""
    with torch.no_grad():
        results = run_values(module, replace(graph, nodes=[layer]), values)
    return {value.name: results[value.name].detach() for value in layer.outputs}


def distance(found: Array, reference: Array) -> float:
    """The relative L2. Infinite where the shape is another, or where a number is missing that the reference has."""
    if found.shape != reference.shape:
        return math.inf
    finite = np.isfinite(reference)
    if not np.isfinite(found[finite]).all():
        return math.inf
    return relative(found[finite].astype(np.float64), reference[finite].astype(np.float64)) if finite.any() else 0.0


def _tensor(array: Array, value: Value) -> Tensor:
    """A value of the file as torch takes it: a file in half precision may stand for a network in single."""
    tensor = torch.from_numpy(array)
    return tensor.to(getattr(torch, value.type.dtype)) if tensor.is_floating_point() else tensor
