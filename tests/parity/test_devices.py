"""CUDA where it is not to be had: every way in which something is missing is refused, with what to install.

That needs no GPU: what torch and onnxruntime say of themselves is replaced. tests/gpu is for where there is one.
"""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any, NamedTuple

import onnxruntime
import pytest
import torch
from onnx import parser

from archspec.parity import devices
from archspec.parity.devices import DeviceError, device_notes, require_device
from archspec.parity.runs import Session, count_nodes
from archspec.parity.tf32 import rounds_to_tf32

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
BOTH = ("onnxruntime", "onnxruntime-gpu")
# Sizes are computed by `read`, `count` and `shape`; `out` computes what the model is for.
SIZES = """<ir_version: 8, opset_import: ["" : 18]>
sizes (float[n,m] x) => (float[k] y) <int64[1] one = {1}, int64[1] all = {-1}>
{
    [read] s = Shape (x)
    [count] c = ReduceProd <keepdims = 1> (s)
    [shape] r = Mul (c, one)
    [out] y = Reshape (x, r)
}"""


class Machine:
    """What the two libraries are made to say of a machine."""

    def __init__(self, patch: pytest.MonkeyPatch, *, gpu: bool = True, provider: bool = True, packages: Any = BOTH[1:]):
        patch.setattr(torch.cuda, "is_available", lambda: gpu)
        patch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU] if provider else [CPU])
        patch.setattr(onnxruntime, "preload_dlls", lambda: self.preloaded.append(os.environ["NVIDIA_TF32_OVERRIDE"]))
        patch.setattr(devices, "version", self.version)
        patch.delenv("NVIDIA_TF32_OVERRIDE", raising=False)
        self.packages = packages
        self.preloaded: list[str] = []

    def version(self, package: str) -> str:
        if package not in self.packages:
            raise PackageNotFoundError(package)
        return "1.0"


def test_the_cpu_is_always_there_and_nothing_else_is_known() -> None:
    require_device("cpu")
    assert device_notes("cpu") == []
    assert not rounds_to_tf32("cpu")
    with pytest.raises(DeviceError, match="device tpu is none of cpu, cuda"):
        require_device("tpu")


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ({"gpu": False}, r"torch finds no CUDA device.*pytorch\.org"),
        ({"provider": False, "packages": BOTH[:1]}, r"the CPU build: `pip uninstall onnxruntime`.*onnxruntime-gpu`"),
        ({"provider": False, "packages": BOTH}, "both installed.*`pip uninstall onnxruntime onnxruntime-gpu`"),
    ],
)
def test_what_cuda_lacks_is_named(missing: Any, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, **missing)
    with pytest.raises(DeviceError, match=told):
        require_device("cuda")
    assert machine.preloaded == []


def test_tf32_is_off_before_libraries_are_loaded_unless_the_user_has_said_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = Machine(monkeypatch)
    require_device("cuda")
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "1")
    require_device("cuda")
    assert machine.preloaded == ["0", "1"]


def test_two_builds_of_onnxruntime_are_told_of_though_they_work(monkeypatch: pytest.MonkeyPatch) -> None:
    Machine(monkeypatch)
    assert device_notes("cuda") == []
    Machine(monkeypatch, packages=BOTH)
    assert "both installed" in device_notes("cuda")[0]


class Node(NamedTuple):
    name: str
    op_type: str


def _is_strict(options: onnxruntime.SessionOptions) -> bool:
    try:
        return bool(options.get_session_config_entry("session.disable_cpu_ep_fallback") == "1")
    except RuntimeError:  # it was not set
        return False


class Faked:
    """onnxruntime's session on a machine with a GPU: what it refuses, whom it runs on, and which nodes where."""

    def __init__(self, patch: pytest.MonkeyPatch, providers: list[str], on_cpu: list[Node]) -> None:
        self.providers, self.on_cpu = providers, on_cpu
        self.asked: list[Any] = []
        self.strict: list[bool] = []
        patch.setattr(onnxruntime, "InferenceSession", self.start)

    def start(self, model: object, options: onnxruntime.SessionOptions, providers: list[Any]) -> Faked:
        self.asked = providers
        self.strict.append(_is_strict(options))
        if self.on_cpu and self.strict[-1]:
            raise RuntimeError("nodes on the CPU EP, but fallback to CPU EP has been explicitly disabled by the user")
        return self

    def get_providers(self) -> list[str]:
        return self.providers

    def get_provider_graph_assignment_info(self) -> list[Faked]:
        return [self]

    ep_name = CPU

    def get_nodes(self) -> list[Node]:
        return self.on_cpu

    def get_inputs(self) -> list[Any]:
        return []

    get_outputs = get_inputs


@pytest.fixture
def model() -> bytes:
    return bytes(parser.parse_model(SIZES).SerializeToString())


def test_a_provider_that_does_not_start_is_no_success(monkeypatch: pytest.MonkeyPatch, model: bytes) -> None:
    for on_cpu in ([], [Node("out", "Reshape")]):  # with no word, as by default, and when it is told not to fall back
        Faked(monkeypatch, [CPU], on_cpu)
        with pytest.raises(DeviceError, match=r"chose CPUExecutionProvider.*onnxruntime-gpu\[cuda,cudnn\]"):
            Session(model, "cuda")


def test_sizes_may_be_computed_on_the_cpu_and_nothing_else(monkeypatch: pytest.MonkeyPatch, model: bytes) -> None:
    faked = Faked(monkeypatch, [CUDA, CPU], [Node("count", "ReduceProd"), Node("shape", "Mul")])
    session = Session(model, "cuda")
    assert session.notes == ["onnxruntime computes sizes on the CPU, by 2 nodes: Mul, ReduceProd"]
    options = {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC", "prefer_nhwc": "0"}
    assert (faked.asked, faked.strict) == ([(CUDA, options)], [True, False])
    for node in (Node("out", "Reshape"), Node("fused", "FusedConv")):
        Faked(monkeypatch, [CUDA, CPU], [Node("count", "ReduceProd"), node])
        with pytest.raises(DeviceError, match=rf"no CUDA kernel for {node.op_type} \({node.name}\).*--device cpu"):
            Session(model, "cuda")


def test_onnxruntime_tells_its_nodes(tmp_path: Path, model: bytes) -> None:
    """The real one: what is faked above is what it gives."""
    path = tmp_path / "sizes.onnx"
    path.write_bytes(model)
    assert count_nodes(path) == 3  # of four: a product with 1 is none
