"""The ways in which one network can run: each as a call without arguments, or the reason why there is none."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from archspec.backends.onnx import EmitError
from archspec.driver import export
from archspec.graph import Graph
from archspec.latency.rounds import Call
from archspec.parity.devices import PROVIDERS
from archspec.parity.runs import SessionError, count_nodes, first_line
from archspec.parity.third import export_by_torch


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """How many nodes a file has after onnxruntime's basic optimisation, and of which opset."""

    nodes: int
    opset: int


class Obstacle(Exception):
    """Why a network cannot run in one of the ways here."""


@contextmanager
def threads_of_torch(count: int) -> Iterator[None]:
    """torch on so many threads, and then on as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def eager(module: Callable[..., object], inputs: Sequence[Tensor], device: str) -> Call:
    """The module as it is."""

    def call() -> None:
        with torch.inference_mode():
            module(*inputs)
            if device == "cuda":
                torch.cuda.synchronize()

    return call


def compiled(module: nn.Module, inputs: Sequence[Tensor], device: str) -> Call:
    """The module by torch.compile, for these sizes and torch's present number of threads. Compiles it, which takes a
    while, and raises Obstacle where that fails."""
    torch._dynamo.reset()
    call = eager(torch.compile(module, dynamic=False), inputs, device)
    try:
        with _quiet():
            call()
    except torch._dynamo.exc.TorchDynamoException as error:
        raise Obstacle(first_line(error)) from error
    return call


def write_ours(module: nn.Module, path: Path) -> None:
    """The file of archspec, unproved. Raises Obstacle."""
    try:
        export(module, path, parity=False)
    except EmitError as error:
        raise Obstacle(str(error)) from error


def write_theirs(graph: Graph, module: nn.Module, inputs: Sequence[Tensor], path: Path) -> None:
    """The file of torch.onnx.export, with its own opset. Raises Obstacle."""
    if find_spec("onnxscript") is None:
        raise Obstacle("it needs onnxscript: `pip install onnxscript`")
    try:
        export_by_torch(graph, module, inputs, path)
    except Exception as error:  # somebody else's program, which may raise anything
        raise Obstacle(first_line(error)) from error


def in_onnxruntime(path: Path, inputs: Sequence[Tensor], device: str, count: int) -> Call:
    """A file in onnxruntime on so many threads. On a GPU the inputs lie there, and the outputs stay there. Raises
    Obstacle."""
    if any(tensor.dtype is torch.bfloat16 for tensor in inputs):
        raise Obstacle("onnxruntime's Python interface knows no bfloat16")
    options = _options()
    options.intra_op_num_threads = count
    options.add_session_config_entry("session.force_spinning_stop", "1")  # whose turn it is has the processor
    session = _session(path, options, device)
    names = [item.name for item in session.get_inputs()]
    arrays = dict(zip(names, (tensor.cpu().numpy() for tensor in inputs), strict=True))
    if device == "cpu":
        return lambda: session.run(None, arrays)
    binding = session.io_binding()
    for name, array in arrays.items():
        binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(array, device, 0))
    for item in session.get_outputs():
        binding.bind_output(item.name, device)

    def call() -> None:
        session.run_with_iobinding(binding)
        binding.synchronize_outputs()

    return call


def examined(path: Path) -> WrittenFile:
    """What onnxruntime's basic optimisation leaves of a file, on the CPU. Raises Obstacle."""
    try:
        nodes = count_nodes(path)
    except SessionError as error:
        raise Obstacle(str(error)) from error
    model = onnx.load(path, load_external_data=False)
    return WrittenFile(nodes, next(entry.version for entry in model.opset_import if not entry.domain))


def _options() -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what it has to say arrives as an exception
    return options


def _session(path: Path, options: Any, device: str) -> Any:
    provider = (PROVIDERS[device].name, dict(PROVIDERS[device].options))
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=[provider])
    except Exception as error:  # onnxruntime's have no class in common
        raise Obstacle(first_line(error)) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch logs of its compilers' circumstances."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
