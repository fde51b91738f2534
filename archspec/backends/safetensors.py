"""Files of safetensors: a header of JSON, and behind it the memory of tensors.

They are not left to their library: it shuffles the metadata, tells no offsets, and hides what the system says of a full
disk. The format: https://github.com/huggingface/safetensors.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import BinaryIO, NamedTuple

_ALIGNMENT = 8


class Entry(NamedTuple):
    """A tensor of a file: its key, its type as safetensors call it (`F32`), its shape, the bytes of an element and of
    all, and its memory, which is asked for when it is written."""

    key: str
    dtype: str
    shape: tuple[int, ...]
    width: int
    length: int
    memory: Callable[[], memoryview]


def write_entries(entries: Iterable[Entry], file: BinaryIO, metadata: Mapping[str, str]) -> dict[str, int]:
    """Write tensors, the widest types first, so that all are aligned; gives by key where they begin. Equal ones give
    equal bytes. Raises OSError."""
    ordered = sorted(entries, key=lambda entry: -entry.width)
    header: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))}
    starts, end = {}, 0
    for entry in ordered:
        starts[entry.key], end = end, end + entry.length
        header[entry.key] = {
            "dtype": entry.dtype,
            "shape": entry.shape,
            "data_offsets": [starts[entry.key], end],
        }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    before = file.write(len(text).to_bytes(8, "little") + text)
    for entry in ordered:
        file.write(entry.memory())
    return {key: before + start for key, start in starts.items()}
