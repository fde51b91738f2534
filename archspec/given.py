"""What a caller gives beside the spec (`--set`, `--input`, keyword arguments), as nodes with a place
of their own, so that what is wrong with them is a diagnostic like any other.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from enum import Enum

from archspec.diagnostics import Diagnostics, SpecError, whole_file
from archspec.source import SourceFile
from archspec.syntax import tree
from archspec.syntax.reader import read
from archspec.syntax.tree import Node, Scalar

Arguments = dict[str, tuple[Scalar, Node]]
Shape = str | Sequence[int | str] | Sequence[Scalar]


def settings(items: Sequence[str]) -> Arguments:
    """`name=value` items, the values as YAML. Raises SpecError for one that does not parse."""
    found: Arguments = {}
    for item in items:
        name, _, text = item.partition("=")
        diagnostics = Diagnostics()
        file = SourceFile(f"--set {name}", text)
        if name.strip() and text.strip():
            node = read(file, diagnostics)
        else:
            node = None
            place = whole_file(f"--set {item}")
            diagnostics.add("A207", f"`{item}` sets nothing", place, helps=["write `--set name=value`"])
        if node is None or diagnostics.has_errors:
            raise SpecError(diagnostics)
        found[name] = (_key(name, file), node)
    return found


def together(args: Mapping[str, object] | None, more: Mapping[str, object]) -> dict[str, object]:
    """The args of a spec, some in a mapping and some as keywords. Raises TypeError for one that is in both."""
    if twice := [name for name in more if name in (args or {})]:
        raise TypeError(f"the arg `{twice[0]}` is given twice: in `args`, and as a keyword")
    return {**(args or {}), **more}


def weights_name(weights: object) -> str | None:
    """What weights are called: a name, a file, or a member of torchvision's enum. Raises TypeError for all else."""
    if weights is None or isinstance(weights, str):
        return weights
    if isinstance(weights, os.PathLike):
        return str(os.fspath(weights))
    if isinstance(weights, Enum):
        return str(weights)
    message = f"weights are a name, a file, or a member of torchvision's enum, and not of type {type(weights).__name__}"
    way_out = "; a state_dict is loaded by the module's `load_state_dict`" if isinstance(weights, Mapping) else ""
    raise TypeError(f"{message}{way_out}")


def plugin_names(plugins: Sequence[str]) -> tuple[str, ...]:
    """The names of plugins; one alone may be given as it is."""
    return (plugins,) if isinstance(plugins, str) else tuple(plugins)


def from_python(values: Mapping[str, object]) -> Arguments:
    """Python values as arguments; a text means what it means in YAML. Raises TypeError for what YAML has not."""
    found: Arguments = {}
    for name, value in values.items():
        if not isinstance(name, str):
            raise TypeError(f"an arg is named by text, and not by {name!r}")
        file = SourceFile(f"{name}=", str(value))
        found[name] = (_key(name, file), _node(value, file))
    return found


def _key(name: str, file: SourceFile) -> Scalar:
    span = file.span(0, len(file.text))
    return Scalar(name, name, span, span)


def _node(value: object, file: SourceFile) -> Node:
    span = file.span(0, len(file.text))
    if isinstance(value, (list, tuple, range)):
        return tree.Sequence([_node(item, file) for item in value], span)
    if value is None or isinstance(value, (bool, int, float, str)):
        text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        return Scalar(value, text, span, span)
    raise TypeError(f"{file.path}{value!r}: an argument is a number, a bool, a text, None or a list of these")


def shapes(given: Mapping[str, Shape] | Sequence[str] | str) -> dict[str, list[Scalar]]:
    """Input shapes: a mapping, or items such as `1x3x320x320` (the only input) and `image=N,3,H,W`, or one item."""
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, Mapping):
        pairs = [item.rpartition("=")[::2] for item in given]
        given = dict(pairs)
    return {name: _sizes(name, shape) for name, shape in given.items()}


def _sizes(name: str, shape: Shape) -> list[Scalar]:
    if isinstance(shape, str):
        sizes = [part.strip() for part in shape.split("," if "," in shape else "x")]
    elif placed := [size for size in shape if isinstance(size, Scalar)]:  # where somebody wrote them
        return placed
    else:
        sizes = [str(size) for size in shape]
    file = SourceFile(f"--input {name}=" if name else "--input", ",".join(sizes))
    found, start = [], 0
    for size in sizes:
        span = file.span(start, start + len(size))
        number = int(size) if size.isdecimal() and len(size) < 16 else size
        found.append(Scalar(number, size, span, span))
        start += len(size) + 1
    return found
