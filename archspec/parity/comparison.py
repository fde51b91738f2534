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

from archspec.backends.onnx import PRODUCER, AttributeCheck, check_attributes
from archspec.backends.torch import example_inputs
from archspec.graph import Graph
from archspec.parity.cases import BATCHES, sizes_of
from archspec.parity.devices import device_notes, require_device
from archspec.parity.forensics import Diagnosis, diagnose
from archspec.parity.heads import Heads
from archspec.parity.measure import FLOAT32, INT8, TF32, OutputParity, Run, Tolerance, judge
from archspec.parity.ports import Port, Ports, fixed_sizes, pair_ports
from archspec.parity.report import ParityReport
from archspec.parity.runs import Session, SessionError, doubled, evaluating, run_torch
from archspec.parity.tf32 import rounds_to_tf32
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
    samples: Sequence[Sequence[Tensor]] = (),
    tolerance: Tolerance = FLOAT32,
    twin: Path | None = None,
    model: onnx.ModelProto | None = None,
) -> ParityReport:
    """Run a module and an ONNX file on the same seeded inputs, and judge every output; then hold the file's
    attributes against the graph's arguments. The module is left as it is.

    `sizes` gives values to the symbols of the graph, one mapping a comparison; by default that is done at each of
    `batches`, and at other sizes too where there are symbols for them, as far as the file leaves them open. On the
    largest inputs, and on all if a gate is missed, torch runs in float64 as well. `samples` are further inputs, which
    are compared after those, and instead of those where the file quantises: it clips what is beyond the range of what
    it was calibrated by. `tolerance` is that of the precision that the file computes in. A failure is traced to the
    first layer that differs. `twin` is a file to run in place of `path`: the same network with the module's
    weights; `model` is what was read of `path`, if it was read already.

    Raises DeviceError, PortsError for a file with other inputs or outputs, and NoSizes.
    """
    require_device(device)
    path = Path(path)
    model = model or onnx.load(path, load_external_data=False)
    ports = pair_ports(graph, model)
    fixed = fixed_sizes(graph, ports)
    if tolerance == INT8 and samples:
        cases = []
    else:
        cases = sizes_of(graph, batches, fixed) if sizes is None else [dict(case) for case in sizes]
    ours = model.producer_name == PRODUCER
    attributes = check_attributes(graph, model) if ours else AttributeCheck()
    inputs = [as_taken(tensors, ports) for tensors in (*seeded_inputs(graph, cases, seed), *samples)]
    if tolerance == FLOAT32 and rounds_to_tf32(device):
        tolerance = TF32
    numbers = _run_both(graph, module, twin or path, ports, inputs, device, tolerance)
    notes = [*ports.assumptions]
    notes += [f"the file fixes {name} at {number}: compared at that alone" for name, number in fixed.items()]
    if not ours:
        notes.append("another program wrote the file: its numbers are compared, and no attributes")
    if tolerance == INT8 and not samples:
        notes.append("the inputs are random, and int8 clips what it was not calibrated for: `--images` names real ones")
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
        attributes=attributes,
        diagnosis=numbers.diagnosis,
        precision=tolerance.precision,
        samples=len(samples),
        assumptions=(*notes, *numbers.notes, *device_notes(device)),
    )


class _Numbers(NamedTuple):
    outputs: tuple[OutputParity, ...]
    problems: list[str]
    provider: str
    diagnosis: Diagnosis | None
    notes: Sequence[str] = ()


def _run_both(
    graph: Graph,
    module: nn.Module,
    path: Path,
    ports: Ports,
    inputs: Sequence[Sequence[Tensor]],
    device: str,
    tolerance: Tolerance,
) -> _Numbers:
    names = [output.name for output in graph.outputs if not output.training]
    runs: list[list[Run]] = []
    provider, problems, notes = "", list[str](), list[str]()
    if any(port.kind == DType.bfloat16 for port in (*ports.inputs, *ports.outputs)):
        return _Numbers((), ["onnxruntime's Python interface knows no bfloat16"], provider, None)
    try:
        session = session_of(path, ports, device)
        provider, notes = session.provider, session.notes
        for results in _runs(graph, module, session, inputs, device):
            runs.append(results)
    except SessionError as error:
        problems.append(str(error))
    largest = max(range(len(inputs)), key=lambda k: sum(tensor.numel() for tensor in inputs[k]))
    outputs = _judged(names, _refereed(runs, module, inputs, [largest]), tolerance)
    if _failed(outputs):  # on inputs where torch itself may be as far off
        outputs = _judged(names, _refereed(runs, module, inputs, range(len(inputs))), tolerance)
    if not problems and not _failed(outputs):
        return _Numbers(outputs, [], provider, None, notes)
    failing = (k for k, results in enumerate(runs) if _failed(_judged(names, [results], tolerance)))
    culprit = next(failing, min(len(runs), len(inputs) - 1))  # the first that differs, or that did not run
    diagnosis = diagnose(graph, module, path, inputs[culprit], device) if ports.in_order else None
    return _Numbers(outputs, problems, provider, diagnosis, notes)


def _judged(names: Sequence[str], runs: Sequence[Sequence[Run]], tolerance: Tolerance) -> tuple[OutputParity, ...]:
    return tuple(judge(name, [results[k] for results in runs], tolerance) for k, name in enumerate(names) if runs)


def _failed(outputs: Sequence[OutputParity]) -> bool:
    return any(output.verdict == "fail" for output in outputs)


def seeded_inputs(graph: Graph, cases: Sequence[Mapping[str, int]], seed: int) -> list[list[Tensor]]:
    """Random inputs, of each case with a seed of its own."""
    seeds = (torch.Generator().manual_seed(seed + k) for k in range(len(cases)))
    pairs = zip(cases, seeds, strict=True)
    return [list(example_inputs(graph, sizes=case, generator=own).values()) for case, own in pairs]


def as_taken(tensors: Sequence[Tensor], ports: Ports) -> list[Tensor]:
    """Inputs as a file takes them, so that torch gets the same: rounded to float16 if it reads that, and as many
    samples as it is fixed at, from the first on again where there are fewer."""
    return [_as_taken(tensor, port) for tensor, port in zip(tensors, ports.inputs, strict=True)]


def _as_taken(tensor: Tensor, port: Port) -> Tensor:
    batch = port.shape[0] if port.shape else None
    if isinstance(batch, int) and len(tensor) != batch:
        tensor = tensor[torch.arange(batch) % len(tensor)]
    return tensor.half().to(tensor.dtype) if port.kind == DType.float16 else tensor


def session_of(path: Path, ports: Ports, device: str) -> Session:
    """A file whose inputs and outputs come in the network's order."""
    names = [[port.name for port in group] for group in (ports.inputs, ports.outputs)]
    return Session(path, device, inputs=names[0], outputs=names[1])


def _runs(
    graph: Graph, module: nn.Module, session: Session, inputs: Sequence[Sequence[Tensor]], device: str
) -> Iterator[list[Run]]:
    """For each input, the outputs by torch and by onnxruntime."""
    single, heads = evaluating(module, device), Heads(graph)
    for tensors in inputs:
        with heads.noted(single):
            expected = run_torch(single, [tensor.to(device) for tensor in tensors])
        pairs = zip(expected, session.run(tensors), strict=True)
        yield [heads.run(k, *arrays) for k, arrays in enumerate(pairs)]


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
