"""One network in torch and in onnxruntime, on one device, both in exact float32.

On CUDA that takes care on both sides: NVIDIA's libraries round float32 to TF32 by default, and onnxruntime runs on
the CPU without an error where its CUDA provider is missing.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnxruntime
import torch
from onnxruntime.capi import onnxruntime_pybind11_state as errors
from torch import Tensor, nn

from archspec.parity.measure import Array

_PROVIDERS: dict[str, tuple[str, Mapping[str, str]]] = {
    "cpu": ("CPUExecutionProvider", {}),
    "cuda": (
        "CUDAExecutionProvider",
        {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC", "prefer_nhwc": "0"},
    ),
}
DEVICES = tuple(_PROVIDERS)

# What onnxruntime raises over a file or its inputs: exceptions that have no base class of their own.
_ERRORS: tuple[type[Exception], ...] = (
    *(errors.Fail, errors.InvalidArgument, errors.InvalidGraph, errors.InvalidProtobuf, errors.NotImplemented),
    *(errors.RuntimeException, errors.EPFail, RuntimeError, ValueError),
)


class SessionError(Exception):
    """onnxruntime refuses a file, or fails to run it. The first line of what it says."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"onnxruntime: {str(error).splitlines()[0]}")


class DeviceError(Exception):
    """The device that was asked for is not there."""


def require_device(device: str) -> None:
    """Raise DeviceError for a device that torch or onnxruntime can't use: neither may fall back in silence."""
    if device not in DEVICES:
        raise DeviceError(f"device {device} is none of {', '.join(DEVICES)}")
    if device == "cuda":
        if not torch.cuda.is_available():
            raise DeviceError("torch finds no CUDA device; https://pytorch.org tells how to install its CUDA build")
        if _PROVIDERS["cuda"][0] not in onnxruntime.get_available_providers():
            raise DeviceError(
                "onnxruntime is the CPU build: `pip uninstall onnxruntime`, then `pip install onnxruntime-gpu`"
            )
        os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")  # read when CUDA starts, by both


def evaluating(module: nn.Module, device: str, dtype: torch.dtype | None = None) -> nn.Module:
    """The module in evaluation mode: itself if it is so already, else a copy, since the module stays as it is."""
    here = all(tensor.device.type == device for tensor in module.state_dict().values())
    if here and dtype is None and not any(part.training for part in module.modules()):
        return module
    return copy.deepcopy(module).to(device=device, dtype=dtype).eval()


def doubled(tensor: Tensor) -> Tensor:
    """The same numbers in float64; integers stay integers."""
    return tensor.double() if tensor.is_floating_point() else tensor


def run_torch(module: nn.Module, inputs: Sequence[Tensor]) -> list[Array]:
    """The outputs in declared order, from a module that gives a tensor or a dict."""
    with torch.no_grad(), _exact_float32():
        result = module(*inputs)
    tensors = result.values() if isinstance(result, dict) else [result]
    return [tensor.detach().cpu().numpy() for tensor in tensors]


@contextmanager
def _exact_float32() -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            yield
    finally:
        torch.set_float32_matmul_precision(before)


class Session:
    """An ONNX file, or its bytes, in onnxruntime. Raises SessionError, and DeviceError."""

    def __init__(self, model: Path | bytes, device: str, *, optimized: bool = True) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # what it has to say arrives as an exception
        if not optimized:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        provider, settings = _PROVIDERS[device]
        if device != "cpu":
            options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
        source = model if isinstance(model, bytes) else str(model)
        try:
            self._session: Any = onnxruntime.InferenceSession(source, options, providers=[(provider, dict(settings))])
        except _ERRORS as error:
            raise SessionError(error) from error
        self.provider: str = self._session.get_providers()[0]
        if self.provider != provider:
            raise DeviceError(f"onnxruntime chose {self.provider} in place of {provider}; its log tells why")
        self.inputs: list[str] = [item.name for item in self._session.get_inputs()]
        self.outputs: list[str] = [item.name for item in self._session.get_outputs()]

    def run(self, inputs: Sequence[Tensor]) -> list[Array]:
        """All outputs, in the file's order. Raises SessionError."""
        feeds = {name: tensor.cpu().numpy() for name, tensor in zip(self.inputs, inputs, strict=True)}
        try:
            return list(self._session.run(None, feeds))
        except _ERRORS as error:
            raise SessionError(error) from error
