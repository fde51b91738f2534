"""Where a training runs: a device, and as many processes as were launched, through accelerate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

from archspec.data import require
from archspec.parity.devices import DeviceError

if TYPE_CHECKING:
    from accelerate import Accelerator

AUTO = "auto"
_MIXED = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}


def accelerator_on(name: str, precision: Literal["fp32", "bf16", "fp16"]) -> Accelerator:
    """What places tensors on a device: `cpu`, `cuda`, `cuda:1`, or `auto`, a GPU if there is one. In a process that
    `torchrun` or `accelerate launch` has started, it is one of several. Raises DeviceError for a device that is not
    there, or that does not compute in this precision; ExtraError."""
    accelerate = require("accelerate")
    device = device_named(name)
    _require_precision(device, precision)
    accelerate.state.AcceleratorState._reset_state(reset_partial_state=True)  # of an earlier training in this process
    if device.index is not None:
        torch.cuda.set_device(device)
    # A batch is shared out among the processes, so that batch size and learning rate mean the same with any number.
    loading = accelerate.DataLoaderConfiguration(split_batches=True)
    found: Accelerator = accelerate.Accelerator(
        cpu=device.type == "cpu", mixed_precision=_MIXED[precision], dataloader_config=loading
    )
    return found


def device_named(name: str) -> torch.device:
    """Raises DeviceError for a device that is not there."""
    kind, colon, number = name.partition(":")
    if name == "cpu" or (name == AUTO and not torch.cuda.is_available()):
        return torch.device("cpu")
    if name not in (AUTO, "cuda") and not (kind == "cuda" and colon and number.isdecimal()):
        raise DeviceError(f"device {name} is none of cpu, cuda, cuda:0, cuda:1 ... and auto")
    if not torch.cuda.is_available():
        raise DeviceError(
            f"device {name}: torch finds no CUDA device; `--device cpu` trains without one, and https://pytorch.org"
            " tells how to install its CUDA build"
        )
    count = torch.cuda.device_count()
    if number and int(number) >= count:
        there = "cuda:0 alone is" if count == 1 else f"cuda:0 to cuda:{count - 1} are"
        raise DeviceError(f"device {name} is not there: {there}")
    return torch.device("cuda", int(number)) if number else torch.device("cuda")


def _require_precision(device: torch.device, precision: str) -> None:
    if precision == "fp16" and device.type == "cpu":
        raise DeviceError("precision fp16 needs a GPU, and the device is cpu: bf16 and fp32 train there")
    if precision == "bf16" and device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        raise DeviceError("precision bf16 needs another GPU than this one: fp16 and fp32 train on it")
