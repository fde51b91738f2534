"""The arguments of an op as a spec says them: those that differ from the defaults, in their shortest form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from archspec.backends.spec.names import ExpandError
from archspec.backends.spec.sizes import Spell, spelled
from archspec.dims import Dim, Symbolic
from archspec.graph import Node
from archspec.ops.base import Op
from archspec.ops.initialization import Recipe
from archspec.types import TensorType

_INPUT_SIDE = {
    "in_channels": (0, 1),
    "num_features": (0, 1),
    "num_channels": (0, 1),
    "in_features": (0, -1),
    "in1_features": (0, -1),
    "in2_features": (1, -1),
    "input_size": (0, -1),
    "embed_dim": (0, -1),
    "kdim": (1, -1),
    "vdim": (2, -1),
    "normalized_shape": (0, -1),
}  # which axis of which input tells them


def arguments(op: Op) -> dict[str, Any]:
    """What differs from the defaults. Symbolic sizes are left as they are."""
    full = {name: getattr(op, name) for name in op.written()}
    return {name: _shortest(op, name, value, full) for name, value in full.items()}


def input_side(node: Node) -> dict[str, int]:
    """The sizes that weights are made for where a symbolic size of the input has to be a number: a spec that has the
    symbol itself has to say them. Raises ExpandError for an op that has no argument for that."""
    if node.settled is None:
        return {}
    sides = {name: side for name, side in _INPUT_SIDE.items() if name in type(node.op).model_fields}
    if not sides:
        message = f"`{node.path}` is made for one size of what is a symbol here: give that input's size as a number"
        raise ExpandError(message)
    sizes = {name: _size(node.settled, *side) for name, side in sides.items() if getattr(node.op, name) is None}
    before = tuple(value.type for value in node.inputs)
    return {
        name: size for name, size in sizes.items() if isinstance(size, int) and size != _size(before, *sides[name])
    }


def _size(types: Sequence[TensorType], index: int, axis: int) -> Dim:
    """A size of an input, of the only one where there are fewer."""
    return types[min(index, len(types) - 1)].shape[axis]


def with_expressions(values: Mapping[str, Any], spell: Spell) -> dict[str, Any] | None:
    """The arguments with their symbolic sizes spelled out; None where that cannot be done."""
    try:
        return {name: _spelled(value, spell) for name, value in values.items()}
    except KeyError:
        return None


def _shortest(op: Op, name: str, value: Any, full: Mapping[str, Any]) -> Any:
    """A value as it is written: one number for equal ones where that means the same."""
    if isinstance(value, Recipe):
        return initialiser(value)
    if not isinstance(value, tuple):
        return value
    if value and all(type(item) is type(value[0]) and item == value[0] for item in value):
        try:
            if getattr(type(op).model_validate({**full, name: value[0]}), name) == value:
                return value[0]
        except ValidationError:
            pass
    return list(value)


def initialiser(recipe: Recipe) -> Any:
    """How `Parameter` and `Buffer` say how they start."""
    name, given = recipe
    if name == "constant":
        return given["val"]
    return {name: dict(given)} if given else name


def _spelled(value: Any, spell: Spell) -> Any:
    if isinstance(value, list):
        return [_spelled(item, spell) for item in value]
    if isinstance(value, Symbolic):
        text = spelled(value, spell)
        if text is None:
            raise KeyError(value)
        return text
    return value
