"""The oldest onnxruntime that this Python installs runs what is written for it, and gives what torch gives.

`ARCHSPEC_OLDEST_ORT` is the Python of an environment that holds that onnxruntime; `.ci/run` makes one. Left out are
double precision and values that hold nothing: old releases lack kernels for the one, and crash on the other.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx_ir as ir
import pytest
import torch

from archspec.backends.onnx import OPSETS, Emission, runtime_of
from archspec.types import DType
from tests.backends.onnx.small import SMALL, calibrated, small
from tests.ops.alone import as_tuple, emitted, feeds_of, reference, weights_of
from tests.ops.cases import SETTINGS, Example, at
from tests.ops.examples import EXAMPLES
from tests.ops.realize import tensors

PYTHON = os.environ.get("ARCHSPEC_OLDEST_ORT")
OLDEST = runtime_of("ort-1.15")
SCRIPT = Path(__file__).with_name("session.py")
pytestmark = [
    pytest.mark.skipif(PYTHON is None, reason="ARCHSPEC_OLDEST_ORT names no Python that has an old onnxruntime"),
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths"),
    pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN"),
]


class Case(NamedTuple):
    """A model and its inputs, what torch gives, and by how much that may be missed."""

    label: str
    model: bytes
    feeds: dict[str, np.ndarray]
    expected: Sequence[torch.Tensor]
    bound: float


def examples() -> Iterator[Case]:
    """Every example of every op, at the last opset that the runtime has, and at the first where that looks else."""
    for example in filter(runs, EXAMPLES):
        op, layer = example.make(), reference(example, SETTINGS[0])
        values = tensors(example, SETTINGS[0])
        feeds = feeds_of(example, values, SETTINGS[0])
        with torch.no_grad():
            expected = as_tuple(layer(*values))
        weights = weights_of(layer)
        models = [emitted(op, example, weights, opset) for opset in (OLDEST.opset, OPSETS[0]) if opset >= example.since]
        for model in models[: 1 if models[-1].graph.node == models[0].graph.node else 2]:
            read = {value.name: feeds[value.name] for value in model.graph.input}
            label = f"{example} at opset {model.opset_import[0].version}"
            half = any(value.dtype is torch.float16 for value in (*values, *expected))
            yield Case(label, model.SerializeToString(), read, expected, 1e-3 if half else 2e-6)


def runs(example: Example) -> bool:
    types = [*example.types(), *as_tuple(example.make().infer(*example.types()))]
    return bool(example.inputs) and all(type_.dtype is not DType.float64 and 0 not in type_.shape for type_ in types)


def networks() -> Iterator[Case]:
    """Small networks, as `--target` has them written, and in half precision."""
    for name in SMALL:
        graph, module = small(name).graph, calibrated(name)
        (image,) = graph.inputs
        x = torch.randn(at(image.type, {"N": 2}), generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            result: Any = module(x)
        expected = list(result.values() if isinstance(result, dict) else as_tuple(result))
        for emission, bound in [
            (Emission(graph, runtime=OLDEST), 2e-5),
            (Emission(graph, 17, runtime=OLDEST, dtype="fp16"), 1e-2),  # at 18 it has no LayerNormalization of halves
        ]:
            model = ir.to_proto(emission.model(module.state_dict())).SerializeToString()
            yield Case(f"{name} {emission.dtype}", model, {image.name: x.numpy()}, expected, bound)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Where places coincide, as those of a MaxUnpool may, the last one counts: among threads there is none."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
def test_the_oldest_runtime_gives_what_torch_gives(tmp_path: Path) -> None:
    torch.manual_seed(0)
    cases = [*examples(), *networks()]
    results = run(cases, tmp_path)
    assert str(results["version"]).startswith(f"{OLDEST.version}.")
    wrong = {case.label: fault for k, case in enumerate(cases) if (fault := compared(case, results, k))}
    assert wrong == {}
    assert len(cases) > 600


def run(cases: Sequence[Case], folder: Path) -> dict[str, np.ndarray]:
    """What that Python's onnxruntime makes of the cases, by number."""
    assert PYTHON is not None
    entries = {f"{k}|model": np.frombuffer(case.model, np.uint8) for k, case in enumerate(cases)}
    for k, case in enumerate(cases):
        entries.update({f"{k}|in|{name}": array for name, array in case.feeds.items()})
    np.savez(folder / "cases.npz", **entries)  # type: ignore[arg-type]
    words = [PYTHON, str(SCRIPT), str(folder / "cases.npz"), str(folder / "results.npz")]
    subprocess.run(words, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    with np.load(folder / "results.npz") as results:
        return dict(results)


def compared(case: Case, results: dict[str, np.ndarray], k: int) -> str:
    """What is wrong with a case's results; nothing if they are torch's."""
    if (error := results.get(f"{k}|error")) is not None:
        return str(error)
    for number, wanted in enumerate(case.expected):
        found, expected = results[f"{k}|out|{number}"], wanted.numpy()
        if found.shape != expected.shape or found.dtype != expected.dtype:
            return f"{found.dtype} {found.shape}, not {expected.dtype} {expected.shape}"
        distance = np.linalg.norm((found.astype(np.float64) - expected).ravel())
        if not distance <= case.bound * np.linalg.norm(expected.ravel()):
            return f"output {number} is off by {distance}"
    return ""
