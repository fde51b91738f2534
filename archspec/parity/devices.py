"""The devices that both sides compute on, and what has to be there for it.

On CUDA neither may fall back in silence: onnxruntime without its CUDA provider runs on the CPU, with no error at all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

import onnxruntime
import torch


class Provider(NamedTuple):
    """What onnxruntime calls a device, and the options under which it computes exact and repeatable float32 there."""

    name: str
    options: Mapping[str, str]


PROVIDERS = {
    "cpu": Provider("CPUExecutionProvider", {}),
    "cuda": Provider(
        "CUDAExecutionProvider", {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC", "prefer_nhwc": "0"}
    ),
}
DEVICES = tuple(PROVIDERS)


class DeviceError(Exception):
    """The device that was asked for is not there, or can't be used for all of a network."""


def require_device(device: str) -> None:
    """Raise DeviceError for a device that torch or onnxruntime can't use. To be called before CUDA starts: NVIDIA's
    libraries read there that they are not to round float32 to TF32."""
    require_torch_device(device)
    if device == "cpu":
        return
    if PROVIDERS[device].name not in onnxruntime.get_available_providers():
        raise DeviceError(_no_provider())
    os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")
    # What torch's import has loaded already is found again; the rest comes from NVIDIA's own packages.
    onnxruntime.preload_dlls()


def require_torch_device(device: str) -> None:
    """Raise DeviceError for a device that torch can't use."""
    if device not in DEVICES:
        raise DeviceError(f"device {device} is none of {', '.join(DEVICES)}")
    if device != "cpu" and not torch.cuda.is_available():
        raise DeviceError("torch finds no CUDA device; https://pytorch.org tells how to install its CUDA build")


def device_notes(device: str) -> list[str]:
    """What may make a run on this device another one than it seems, though nothing forbids it."""
    if device == "cuda" and _both_installed():
        return ["onnxruntime and onnxruntime-gpu are both installed, and each overwrites files of the other"]
    return []


def not_started(provider: str) -> DeviceError:
    """onnxruntime has a provider and runs without it all the same."""
    return DeviceError(
        f"onnxruntime chose {provider}: its CUDA provider does not start, mostly because the CUDA or cuDNN libraries"
        " are missing or of another version; `pip install onnxruntime-gpu[cuda,cudnn]` brings them, and"
        " onnxruntime.print_debug_info() tells what it finds"
    )


def _no_provider() -> str:
    if _both_installed():
        return (
            "onnxruntime and onnxruntime-gpu are both installed, and the CPU build has overwritten the other:"
            " `pip uninstall onnxruntime onnxruntime-gpu`, then `pip install onnxruntime-gpu`"
        )
    return "onnxruntime is the CPU build: `pip uninstall onnxruntime`, then `pip install onnxruntime-gpu`"


def _both_installed() -> bool:
    try:
        return bool(version("onnxruntime") and version("onnxruntime-gpu"))
    except PackageNotFoundError:
        return False
