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

from archspec.backends.onnx import emit, save, weights_of
from archspec.backends.torch import calibrate
from archspec.graph import Graph
from archspec.parity.cases import BATCHES
from archspec.parity.comparison import compare, hash_of
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
    problems = _tensor_problems(module, path)
    if weights_are_initial:
        calibrated = copy.deepcopy(module)
        calibrate(calibrated, graph, seed)
        with tempfile.TemporaryDirectory() as directory:
            twin = Path(directory) / path.name
            save(emit(graph, calibrated.state_dict(), opset=_opset(path)), twin)
            report = compare(graph, calibrated, twin, device=device, seed=seed, batches=batches, sizes=sizes)
            if _without_tensors(path, graph) != _without_tensors(twin, graph):
                problems.append("the file differs in more than its tensors from the one that was compared")
        report = replace(report, weights=f"initial weights, seed {seed}; compared with calibrated ones")
    else:
        report = compare(graph, module, path, device=device, seed=seed, batches=batches, sizes=sizes)
    hashes = {**(sha256 or {}), "model": hash_of(path)}
    return replace(report, problems=(*report.problems, *problems), sha256=hashes)


def _tensor_problems(module: nn.Module, path: Path) -> list[str]:
    """The tensors of the file that are not the module's, bit by bit, or that hold something that is no number."""
    expected = {key: tensor.cpu().numpy() for key, tensor in module.state_dict().items()}
    problems = []
    for key, found in weights_of(path).items():
        if key in expected and found.tobytes() != expected[key].tobytes():
            problems.append(f"{key} in the file is not the module's")
        elif not np.isfinite(found).all():
            problems.append(f"{key} in the file is not finite")
    return problems


def _opset(path: Path) -> int:
    return int(onnx.load(path, load_external_data=False).opset_import[0].version)


def _without_tensors(path: Path, graph: Graph) -> bytes:
    """The bytes of a file, less the numbers that the network owns, where they lie, and what is said about them."""
    model = onnx.load(path, load_external_data=False)
    keys = {key for key, _, _ in graph.owned()}
    for tensor in model.graph.initializer:
        if tensor.name in keys:
            tensor.ClearField("raw_data")
            tensor.ClearField("external_data")
            tensor.ClearField("data_location")
    model.ClearField("metadata_props")
    return bytes(model.SerializeToString(deterministic=True))
