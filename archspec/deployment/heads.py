"""What stands behind a network: from logits to probabilities, and to the greatest of them."""

from __future__ import annotations

from typing import NamedTuple

from archspec.deployment.layers import DeployError, Layers, unused
from archspec.graph import Graph, Node, Output, Value
from archspec.ops.base import axis_of
from archspec.ops.ranking import TopK
from archspec.ops.softmax import Softmax
from archspec.types import TensorType

SCORES, CLASSES = "scores", "classes"


class Head(NamedTuple):
    """What comes out: the logits as they are, or their softmax, or its `k` greatest entries."""

    softmax: bool = False
    k: int = 0  # 0: all

    @classmethod
    def of(cls, written: str) -> Head:
        """`logits`, `softmax` or `topk=5`. Raises DeployError."""
        name, _, number = written.partition("=")
        if written in ("logits", "softmax"):
            return cls(written == "softmax")
        if name == "topk" and number.isascii() and number.isdecimal() and int(number):
            return cls(True, int(number))
        raise DeployError(f"the head `{written}` is none of logits, softmax and topk=K, where K is 1 or more")


def put_behind(graph: Graph, head: Head, used: set[str]) -> None:
    """Add a head to a graph."""
    output = next(output for output in graph.outputs if not output.training)
    axis = _fitting_axis(output, head)
    node = output.value.node
    layers = Layers(unused("head", used), output.value, node.origin if node else graph.nodes[-1].origin)
    found: tuple[Value, ...] = (output.value,)
    if not _is_softmax(node, axis):
        found = layers.add("softmax", Softmax(dim=axis))
    elif not head.k:
        raise DeployError(f"the output `{output.name}` is a softmax as it is: leave the head out")
    if head.k:
        found = layers.add("topk", TopK(k=head.k, dim=axis))
    layers.join(graph, at=len(graph.nodes))
    outputs = (Output(unused(name, used), value) for name, value in zip((SCORES, CLASSES), found, strict=False))
    graph.outputs = tuple(each for old in graph.outputs for each in (outputs if old is output else (old,)))


def _fitting_axis(output: Output, head: Head) -> int:
    """The axis of an output along which the classes are, of which there have to be enough."""
    type_, name = output.value.type, f"the output `{output.name}`, {output.value.type},"
    if not type_.dtype.is_floating:
        raise DeployError(f"{name} holds no logits but {type_.dtype}: it takes no head")
    axis = _axis_of_classes(type_)
    if axis is None:
        raise DeployError(f"{name} has no axis that is known to be the classes: it takes no head")
    classes = type_.shape[axis]
    if classes == 1:
        raise DeployError(f"{name} has 1 class, of which any softmax is 1: a Sigmoid would make it a probability")
    if isinstance(classes, int) and classes < head.k:
        raise DeployError(f"{name} has {classes} classes: topk={head.k} asks for more")
    return axis


def _axis_of_classes(type_: TensorType) -> int | None:
    """Axis 1 of `[N, K]`, or the channels; None where neither is known."""
    if "C" in type_.axes:
        return type_.axes.index("C")
    return 1 if type_.rank == 2 else None


def classes_of(graph: Graph) -> int | None:
    """How many classes the first output that evaluation gives tells apart; None where that is not known."""
    type_ = next(output.value.type for output in graph.outputs if not output.training)
    axis = _axis_of_classes(type_)
    size = None if axis is None else type_.shape[axis]
    return size if isinstance(size, int) else None


def _is_softmax(node: Node | None, axis: int) -> bool:
    if node is None or not isinstance(node.op, Softmax):
        return False
    return axis_of("dim", node.op.dim, node.outputs[0].type.rank) == axis
