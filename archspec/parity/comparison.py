"""torch and onnxruntime side by side, on the same inputs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

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
from archspec.parity.measure import OutputParity, Run, judge
from archspec.parity.report import ParityReport
from archspec.parity.runs import Session, SessionError, doubled, evaluating, require_device, run_torch
from archspec.types import DType


def compare(
    graph: Graph,
    module: nn.Module,
    path: str | os.PathLike[str],
    *,
    device: str = "cpu",
    seed: int = 0,
    batches: Sequence[int] = BATCHES,
    sizes: Sequence[Mapping[str, int]] | None = None,
    twin: Path | None = None,
) -> ParityReport:
    """Run a module and an ONNX file on the same seeded inputs, and judge every output; then hold the file's
    attributes against the graph's arguments. The module is left as it is.

    `sizes` gives values to the symbols of the graph, one mapping a comparison; by default that is done at each of
    `batches`, and at other sizes too where there are symbols for them. On the largest inputs, and on all if a gate
    is missed, torch runs in float64 as well. A failure is traced to the first layer that differs. `twin` is a file
    to run in place of `path`: the same network with the module's weights.

    Raises DeviceError, and NoSizes.
    """
    require_device(device)
    path = Path(path)
    cases = sizes_of(graph, batches) if sizes is None else [dict(case) for case in sizes]
    attributes = check_attributes(graph, onnx.load(path, load_external_data=False))
    numbers = _run_both(
        graph, module, twin or path, [_inputs(graph, case, seed + k) for k, case in enumerate(cases)], device
    )
    return ParityReport(
        name=graph.name,
        outputs=numbers.outputs,
        problems=(*numbers.problems, *attributes.mismatches),
        device=device,
        provider=numbers.provider,
        weights="given weights",
        seed=seed,
        sizes=tuple(cases),
        versions=_versions(),
        sha256={"model": _hash(path)},
        attributes_checked=attributes.layers,
        first_divergence=numbers.first_divergence,
    )


class _Numbers(NamedTuple):
    outputs: tuple[OutputParity, ...]
    problems: list[str]
    provider: str
    first_divergence: str | None


def _run_both(graph: Graph, module: nn.Module, path: Path, inputs: Sequence[Sequence[Tensor]], device: str) -> _Numbers:
    names = [output.name for output in graph.outputs if not output.training]
    runs: list[list[Run]] = []
    provider, problems = "", []
    try:
        session = Session(path, device)
        provider, obstacles = session.provider, _obstacles(session, graph)
        if obstacles:
            return _Numbers((), obstacles, provider, None)
        for results in _runs(module, session, inputs, device):
            runs.append(results)
    except SessionError as error:
        problems.append(str(error))
    largest = max(range(len(inputs)), key=lambda k: sum(tensor.numel() for tensor in inputs[k]))
    outputs = _judged(names, _refereed(runs, module, inputs, [largest]))
    if _failed(outputs):  # on inputs where torch itself may be as far off
        outputs = _judged(names, _refereed(runs, module, inputs, range(len(inputs))))
    if not problems and not _failed(outputs):
        return _Numbers(outputs, [], provider, None)
    failing = (k for k, results in enumerate(runs) if _failed(_judged(names, [results])))
    culprit = next(failing, min(len(runs), len(inputs) - 1))  # the first that differs, or that did not run
    return _Numbers(outputs, problems, provider, first_divergence(graph, module, path, inputs[culprit]))


def _judged(names: Sequence[str], runs: Sequence[Sequence[Run]]) -> tuple[OutputParity, ...]:
    return tuple(judge(name, [results[k] for results in runs]) for k, name in enumerate(names) if runs)


def _failed(outputs: Sequence[OutputParity]) -> bool:
    return any(output.verdict == "fail" for output in outputs)


def _inputs(graph: Graph, sizes: Mapping[str, int], seed: int) -> list[Tensor]:
    return list(example_inputs(graph, sizes=sizes, generator=torch.Generator().manual_seed(seed)).values())


def _obstacles(session: Session, graph: Graph) -> list[str]:
    """Why the file can't be compared with the network, if so."""
    inputs = list(graph.inputs)
    outputs = [output.value for output in graph.outputs if not output.training]
    if any(value.type.dtype is DType.bfloat16 for value in inputs + outputs):
        return ["onnxruntime's Python interface knows no bfloat16"]
    return [
        f"the file has {len(found)} {what}, and the network {len(wanted)}"
        for what, found, wanted in (("inputs", session.inputs, inputs), ("outputs", session.outputs, outputs))
        if len(found) != len(wanted)
    ]


def _runs(module: nn.Module, session: Session, inputs: Sequence[Sequence[Tensor]], device: str) -> Iterator[list[Run]]:
    """For each input, the outputs by torch and by onnxruntime."""
    single = evaluating(module, device)
    for tensors in inputs:
        expected = run_torch(single, [tensor.to(device) for tensor in tensors])
        yield [Run(*arrays) for arrays in zip(expected, session.run(tensors), strict=True)]


def _refereed(
    runs: Sequence[list[Run]], module: nn.Module, inputs: Sequence[Sequence[Tensor]], which: Iterable[int]
) -> list[list[Run]]:
    """The same runs, some of them with torch's outputs in float64, computed on the CPU."""
    double = evaluating(module, "cpu", torch.float64)
    refereed = list(runs)
    for k in set(which) & set(range(len(runs))):
        exact = run_torch(double, [doubled(tensor) for tensor in inputs[k]])
        refereed[k] = [run._replace(float64=array) for run, array in zip(runs[k], exact, strict=True)]
    return refereed


def _versions() -> dict[str, str]:
    # By name: an import of the package itself would tie this stage to all that it offers.
    archspec = import_module("archspec")
    found = {"archspec": archspec, "torch": torch, "onnx": onnx, "onnxruntime": onnxruntime, "numpy": np}
    return {name: str(library.__version__) for name, library in found.items()}


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
