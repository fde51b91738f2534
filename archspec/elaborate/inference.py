"""What a layer takes from its inputs: sizes that an op infers where the spec writes none, and whence they come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from archspec.derivation import Derivation
from archspec.elaborate.provenance import origin, set_by
from archspec.graph import Node, Value
from archspec.ops.base import Fact, OpError, TorchModule
from archspec.source import Span

Given = Mapping[str, Sequence[Span]]
"""The sizes of the model's inputs, as they are written."""


def inferred_argument(node: Node, name: str, given: Given) -> Derivation | None:
    """An argument that the spec does not write, as the op infers it; None where it keeps its default."""
    recipe = node.op.to_torch(*node.input_types)
    value = recipe.arguments.get(name) if isinstance(recipe, TorchModule) else None
    if getattr(node.op, name) is not None or value is None:
        return None
    fact = _read_off(node, name, value)
    if fact is None or fact.axis is None:
        return Derivation(name, value, "inferred", "from its input")
    about, text, place = size_in_words(node.inputs[fact.input], fact.axis, given)
    return Derivation(name, value, "inferred", about, text, place)


def _read_off(node: Node, name: str, value: Any) -> Fact | None:
    """The axis of an input that an argument is inferred from: the one that the op names when it is told otherwise."""
    wrong = value + 1 if isinstance(value, int) else (*value[:-1], value[-1] + 1)
    written = {field: getattr(node.op, field) for field in node.op.model_fields_set}
    try:
        type(node.op).model_validate({**written, name: wrong}).infer(*node.input_types)
    except OpError as error:
        return next(iter(error.facts), None) if error.field == name else None
    except ValidationError:
        return None
    return None


def size_in_words(value: Value, axis: int, given: Given) -> tuple[str, str, Span | None]:
    """Whose size an axis is and what set it, in words; what is written there, and where."""
    what = f"the {value.type.counts(axis)} of {value.name}"
    first, axis = origin(value, axis % value.type.rank)
    node = first.node
    if node is None:
        spans = given.get(first.name)
        place = spans[axis] if spans else None
        whose = what if first is value else f"{what}, from the input {first.name}"
        return whose, place.text if place else "", place
    argument = set_by(node, first.index, axis)
    if argument is not None:
        place = node.origin.arguments.get(argument, node.origin.span)
        return f"{what}, set by {argument} of {node.path}", place.text, place
    formula = node.op.arithmetic(*node.input_types).get(axis) if first.index == 0 else None
    made = f": {formula}" if formula else ""
    by = "made there" if first is value else f"made by {node.path}"
    return f"{what}, {by}{made}", "", node.origin.span
