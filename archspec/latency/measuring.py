"""From a TARGET to its latency: the files written, each way prepared, and all measured in turns."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import torch
from torch import Tensor, nn

from archspec.architecture import Architecture
from archspec.backends.torch import calibrate, example_inputs, example_sizes
from archspec.dims import symbols
from archspec.driver.networks import module_of
from archspec.graph import Graph
from archspec.latency import WAYS, LatencyError
from archspec.latency.report import LatencyReport, Pair, Row, setting
from archspec.latency.rounds import Call, Spread, in_turns
from archspec.latency.ways import (
    Obstacle,
    WrittenFile,
    compiled,
    eager,
    examined,
    in_onnxruntime,
    threads_of_torch,
    write_ours,
    write_theirs,
)
from archspec.parity.devices import require_device
from archspec.parity.runs import evaluating
from archspec.version import VERSION


def measure(
    target: nn.Module | Architecture | str,
    *,
    weights: str | None = None,
    rename: str | None = None,
    batches: Sequence[int] = (),
    threads: Sequence[int] = (),
    ways: Sequence[str] = tuple(WAYS),
    seconds: float = 10.0,
    rounds: int | None = None,
    device: str = "cpu",
    seed: int = 0,
    tell: Callable[[str], None] = lambda what: None,
) -> LatencyReport:
    """Measure a network in some ways at each batch size (1 where none is given), on each number of threads (1, and as
    many as torch takes by itself): in turns, for so many seconds or rounds each. `tell` hears what comes now.

    Initial weights are calibrated first: with their zeros, a network may be written shorter than it ever is. A way
    that is closed here is told in the report. Raises LatencyError, SpecError, WeightsError, DeviceError.
    """
    require_device(device)
    network = module_of(target, weights, rename, seed, (), None, (), None)
    module, graph = evaluating(network.module, "cpu"), network.architecture.graph
    settings = _settings(graph, batches)
    if network.initial:
        calibrate(module, graph, seed)
        said = f"initial weights, seed {seed}, calibrated"
    else:
        said = "its own weights" if network.weights is None else f"weights {network.weights}"
    inputs = {batch: _inputs(graph, sizes, seed) for batch, sizes in settings.items()}
    bench = _Bench(graph, module, device, ways, tell)
    counts = threads or sorted({1, torch.get_num_threads()})
    with tempfile.TemporaryDirectory() as folder:
        bench.write(Path(folder), seed)
        for count in counts:
            for batch, tensors in inputs.items():
                bench.measure(batch, count, tensors, seconds, rounds)
    return LatencyReport(
        name=graph.name,
        device=device,
        weights=said,
        inputs={value.name: " x ".join(map(str, value.type.shape)) for value in graph.inputs},
        sizes={name: size for name, size in next(iter(settings.values())).items() if name not in _batch(graph)},
        rows=bench.rows,
        pairs=bench.pairs,
        files=bench.files,
        obstacles=bench.obstacles,
        versions={"archspec": VERSION, **{name: version(name) for name in ("torch", "onnxruntime")}},
    )


class _Bench:
    """One network in all the ways that are open to it."""

    def __init__(
        self, graph: Graph, module: nn.Module, device: str, ways: Sequence[str], tell: Callable[[str], None]
    ) -> None:
        self.rows: list[Row] = []
        self.pairs: list[Pair] = []
        self.files: dict[str, WrittenFile] = {}
        self.obstacles: dict[str, str] = {}
        self._graph = graph
        self._module = module
        self._there = evaluating(module, device)
        self._device = device
        self._ways = ways
        self._tell = tell
        self._paths: dict[str, Path] = {}

    def write(self, folder: Path, seed: int) -> None:
        """The files, each with all sizes open that are symbols, and how many nodes they have."""
        example = _inputs(self._graph, example_sizes(self._graph), seed)  # two samples: of one, torch makes a constant
        writers: dict[str, Callable[[Path], None]] = {
            "ours": lambda path: write_ours(self._module, path),
            "theirs": lambda path: write_theirs(self._graph, self._module, example, path),
        }
        for way, write in writers.items():
            if way in self._ways:
                path = folder / f"{way}.onnx"
                self._tell(f"writing the file for {WAYS[way]}")
                try:
                    write(path)
                    self.files[way] = examined(path)
                    self._paths[way] = path
                except Obstacle as obstacle:
                    self.obstacles[way] = str(obstacle)

    def measure(
        self, batch: int | None, threads: int, inputs: Sequence[Tensor], seconds: float, rounds: int | None
    ) -> None:
        """All ways at one batch size, on one number of threads."""
        self._tell(setting(batch, threads))
        with threads_of_torch(threads):
            calls = self._calls(threads, inputs)
            times = dict(zip(calls, in_turns(list(calls.values()), seconds, rounds), strict=True))
        for way, taken in times.items():
            of_eager = _ratio(taken, times["eager"]) if "eager" in times else None
            ms = Spread.of([1e3 * each for each in taken])
            self.rows.append(Row(way, batch, threads, len(taken), ms, of_eager))
        if "ours" in times and "theirs" in times:
            self.pairs.append(Pair(batch, threads, _ratio(times["ours"], times["theirs"])))

    def _calls(self, threads: int, inputs: Sequence[Tensor]) -> dict[str, Call]:
        """Each way that is open, ready to run."""
        there = [tensor.to(self._device) for tensor in inputs]
        calls: dict[str, Call] = {}
        for way in self._ways:
            if way not in self.obstacles:
                try:
                    calls[way] = self._call(way, threads, inputs, there)
                except Obstacle as obstacle:
                    self.obstacles[way] = str(obstacle)
        return calls

    def _call(self, way: str, threads: int, inputs: Sequence[Tensor], there: Sequence[Tensor]) -> Call:
        if way == "eager":
            return eager(self._there, there, self._device)
        if way == "compile":
            return compiled(self._there, there, self._device)
        return in_onnxruntime(self._paths[way], inputs, self._device, threads)


def _settings(graph: Graph, batches: Sequence[int]) -> dict[int | None, Mapping[str, int]]:
    """The numbers of the symbols, by batch size. Raises LatencyError for a batch size that the network does not
    leave open, and where no sizes are found that it takes."""
    open_ = bool(_batch(graph))
    if batches and not open_:
        raise LatencyError(f"{graph.name} has no open batch size that could be {batches[0]}: `--batch` needs one")
    try:
        if not open_:
            return {None: example_sizes(graph)}
        return {batch: example_sizes(graph, batch=batch) for batch in batches or (1,)}
    except ValueError as error:
        raise LatencyError(str(error)) from error


def _batch(graph: Graph) -> set[str]:
    """The symbols in batch sizes."""
    axes = (pair for value in graph.inputs for pair in zip(*value.type[:2], strict=True))
    return {name for size, label in axes if label == "N" for name in symbols(size)}


def _inputs(graph: Graph, sizes: Mapping[str, int], seed: int) -> list[Tensor]:
    return list(example_inputs(graph, sizes=sizes, generator=torch.Generator().manual_seed(seed)).values())


def _ratio(taken: Sequence[float], by: Sequence[float]) -> Spread:
    """Round by round."""
    return Spread.of([one / other for one, other in zip(taken, by, strict=True)])
