"""Weights as a file of safetensors, with what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.backends.safetensors import Entry, write_entries
from archspec.version import VERSION
from archspec.weights.facts import Facts

if TYPE_CHECKING:
    from torch import Tensor

_DTYPES = {  # what safetensors call torch's
    "bool": "BOOL",
    "uint8": "U8",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2": "F8_E5M2",
    "float8_e5m2fnuz": "F8_E5M2FNUZ",
    "float16": "F16",
    "bfloat16": "BF16",
    "float32": "F32",
    "float64": "F64",
    "complex64": "C64",
}


def write_weights(tensors: Mapping[str, Tensor], path: Path, facts: Facts) -> None:
    """Write tensors by their keys, wherever they are, and what is known of them. Equal ones give equal bytes. Raises
    OSError."""
    entries = [_entry(key, tensor) for key, tensor in tensors.items()]
    with path.open("wb") as file:
        write_entries(entries, file, {"format": "pt", "archspec": VERSION, **facts.as_metadata()})


def _entry(key: str, tensor: Tensor) -> Entry:
    dtype = _DTYPES[str(tensor.dtype).removeprefix("torch.")]
    return Entry(key, dtype, tuple(tensor.shape), tensor.element_size(), tensor.nbytes, lambda: _memory(tensor))


def _memory(tensor: Tensor) -> memoryview:
    import torch

    elements = tensor.detach().cpu().contiguous().reshape(-1)
    memory: memoryview = elements.view(torch.uint8).numpy().data
    return memory
