"""The proof that a file just written from a module computes what the module computes."""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
from torch import nn

from archspec.backends.onnx import Emission, save
from archspec.backends.torch import calibrate
from archspec.parity.cases import BATCHES, sizes_of
from archspec.parity.comparison import compare
from archspec.parity.measure import FLOAT16, FLOAT32
from archspec.parity.report import ParityReport
from archspec.parity.shapes import given_shapes
from archspec.parity.structure import inspect
from archspec.parity.tensors import is_constant


def prove(
    emission: Emission,
    module: nn.Module,
    path: str | os.PathLike[str],
    *,
    weights_are_initial: bool,
    seed: int = 0,
    batches: Sequence[int] = BATCHES,
    sizes: Sequence[Mapping[str, int]] | None = None,
    sha256: Mapping[str, str] | None = None,
    **options: Any,
) -> ParityReport:
    """Compare a module with the file that was emitted from it: its structure, every tensor of it bit by bit, its
    attributes, and the numbers that both compute. `sha256` holds further hashes for the report, of the spec and the
    weights; `options` are those of `compare`.

    Initial weights make any comparison of numbers vacuous (an untrained network's logits may be 0 exactly). Then they
    are those of a twin: the same graph with calibrated weights, whose file has to have the same bytes but for the
    tensors. Raises DeviceError, and NoSizes.
    """
    path, graph = Path(path), emission.graph
    cases = sizes_of(graph, batches) if sizes is None else [dict(case) for case in sizes]
    model = onnx.load(path, load_external_data=False)
    structure = inspect(emission, module, model, path.parent, cases[-1])
    problems = list(structure.problems)
    tolerance = FLOAT16 if emission.dtype == "fp16" else FLOAT32
    weights = "given weights"
    bare = _without_tensors(model)
    with tempfile.TemporaryDirectory(dir=path.parent) as directory:
        twin = Path(directory) / path.name if weights_are_initial else None
        if twin:
            weights = f"initial weights, seed {seed}; compared with calibrated ones"
            module = copy.deepcopy(module)
            calibrate(module, graph, seed)
            save(emission.model(module.state_dict()), twin)
            if _without_tensors(onnx.load(twin, load_external_data=False)) != bare:
                problems.append("the file differs in more than its tensors from the one that was compared")
        told = {"sizes": cases, "tolerance": tolerance, "twin": twin, "model": model, **options}
        report = compare(graph, module, path, seed=seed, **told)
    return replace(
        report,
        weights=weights,
        problems=(*report.problems, *problems, *given_shapes(graph, cases, report.outputs)),
        structure=structure,
        sha256={**(sha256 or {}), **report.sha256},
    )


def _without_tensors(model: onnx.ModelProto) -> bytes:
    """The bytes of a model, less the numbers that the network owns, and what is said about them. They are taken out of
    the model itself: it may hold gigabytes of them, which nobody reads any more."""
    for tensor in model.graph.initializer:
        if not is_constant(tensor.name):
            tensor.ClearField("raw_data")
            tensor.ClearField("external_data")
            tensor.ClearField("data_location")
    model.ClearField("metadata_props")
    return bytes(model.SerializeToString(deterministic=True))
