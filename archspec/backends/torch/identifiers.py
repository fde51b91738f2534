"""Names in generated source: every layer name becomes a Python name, or is quoted where it is none."""

from __future__ import annotations

import re
from collections.abc import Container
from keyword import iskeyword


def is_plain(name: str) -> bool:
    """Whether `name` can be written after a dot. Python normalises letters outside ASCII and mangles
    a leading `__`, so that such names would be looked up under another spelling."""
    return name.isascii() and name.isidentifier() and not iskeyword(name) and not name.startswith("__")


def attribute(holder: str, name: str) -> str:
    """The source that reads `name` of `holder`."""
    return f"{holder}.{name}" if is_plain(name) else f"getattr({holder}, {name!r})"


def local_name(name: str) -> str:
    """A variable's name after a layer's: `block1-0` gives `block1_0`, `3` gives `layer_3`."""
    word = re.sub(r"\W", "_", name, flags=re.ASCII).lstrip("_") or "value"
    if word[0].isdigit():
        word = f"layer_{word}"
    return f"{word}_" if iskeyword(word) or word in _RESERVED else word


_RESERVED = {"self", "torch", "getattr"}


def last_word(path: str) -> str:
    """The end of a path from its last name that is no number: `stage.layer1.5` gives `layer1.5`."""
    match = re.search(r"[^.]*[^.\d][^.]*(\.\d+)*$", path)
    return match.group() if match else path


def unused(name: str, taken: Container[str]) -> str:
    """`name`, or `name_2`, `name_3`, ... where it is taken."""
    if name not in taken:
        return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def class_name(*candidates: str) -> str:
    """The first of `candidates` with a letter to begin with, as a class name: `spatial-gate` gives `SpatialGate`."""
    for text in candidates:
        words = re.findall(r"[A-Za-z0-9]+", text)
        name = "".join(word[0].upper() + word[1:] for word in words)
        if name and name[0].isalpha():
            return f"{name}_" if iskeyword(name) else name
    return "Layers"
