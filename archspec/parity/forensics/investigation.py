"""Who is at fault when torch and onnxruntime disagree: one question after the other, until one has an answer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import onnx
from torch import Tensor, nn

from archspec.graph import Graph, Node, state_key
from archspec.parity.forensics import wording
from archspec.parity.forensics.diagnosis import Culprit, Diagnosis
from archspec.parity.forensics.dissection import Arrays, Dissection, Part
from archspec.parity.forensics.evidence import Evidence
from archspec.parity.forensics.layers import Trials, distance, run_alone, try_layers
from archspec.parity.forensics.modules import no_numbers, strange_layer, strange_scope
from archspec.parity.forensics.optimizations import climb, first_change
from archspec.parity.forensics.witness import testimony
from archspec.parity.measure import Array
from archspec.parity.runs import evaluating, exact_float32, run_torch

_SHARE = 0.1  # of the error that is to be explained; what has less is something else


def diagnose(graph: Graph, module: nn.Module, path: Path, inputs: Sequence[Tensor], device: str = "cpu") -> Diagnosis:
    """Find the first layer at which a file and a module part on these inputs, and who of the file, onnxruntime and
    torch is wrong there.

    Each layer runs by itself on the CPU, on what the file gives it without onnxruntime's optimisations, unless it is
    those that are to blame. All values of the network are held in memory.
    """
    with exact_float32():
        return _Investigation(graph, evaluating(module, "cpu"), path, inputs, device).answer()


class _Investigation:
    def __init__(self, graph: Graph, module: nn.Module, path: Path, inputs: Sequence[Tensor], device: str) -> None:
        self._graph, self._module, self._inputs, self._device = graph, module, inputs, device
        self._file = Dissection(graph, path, inputs)

    def answer(self) -> Diagnosis:
        if not self._file.traced:
            return Diagnosis("unknown", wording.NOT_TRACED)
        if self._file.precision == "int8":
            return Diagnosis("unknown", wording.QUANTIZED)
        if scope := strange_scope(self._graph, self._module, self._inputs):
            culprit = Culprit.scope(scope)
            return Diagnosis("torch", wording.strange_scope(culprit), culprit)
        if layer := no_numbers(self._graph, self._module, self._inputs):
            culprit = Culprit.layer(layer)
            return Diagnosis("torch", wording.no_numbers(culprit), culprit)
        trials = try_layers(self._graph, self._module, self._file, self._inputs)
        return self._of_optimizations(trials) or self._of_layers(trials)

    def _of_optimizations(self, trials: Trials) -> Diagnosis | None:
        """Whether the file is right without onnxruntime's optimisations, and on the CPU."""
        if self._file.refused is not None:
            return None
        expected = dict(zip(self._file.outputs, run_torch(self._module, self._inputs), strict=True))
        error = max(distance(self._file.values[name], expected[name]) for name in expected)
        whole = climb(self._file, expected, self._device)
        worst = max(whole.values())
        if error >= _SHARE * worst or math.isinf(error):
            return None
        level = next(level for level, found in whole.items() if found >= _SHARE * worst)
        layers, part = first_change(self._graph, self._file, level, self._device, worst)
        *before, culprit = map(Culprit.layer, layers)
        sentence = wording.wrong_optimization(culprit, before, level, whole[level], self._device)
        evidence = Evidence(part, self._given(part, layers, trials), self._device, level)
        return evidence.diagnosis("onnxruntime", sentence, culprit, whole)

    def _of_layers(self, trials: Trials) -> Diagnosis:
        """Whether a layer gives other values by itself, or does not run."""
        off = trials.culprit()
        layer = off.layer if off else self._refused()
        if layer is not None:
            return self._of_layer(layer, trials)
        if trial := trials.inexact():
            culprit = Culprit.layer(trial.layer)
            return Diagnosis("torch", wording.inexact_torch(culprit, trial), culprit)
        return Diagnosis("unknown", wording.ROUNDING)

    def _of_layer(self, layer: Node, trials: Trials) -> Diagnosis:
        """Who is wrong about a layer: the module, onnxruntime or the file."""
        culprit = Culprit.layer(layer)
        part = self._file.part(self._file.named(layer).values(), self._file.known())
        evidence = Evidence(part, self._given(part, [layer], trials))
        observed = wording.observation(part.nodes, evidence.found, evidence.expected)
        whom = testimony(part, evidence.expected, evidence.found)
        if strange_layer(self._graph, layer, self._module, trials.values):
            return evidence.diagnosis("torch", wording.strange_layer(culprit), culprit)
        if whom == "torch":
            return evidence.diagnosis("onnxruntime", wording.wrong_kernel(culprit, observed), culprit)
        if tensors := self._other_tensors(part, layer):
            return evidence.diagnosis("file", wording.wrong_tensors(culprit, observed, tensors), culprit)
        return evidence.diagnosis("file", wording.wrong_nodes(culprit, observed, whom == "onnxruntime"), culprit)

    def _refused(self) -> Node | None:
        """The layer of the first node that onnxruntime doesn't run."""
        path = self._file.refused.name.partition("/")[0] if self._file.refused else None
        return next((layer for layer in self._graph.nodes if layer.path == path), None)

    def _given(self, part: Part, layers: Iterable[Node], trials: Trials) -> Arrays:
        """What torch gives for the outputs of a part, each of its layers by itself."""
        given: dict[str, Array] = {}
        for layer in layers:
            results = run_alone(self._graph, layer, self._module, trials.values)
            given |= {name: results[value.name].numpy() for value, name in self._file.named(layer).items()}
        return {output.name: given[output.name] for output in part.model.graph.output}

    def _other_tensors(self, part: Part, layer: Node) -> list[str]:
        """The tensors of a layer that are others in its part of the file. (Those of a layer in front of it are, where
        it was folded into that one.)"""
        keys = {state_key(layer.owner, name) for name in layer.parameters()}
        expected = {key: tensor for key, tensor in self._module.state_dict().items() if key in keys}
        found = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in part.complete().graph.initializer}
        both = ((key, array, expected[key].numpy()) for key, array in found.items() if key in expected)
        return [key for key, array, wanted in both if not np.array_equal(array, wanted.astype(array.dtype))]
