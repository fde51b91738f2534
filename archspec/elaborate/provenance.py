"""Where a size comes from: from a value back to the layer, or the input of the model, that set it.

What an op does to a size is found by asking the op itself: it infers through inputs whose sizes are markers. An output
size that is a marker is passed on from there, one that is a number was set by an argument, and anything else is made
by the op from what it reads. Errors alone ask, so that it may take its time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from archspec.dims import Dim, Symbolic, symbol
from archspec.graph import Node, Value
from archspec.ops.base import Fact, Op, OpError, Unsettled
from archspec.source import Span
from archspec.types import SPATIAL, TensorType

_FORMING = ("stride", "scale_factor", "kernel_size", "size")  # arguments that make sizes of others, as they are blamed


class Told(NamedTuple):
    """What is said about a size: where it comes from, what it is, what happened there, and how it was worked out."""

    span: Span
    what: str
    how: str
    note: str = ""


def tell(facts: Sequence[Fact], values: Sequence[Value], given: Mapping[str, Sequence[Span]]) -> list[Told]:
    """Where the sizes that a refusal is about come from, each place once. `given`: the sizes of the model's inputs, as
    they are written."""
    found: dict[tuple[Span, str], Told] = {}
    for fact in facts:
        value = values[fact.input]
        said = _rank(value, given) if fact.axis is None else _size(value, fact.axis % value.type.rank, given)
        if said is None:
            continue
        before = found.get((said.span, said.how))
        if before is not None and before.what != said.what:  # two uses of one block, say
            said = said._replace(what=f"{before.what} and {said.what}")
        found[said.span, said.how] = said
    return list(found.values())


def _size(value: Value, axis: int, given: Mapping[str, Sequence[Span]]) -> Told | None:
    value, axis = origin(value, axis)
    size, node, what = value.type.shape[axis], value.node, value.type.measure(axis)
    if node is None:
        spans = given.get(value.name)
        return Told(spans[axis], what, "given here") if spans else None
    argument = set_by(node, value.index, axis)
    if argument is not None:
        return Told(_place(node, argument), what, "set here")
    formula = node.op.arithmetic(*node.input_types).get(axis) if value.index == 0 else None
    note = f"{what} of `{node.path}`: {formula} = {size}" if formula else ""
    place = next((_place(node, name) for name in _FORMING if _forms(node, name)), node.origin.span)
    before = _before(node, value.type.axes[axis])
    if before is None:
        return Told(place, what, "made here", note)
    return Told(place, f"{before} {value.type.counts(axis)}", f"become {size} here", note)


def _rank(value: Value, given: Mapping[str, Sequence[Span]]) -> Told | None:
    """Where a value got as many axes as it has."""
    rank = value.type.rank
    while value.node is not None and value.node.inputs and value.node.inputs[0].type.rank == rank:
        value = value.node.inputs[0]
    if value.node is None:
        spans = given.get(value.name)
        if not spans:
            return None
        whole = Span(spans[0].file, spans[0].start, spans[-1].end)
        return Told(whole, _axes(rank), "given here")
    read = value.node.inputs
    if not read:
        return Told(value.node.origin.span, _axes(rank), "set here")
    return Told(value.node.origin.span, _axes(read[0].type.rank), f"become {rank} here")


def _axes(count: int) -> str:
    return f"{count} axis" if count == 1 else f"{count} axes"


def origin(value: Value, axis: int) -> tuple[Value, int]:
    """The first value, on the way back, whose size along this axis is not its layer's input's."""
    while value.node is not None and (source := _passed_on(value.node, value.index, axis)) is not None:
        value, axis = value.node.inputs[source.input], source.axis or 0
    return value, axis


def _passed_on(node: Node, index: int, axis: int) -> Fact | None:
    """The input's axis whose size the output has; None where the op makes or sets it."""
    markers: dict[Dim, Fact] = {}
    types = [_marked(type_, number, markers) for number, type_ in enumerate(node.input_types)]
    try:
        found = _inferred(node.op, types, node.input_types, markers)[index].shape[axis]
    except OpError:
        return None
    if found in markers:
        return markers[found]
    made = found != node.outputs[index].type.shape[axis]  # of markers otherwise than of their numbers
    if not isinstance(found, int) or made or set_by(node, index, axis) is not None:
        return None
    return next(_of_this_size(node, found, index, axis), None)


def _marked(type_: TensorType, number: int, markers: dict[Dim, Fact]) -> TensorType:
    """The type with sizes that tell where they come from; 1 stays, because it broadcasts, and 0."""
    sizes: list[Dim] = []
    for axis, size in enumerate(type_.shape):
        marker = size if isinstance(size, int) and size < 2 else symbol(f"size{number}_{axis}")
        markers.setdefault(marker, Fact(number, axis))
        sizes.append(marker)
    return type_._replace(shape=tuple(sizes))


def _inferred(
    op: Op, types: list[TensorType], numbers: Sequence[TensorType], markers: dict[Dim, Fact]
) -> tuple[TensorType, ...]:
    """The output types, with the numbers themselves where the op has to know them. Raises OpError."""
    while True:
        try:
            result = op.infer(*types)
            return (result,) if isinstance(result, TensorType) else result
        except Unsettled as error:
            fact = markers.pop(error.size, None)
            if fact is None or fact.axis is None:
                raise
            shape = list(types[fact.input].shape)
            shape[fact.axis] = numbers[fact.input].shape[fact.axis]
            if isinstance(shape[fact.axis], Symbolic):
                raise
            types[fact.input] = types[fact.input]._replace(shape=tuple(shape))


def _of_this_size(node: Node, size: int, index: int, axis: int) -> Iterator[Fact]:
    """The axes of inputs that have the size of an output, and its label, where the op has to know their sizes."""
    label = node.outputs[index].type.axes[axis]
    for number, type_ in enumerate(node.input_types):
        for k, found in enumerate(type_.shape):
            if found == size and type_.axes[k] == label:
                yield Fact(number, k)


def set_by(node: Node, index: int, axis: int) -> str | None:
    """The argument that gives a size: with another number for it, the size is another."""
    size = node.outputs[index].type.shape[axis]
    if not isinstance(size, int):
        return None
    for name in node.op.model_fields_set:
        for changed in _others(getattr(node.op, name), size):
            values = {field: getattr(node.op, field) for field in node.op.model_fields_set} | {name: changed}
            try:
                result = type(node.op).model_validate(values).infer(*node.input_types)
            except (OpError, ValidationError):
                continue
            types = (result,) if isinstance(result, TensorType) else result
            if index < len(types) and axis < types[index].rank and types[index].shape[axis] != size:
                return name
    return None


def _others(value: Any, size: int) -> Iterator[Any]:
    """An argument with other numbers in the place of one: the next, and the double, which a group count may want."""
    if type(value) is int and value == size:
        yield from (size + 1, 2 * size)
    elif isinstance(value, tuple):
        for k, item in enumerate(value):
            yield from ((*value[:k], other, *value[k + 1 :]) for other in _others(item, size))


def _forms(node: Node, name: str) -> bool:
    """Whether an argument is written that makes sizes of others; a step of 1 does not."""
    return name in node.origin.arguments and not (name == "stride" and set(getattr(node.op, name) or ()) == {1})


def _place(node: Node, argument: str) -> Span:
    """Where an argument was written; where that is the name of an argument of the block around it, where the caller
    wrote that one."""
    span = node.origin.arguments.get(argument, node.origin.span)
    for use in reversed(node.origin.within):
        outer = use.written(span.text) if span.text.isidentifier() else None
        if outer is None:
            break
        span = outer
    return span


def _before(node: Node, label: str | None) -> Dim | None:
    """The size that the input has along a spatial axis of this label."""
    axes = node.input_types[0].axes if node.inputs else ()
    return node.input_types[0].shape[axes.index(label)] if label in SPATIAL and label in axes else None
