"""What the command line changes in a recipe, as nodes of its tree: so that what is wrong with them has a place too."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from archspec.recipes.shorthand import lengthen
from archspec.source import SourceFile
from archspec.syntax.tree import Mapping as MappingNode
from archspec.syntax.tree import Node, Scalar, Sequence
from archspec.types import in_spec
from archspec.zoo.targets import is_file_name, is_path

_OPTIONS = {"model.target": "TARGET", "data.source": "--data", "data.image_folder": "--data"}
_IN_PLACE_OF = {"data.source": "image_folder", "data.image_folder": "source"}
_NODES = (Scalar, Sequence, MappingNode)
_PATHS: dict[str, Callable[[str], bool]] = {
    "model.target": is_path,
    "model.weights": is_file_name,
    "model.zoo": is_path,
    "data.image_folder": bool,
    "data.folder": bool,
}


def override(root: MappingNode, overrides: Mapping[str, object]) -> None:
    """Put values in their places in a recipe's tree. Their file is called as the option is: `--batch-size`, mostly by
    the last key."""
    for path, value in overrides.items():
        *around, last = path.split(".")
        if isinstance(value, _NODES):
            file = value.span.file
        else:
            file = SourceFile(_OPTIONS.get(path, f"--{last.replace('_', '-')}"), in_spec(value))
        mapping = root
        for name in around:
            mapping = _inner(mapping, name, file)
        if path in _IN_PLACE_OF:
            mapping.entries.pop(_IN_PLACE_OF[path], None)
        if isinstance(value, str) and path in _PATHS and _PATHS[path](value):
            value = os.path.abspath(value)  # from here, and not from the recipe's folder
        mapping.entries[last] = (_key(last, file), _node(value, file))


def _inner(mapping: MappingNode, name: str, file: SourceFile) -> MappingNode:
    """The mapping under a key, made where there is none."""
    lengthen(mapping, name)
    found = mapping.get(name)
    if not isinstance(found, MappingNode):
        found = MappingNode({}, file.span(0, len(file.text)))
        mapping.entries[name] = (_key(name, file), found)
    return found


def _key(name: str, file: SourceFile) -> Scalar:
    span = file.span(0, len(file.text))
    return Scalar(name, name, span, span)


def _node(value: object, file: SourceFile) -> Node:
    if isinstance(value, _NODES):
        return value
    span = file.span(0, len(file.text))
    if isinstance(value, Mapping):
        return MappingNode({str(key): (_key(str(key), file), _node(item, file)) for key, item in value.items()}, span)
    if isinstance(value, list | tuple):
        return Sequence([_node(item, file) for item in value], span)
    assert value is None or isinstance(value, str | int | float | bool)
    return Scalar(value, in_spec(value), span, span)
