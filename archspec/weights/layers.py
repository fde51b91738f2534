"""The tensors of weights by the layers that have them, as far as keys tell."""

from __future__ import annotations

import re
from collections.abc import Mapping


def natural(key: str) -> list[str | int]:
    """What to sort keys by, so that layer 2 stands before layer 10."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"([0-9]+)", key)]


def by_layer(told: Mapping[str, str]) -> dict[str, list[str]]:
    """What is told of each key, by path and behind the tensor's name: `conv1` has `weight 64x3x7x7`. A tensor that is
    a layer by itself has no other name."""
    found: dict[str, list[str]] = {}
    for key, text in told.items():
        path, dot, name = key.rpartition(".")
        found.setdefault(path if dot else key, []).append(f"{name} {text}" if dot else text)
    return found


def layers(count: int) -> str:
    """So many layers."""
    return "1 layer" if count == 1 else f"{count:,} layers"
