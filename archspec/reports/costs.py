"""What a network costs: its parameters, multiply-adds, and bytes of weights and of activations.

Activations are those of one inference at N = 1, in an executor that frees a tensor after its last
reader and copies nothing that torch can view: some layers hand on the tensor that they read.
docs/costs.md says what every number means, and how it was checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import NamedTuple

from archspec.dims import Condition, Dim, Symbol, System, evaluate, holds, product_of, symbol, symbols
from archspec.graph import Graph, Node, Value
from archspec.ops.base import Op
from archspec.types import DType


class Weights(NamedTuple):
    """Elements of the tensors that the layers own, each tensor once, and their bytes by element type."""

    parameters: int
    trainable: int
    buffers: int
    bytes_by_dtype: Mapping[DType, int]

    @property
    def bytes(self) -> int:
        return sum(self.bytes_by_dtype.values())


class Activations(NamedTuple):
    """Bytes that the layers' results take together, and the most that is alive at a time: the largest of
    `peak`, which are several only where it depends on symbols which one that is."""

    sum: Dim
    peak: tuple[Dim, ...]


def weights(graph: Graph) -> Weights:
    """Counted as torch does: BatchNorm's number of batches is a buffer of one element."""
    tensors = [tensor for _, _, tensor in graph.owned()]
    bytes_by_dtype: Counter[DType] = Counter()
    for tensor in tensors:
        bytes_by_dtype[tensor.dtype] += prod(tensor.shape) * tensor.dtype.bytes
    return Weights(
        parameters=sum(prod(tensor.shape) for tensor in tensors if not tensor.buffer),
        trainable=sum(prod(tensor.shape) for tensor in tensors if not tensor.buffer and tensor.trainable),
        buffers=sum(prod(tensor.shape) for tensor in tensors if tensor.buffer),
        bytes_by_dtype=dict(bytes_by_dtype.most_common()),
    )


def owned_parameters(node: Node) -> int:
    """The parameters that a layer owns: none where it applies another layer again."""
    return 0 if node.shared else sum(prod(tensor.shape) for tensor in node.parameters().values() if not tensor.buffer)


def macs(node: Node, one: Mapping[str, int]) -> Dim:
    """The multiply-adds of a layer in one inference; a layer that runs in training only has none."""
    return 0 if node.training_only else evaluate(node.op.macs(*node.input_types), one)


def one_of_a_batch(graph: Graph) -> dict[str, int]:
    """Size 1 for every symbol that names a batch: one that an input has on its axis N."""
    axes = [axis for value in graph.inputs for axis in zip(value.type.axes, value.type.shape, strict=True)]
    return {name: 1 for label, dim in axes if label == "N" for name in symbols(dim)}


def hands_on(op: Op) -> bool:
    """Whether the result is the first input's own tensor in evaluation mode, or a view of it."""
    return op.view or getattr(op, "inplace", False) is True


def owns_result(op: Op) -> bool:
    """Whether the result is a weight of the model."""
    return op.inputs == (0, 0)


def activation_bytes(node: Node, one: Mapping[str, int]) -> Dim:
    """The bytes that the results of a layer take in one inference: 0 where it hands on what is there already, and
    where it runs in training only."""
    if node.training_only or hands_on(node.op) or owns_result(node.op):
        return 0
    return sum((_bytes(value, one) for value in node.outputs), start=0)


def activations(graph: Graph, one: Mapping[str, int]) -> Activations:
    """The results that are no views, and the most bytes alive while a layer runs: its result, and every
    tensor made before it, a model input or a result, that it or a later layer reads or that is an output.
    """
    layers = [node for node in graph.nodes if not node.training_only]
    holder: dict[Value, Value | None] = {value: value for value in graph.inputs}  # of its bytes; None: the weights
    for node in layers:
        for value in node.outputs:
            holder[value] = holder[node.inputs[0]] if hands_on(node.op) else None if owns_result(node.op) else value
    read_last = {holder[value]: step for step, node in enumerate(layers) for value in node.inputs}
    read_last.update((holder[output.value], len(layers)) for output in graph.outputs if not output.training)

    def size(tensors: Iterable[Value | None]) -> Dim:
        return sum((_bytes(value, one) for value in tensors if value), start=0)

    alive = size(value for value in graph.inputs if value in read_last)
    total: Dim = 0
    moments = [alive]
    for step, node in enumerate(layers):
        made = activation_bytes(node, one)
        alive, total = alive + made, total + made
        moments.append(alive)
        used = {holder[value] for value in (*node.outputs, *node.inputs)}
        alive -= size(tensor for tensor in used if read_last.get(tensor, step) == step)
    return Activations(total, _largest(graph, dict.fromkeys(moments)))


def _bytes(value: Value, one: Mapping[str, int]) -> Dim:
    return product_of(evaluate(size, one) for size in value.type.shape) * value.type.dtype.bytes


def _largest(graph: Graph, sizes: Iterable[Dim]) -> tuple[Dim, ...]:
    """The largest size, or those of which none is the largest at every size that the network takes. What is plainly
    smaller goes first, since proofs take their time."""
    taken = System(each.condition for each in graph.requirements).sizes
    beyond = {name: symbol(name) + ((found.least or 1) - 1) for name, found in taken.items()}
    moved = {evaluate(size, beyond): size for size in sizes}  # so that the smallest sizes are 1 again
    left = _uncovered(moved, lambda a, b: _never_negative(a - b))
    left = _uncovered(left, lambda a, b: holds(Condition(a, ">=", b)) is True)
    return tuple(moved[size] for size in left)


def _uncovered(sizes: Iterable[Dim], covers: Callable[[Dim, Dim], bool]) -> list[Dim]:
    """The sizes that no other one covers."""
    left: list[Dim] = []
    for size in sizes:
        if not any(covers(other, size) for other in left):
            left = [*(other for other in left if not covers(size, other)), size]
    return left


def _never_negative(size: Dim) -> bool:
    """For certain: it is not where every symbol is 1, and no term of it falls as they grow."""
    if isinstance(size, int):
        return size >= 0
    at_one = evaluate(size, dict.fromkeys(symbols(size), 1))
    return (
        isinstance(at_one, int)
        and at_one >= 0
        and all(
            coefficient > 0 and all(isinstance(atom, Symbol) or _never_negative(atom.numerator) for atom in term)
            for term, coefficient in size.terms.items()
            if term
        )
    )
