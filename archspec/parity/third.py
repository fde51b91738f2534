"""A third opinion: torch.onnx.export's file of the same module, on the same inputs.

Two that agree outvote the third: a mistake of one program is hardly made by another in just the same way.
"""

from __future__ import annotations

import logging
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import onnx
import torch
from torch import Tensor, nn

from archspec.graph import Graph
from archspec.parity.cases import sizes_of
from archspec.parity.comparison import as_taken, seeded_inputs, session_of
from archspec.parity.heads import Heads
from archspec.parity.measure import CHAOS, FLOAT32, OutputParity, Run, Tolerance, judge
from archspec.parity.ports import fixed_sizes, pair_ports
from archspec.parity.runs import Session, SessionError, count_nodes, doubled, evaluating, first_line, run_torch

Vote: TypeAlias = Literal["agree", "file", "theirs", "torch", "differ", "none"]
"""Who is wrong, if anybody: `differ` where no two agree, `none` where nothing can be told."""

_THEIRS = "torch.onnx.export"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two of the three: the relative L2 at the worst output (None: there is none), and whether that is rounding."""

    one: str
    other: str
    rel_l2: float | None
    agree: bool


@dataclass(frozen=True, slots=True)
class ThirdOpinion:
    """What torch, a file and torch.onnx.export's file say of each other."""

    vote: Vote
    sentence: str
    pairs: tuple[Pair, ...] = ()
    seconds: float | None = None  # that torch.onnx.export took
    nodes: tuple[int, int] | None = None  # of the file and of theirs, after onnxruntime's basic optimisations

    def lines(self) -> list[str]:
        """A short table and a sentence."""
        if not self.pairs:
            return [f"third opinion: {self.sentence}"]
        rows = [("third opinion", "relative L2", ""), *map(_row, self.pairs)]
        width = max(len(who) for who, *_ in rows)
        return [*(f"{who:<{width}}  {error:<11}  {found}".rstrip() for who, error, found in rows), self.sentence]

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)


def _row(pair: Pair) -> tuple[str, str, str]:
    error = "" if pair.rel_l2 is None else f"{pair.rel_l2:.1e}"
    return f"{pair.one} and {pair.other}", error, "agree" if pair.agree else "differ"


def third_opinion(
    graph: Graph,
    module: nn.Module,
    path: Path,
    cases: Sequence[Mapping[str, int]],
    *,
    samples: Sequence[Sequence[Tensor]] = (),
    device: str = "cpu",
    seed: int = 0,
    tolerance: Tolerance = FLOAT32,
) -> ThirdOpinion:
    """Have torch.onnx.export write a module too, run all three on seeded inputs of these sizes and on `samples`, and
    say who is alone. `tolerance` is that of the file. That somebody fails is told, and is no error.

    Raises DeviceError, and PortsError.
    """
    if find_spec("onnxscript") is None:
        return ThirdOpinion("none", f"{_THEIRS} needs onnxscript: `pip install onnxscript`")
    ports = pair_ports(graph, onnx.load(path, load_external_data=False))
    inputs = [as_taken(tensors, ports) for tensors in (*seeded_inputs(graph, cases, seed), *samples)]
    traced = seeded_inputs(graph, cases or sizes_of(graph, fixed=fixed_sizes(graph, ports)), seed)
    example = as_taken(max(traced, key=_size), ports)
    with tempfile.TemporaryDirectory() as folder:
        theirs = Path(folder) / "theirs.onnx"
        start = time.perf_counter()
        try:
            export_by_torch(graph, evaluating(module, "cpu"), example, theirs)
        except Exception as error:  # what others' programs raise has no base class
            return ThirdOpinion("none", f"{_THEIRS} fails: {first_line(error)}")
        seconds = time.perf_counter() - start
        try:
            nodes = count_nodes(path), count_nodes(theirs)
            files = session_of(path, ports, device), Session(theirs, device)
            found = _run(graph, module, files, inputs, device)
        except (SessionError, ValueError) as error:  # ValueError: of other inputs than the module's
            return ThirdOpinion("none", f"one of the files does not run: {error}", (), seconds)
    ours = _Pairing("torch", path.name, _judged(graph, found.file, tolerance))
    other = _Pairing("torch", _THEIRS, _judged(graph, found.theirs, FLOAT32))
    own = max((each.errors.torch_float64_rel_l2 or 0.0 for each in other.outputs if each.errors), default=0.0)
    as_rounded = tolerance._replace(rel_l2=max(tolerance.rel_l2, (FLOAT32.times_torch or 0.0) * own))
    each_other = _Pairing(path.name, _THEIRS, _judged(graph, found.each_other, as_rounded))
    pairs = ours.pair, other.pair, each_other.pair
    if own > CHAOS:
        told = f"rounding alone moves torch's own output by {own:.0e}: nothing can be told from that"
        return ThirdOpinion("none", told, pairs, seconds, nodes)
    vote = _vote(*(pair.agree for pair in pairs))
    return ThirdOpinion(vote, _sentence(vote, path.name), pairs, seconds, nodes)


def export_by_torch(graph: Graph, module: nn.Module, inputs: Sequence[Tensor], path: Path) -> None:
    """The file that torch.onnx.export writes, with the graph's symbols left open. May raise anything."""
    shapes = tuple(
        {axis: torch.export.Dim.AUTO for axis, size in enumerate(value.type.shape) if not isinstance(size, int)}
        for value in graph.inputs
    )
    with _quiet():
        torch.onnx.export(
            module, tuple(inputs), path, dynamo=True, dynamic_shapes=shapes, external_data=False, verbose=False
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing is said of others' progress, deprecations, and what they skip."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


class _Runs(NamedTuple):
    """Of every input, the outputs of two each: torch and the file, torch and their file, their file and the file."""

    file: list[list[Run]]
    theirs: list[list[Run]]
    each_other: list[list[Run]]


def _run(
    graph: Graph, module: nn.Module, files: tuple[Session, Session], inputs: Sequence[Sequence[Tensor]], device: str
) -> _Runs:
    single, double = evaluating(module, device), evaluating(module, "cpu", torch.float64)
    heads, found = Heads(graph), _Runs([], [], [])
    for tensors in inputs:
        with heads.noted(single):
            expected = run_torch(single, [tensor.to(device) for tensor in tensors])
        exact = run_torch(double, [doubled(tensor) for tensor in tensors])
        file, theirs = (session.run(tensors) for session in files)
        for runs, arrays in ((found.file, file), (found.theirs, theirs)):
            pairs = enumerate(zip(expected, arrays, exact, strict=True))
            runs.append([heads.run(k, one, other)._replace(float64=referee) for k, (one, other, referee) in pairs])
        found.each_other.append([heads.run(k, *pair) for k, pair in enumerate(zip(theirs, file, strict=True))])
    return found


def _judged(graph: Graph, runs: Sequence[Sequence[Run]], tolerance: Tolerance) -> list[OutputParity]:
    names = [output.name for output in graph.outputs if not output.training]
    return [judge(name, [outputs[k] for outputs in runs], tolerance) for k, name in enumerate(names)]


class _Pairing(NamedTuple):
    one: str
    other: str
    outputs: list[OutputParity]

    @property
    def pair(self) -> Pair:
        agree = all(output.verdict != "fail" for output in self.outputs)
        errors = [output.errors.rel_l2 for output in self.outputs if output.errors]
        broken = any(output.verdict == "fail" and not output.errors for output in self.outputs)
        return Pair(self.one, self.other, None if broken else max(errors, default=None), agree)


def _vote(file: bool, theirs: bool, each_other: bool) -> Vote:
    """Of whether torch agrees with the file, with theirs, and these two with each other."""
    if file and theirs:
        return "agree"
    if file or theirs:
        return "theirs" if file else "file"
    return "torch" if each_other else "differ"


def _sentence(vote: Vote, file: str) -> str:
    return {
        "agree": "all three agree",
        "file": f"torch and {_THEIRS} agree: {file} is wrong",
        "theirs": f"torch and {file} agree: {_THEIRS}'s file is wrong",
        "torch": f"{file} and {_THEIRS}'s file agree: eager torch is wrong, or onnxruntime, which ran both",
        "differ": "no two of the three agree",
        "none": "",
    }[vote]


def _size(tensors: Sequence[Tensor]) -> int:
    return sum(tensor.numel() for tensor in tensors)
