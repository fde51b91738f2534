"""Which inputs and outputs of a file are which of a network: by name, else by element type and shape.

Other exporters have names of their own. What is paired otherwise than by name is an assumption, and is told as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

import onnx

from archspec.dims import symbols
from archspec.graph import Graph
from archspec.types import TensorType

Size: TypeAlias = int | str | None
"""Of an axis in a file: a number, a name, or nothing at all."""

_FLOATS = {"float16", "float32", "float64"}
_WHOLE = {"int32", "int64"}


class Port(NamedTuple):
    """An input or output: its name, what its elements are, and its sizes; None where a file doesn't tell."""

    name: str
    kind: str  # of its elements, as torch calls it
    shape: tuple[Size, ...] | None

    def __str__(self) -> str:
        sizes = "any shape" if self.shape is None else " x ".join("?" if d is None else str(d) for d in self.shape)
        return f"{self.name} ({self.kind}, {sizes})"


class Ports(NamedTuple):
    """The inputs and outputs of a file, in the order of the network's, and what was assumed in pairing them."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    assumptions: tuple[str, ...]
    in_order: bool  # whether the file's inputs come in the network's order


class PortsError(Exception):
    """The inputs or outputs of a file are not those of the network, or not beyond doubt."""


Fits: TypeAlias = Callable[[Port, Port], bool]


def pair_ports(graph: Graph, model: onnx.ModelProto) -> Ports:
    """Each input and output of a network with the file's. Raises PortsError."""
    given, made = ports_in(model)
    inputs, notes = _paired("input", [port_of(value.name, value.type) for value in graph.inputs], given)
    if spare := [port for port in given if port not in inputs]:
        raise PortsError(f"the file has an input that the network lacks: {spare[0]}")
    wanted = [port_of(output.name, output.value.type) for output in graph.outputs if not output.training]
    outputs, more = _paired("output", wanted, made)
    ignored = [f"the file's output {port} is ignored" for port in made if port not in outputs]
    return Ports(inputs, outputs, (*notes, *more, *ignored), in_order=list(inputs) == given)


def ports_in(model: onnx.ModelProto) -> tuple[list[Port], list[Port]]:
    """The inputs and the outputs of a file, in its order; what it has a value for is no input."""
    tensors = {tensor.name for tensor in model.graph.initializer}
    inputs = [_read(value) for value in model.graph.input if value.name not in tensors]
    return inputs, [_read(value) for value in model.graph.output]


def fixed_sizes(graph: Graph, ports: Ports) -> dict[str, int]:
    """The symbols of a network's inputs for which a file has numbers."""
    pairs = ((value.type.shape, port.shape or ()) for value, port in zip(graph.inputs, ports.inputs, strict=True))
    axes = (axis for network, file in pairs for axis in zip(network, file, strict=False))
    return {str(size): number for size, number in axes if isinstance(number, int) and symbols(size) == {str(size)}}


def _paired(what: str, wanted: Sequence[Port], found: Sequence[Port]) -> tuple[tuple[Port, ...], list[str]]:
    """The file's port for each that is wanted, and what was assumed."""
    named = {port.name: port for port in found}
    pairs = {port.name: named[port.name] for port in wanted if port.name in named}
    for port in wanted:
        if port.name in pairs and not _alike(port, pairs[port.name]):
            raise PortsError(f"the {what} {port} of the network is {pairs[port.name]} in the file")
    for fits in (_same_sizes, _alike):
        pairs = _forced(wanted, found, pairs, fits)
    for port in wanted:
        if port.name not in pairs:
            raise _unpaired(what, port, [other for other in found if other not in pairs.values()])
    notes = [
        f"the {what} `{port.name}` is the file's {pairs[port.name]}, by type and shape"
        for port in wanted
        if pairs[port.name].name != port.name
    ]
    return tuple(pairs[port.name] for port in wanted), notes


def _forced(wanted: Iterable[Port], found: Iterable[Port], pairs: dict[str, Port], fits: Fits) -> dict[str, Port]:
    """The pairs and all that follows from them: who has but one candidate left gets it."""
    pairs = dict(pairs)
    while True:
        free = [port for port in found if port not in pairs.values()]
        open_ = [port for port in wanted if port.name not in pairs]
        choices = {port.name: [other for other in free if fits(port, other)] for port in open_}
        name = next((name for name, candidates in choices.items() if len(candidates) == 1), None)
        if name is None:
            return pairs
        pairs[name] = choices[name][0]


def _unpaired(what: str, port: Port, left: Sequence[Port]) -> PortsError:
    candidates = [other for other in left if _alike(port, other)]
    if not candidates:
        there = f"; there is {', '.join(map(str, left))}" if left else ""
        return PortsError(f"the file has no {what} for the network's {port}{there}")
    return PortsError(
        f"the network's {what} {port} may be any of {', '.join(map(str, candidates))}: "
        f"call the file's {what}s what the network calls them"
    )


def _same_sizes(wanted: Port, found: Port) -> bool:
    """Whether no two sizes that both are numbers differ."""
    if not _alike(wanted, found) or found.shape is None or wanted.shape is None:
        return _alike(wanted, found)
    sizes = zip(wanted.shape, found.shape, strict=True)
    return all(one == other for one, other in sizes if isinstance(one, int) and isinstance(other, int))


def _alike(wanted: Port, found: Port) -> bool:
    """Whether the elements are of one kind, be it in more or fewer bits, and the axes as many."""
    kinds = {wanted.kind, found.kind}
    axes = found.shape is None or wanted.shape is None or len(found.shape) == len(wanted.shape)
    return axes and (len(kinds) == 1 or kinds <= _FLOATS or kinds <= _WHOLE)


def port_of(name: str, type_: TensorType) -> Port:
    """An input or output of a network, as a file would have it."""
    return Port(name, str(type_.dtype), tuple(size if isinstance(size, int) else str(size) for size in type_.shape))


def _read(value: onnx.ValueInfoProto) -> Port:
    tensor = value.type.tensor_type
    kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type).name if tensor.elem_type else "of unknown type"
    sizes = (dim.dim_value if dim.HasField("dim_value") else dim.dim_param or None for dim in tensor.shape.dim)
    return Port(value.name, kind, tuple(sizes) if tensor.HasField("shape") else None)
