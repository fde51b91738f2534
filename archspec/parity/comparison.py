"""torch and onnxruntime side by side, on the same inputs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from archspec.backends.onnx import check_attributes
from archspec.backends.torch import example_inputs
from archspec.graph import Graph
from archspec.parity.bisection import first_divergence
from archspec.parity.cases import BATCHES, sizes_of
from archspec.parity.measure import Run, judge
from archspec.parity.report import ParityReport
from archspec.parity.runs import RuntimeErrors, Session, doubled, evaluating, require_device, run_torch


def compare(
    graph: Graph,
    module: nn.Module,
    path: str | os.PathLike[str],
    *,
    device: str = "cpu",
    seed: int = 0,
    batches: Sequence[int] = BATCHES,
    sizes: Sequence[Mapping[str, int]] | None = None,
) -> ParityReport:
    """Run a module and an ONNX file on the same seeded inputs, and judge every output; then hold the file's
    attributes against the graph's arguments. The module is copied and left as it is.

    `sizes` gives values to the symbols of the graph, one mapping a comparison; by default that is done at each of
    `batches`, and at other sizes too where there are symbols for them. In the largest batch torch runs in float64
    as well, on the CPU. A failure is traced to the first layer that differs.

    Raises DeviceError, and NoSizes.
    """
    model = onnx.load(path, load_external_data=False)
    comparison = Comparison(graph, device, seed, sizes_of(graph, batches) if sizes is None else sizes)
    return comparison.report(comparison.run(module, Path(path)), check_attributes(graph, model), "given weights", {"model": hash_of(path)})


def _inputs(graph: Graph, sizes: Mapping[str, int], seed: int) -> list[Tensor]:
    return list(example_inputs(graph, sizes=sizes, generator=torch.Generator().manual_seed(seed)).values())


def _unlike(session: Session, inputs: Sequence[str], outputs: Sequence[str]) -> list[str]:
    """How the file's inputs and outputs differ from the network's, in names or number."""
    return [
        f"the file's {what} are {', '.join(found)}, and the network's {', '.join(wanted)}"
        for what, found, wanted in (("inputs", session.inputs, inputs), ("outputs", session.outputs, outputs))
        if len(found) != len(wanted)
    ]


def _run(module: nn.Module, session: Session, inputs: Sequence[Sequence[Tensor]], device: str) -> list[list[Run]]:
    """For each input, each output by all who compute it."""
    single, double = evaluating(module, device), evaluating(module, "cpu", torch.float64)
    refereed = max(range(len(inputs)), key=lambda k: (inputs[k][0].shape[0], -k))
    runs = []
    for k, tensors in enumerate(inputs):
        expected = run_torch(single, [tensor.to(device) for tensor in tensors])
        exact = run_torch(double, [doubled(tensor) for tensor in tensors]) if k == refereed else [None] * len(expected)
        runs.append([Run(*arrays) for arrays in zip(expected, session.run(tensors), exact, strict=True)])
    return runs


def _versions() -> dict[str, str]:
    # By name: an import of the package itself would tie this stage to all that it offers.
    archspec = import_module("archspec")
    found = {"archspec": archspec, "torch": torch, "onnx": onnx, "onnxruntime": onnxruntime, "numpy": np}
    return {name: str(library.__version__) for name, library in found.items()}


def hash_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
