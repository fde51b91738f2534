"""The proof that a file just written from a module computes what the module computes."""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from torch import nn

from archspec.backends.onnx import emit, save
from archspec.backends.torch import calibrate
from archspec.graph import Graph
from archspec.parity.cases import BATCHES
from archspec.parity.comparison import compare
from archspec.parity.report import ParityReport


def prove(
    graph: Graph,
    module: nn.Module,
    path: str | os.PathLike[str],
    *,
    weights_are_initial: bool,
    device: str = "cpu",
    seed: int = 0,
    batches: Sequence[int] = BATCHES,
    sizes: Sequence[Mapping[str, int]] | None = None,
    sha256: Mapping[str, str] | None = None,
) -> ParityReport:
    """Compare a module with the file that was emitted from it: the numbers that both compute, the attributes, and
    every tensor bit by bit. `sha256` holds further hashes for the report, of the spec and the weights.

    Initial weights make any comparison vacuous (an untrained network's logits may be 0 exactly). Then the numbers
    are those of a twin: the same graph with calibrated weights, whose file has to have the same bytes but for the
    tensors. Raises DeviceError, and NoSizes.
    """
    path = Path(path)
    model = onnx.load(path)
    problems = _tensor_problems(module, model)
    weights = "given weights"
    with tempfile.TemporaryDirectory(dir=path.parent) as directory:
        twin = Path(directory) / path.name if weights_are_initial else None
        if twin:
            weights = f"initial weights, seed {seed}; compared with calibrated ones"
            module = copy.deepcopy(module)
            calibrate(module, graph, seed)
            save(emit(graph, module.state_dict(), opset=model.opset_import[0].version), twin)
            if _without_tensors(onnx.load(twin), graph) != _without_tensors(model, graph):
                problems.append("the file differs in more than its tensors from the one that was compared")
        del model  # which may hold gigabytes
        report = compare(graph, module, path, device=device, seed=seed, batches=batches, sizes=sizes, twin=twin)
    return replace(
        report,
        weights=weights,
        problems=(*report.problems, *problems),
        sha256={**(sha256 or {}), **report.sha256},
    )


def _tensor_problems(module: nn.Module, model: onnx.ModelProto) -> list[str]:
    """The tensors of the file that are not the module's, or that hold something that is no number."""
    expected = {key: tensor.cpu().numpy() for key, tensor in module.state_dict().items()}
    problems = []
    for tensor in model.graph.initializer:
        found = onnx.numpy_helper.to_array(tensor)
        if tensor.name not in expected:
            continue
        if not np.isfinite(found).all():
            problems.append(f"{tensor.name} in the file is not finite")
        elif found.dtype != expected[tensor.name].dtype or not np.array_equal(found, expected[tensor.name]):
            problems.append(f"{tensor.name} in the file is not the module's")
    return problems


def _without_tensors(model: onnx.ModelProto, graph: Graph) -> bytes:
    """The bytes of a file, less the numbers that the network owns, and what is said about them. Empties the model."""
    keys = {key for key, _, _ in graph.owned()}
    for tensor in model.graph.initializer:
        if tensor.name in keys:
            tensor.ClearField("raw_data")
            tensor.ClearField("external_data")
            tensor.ClearField("data_location")
    model.ClearField("metadata_props")
    return bytes(model.SerializeToString(deterministic=True))
