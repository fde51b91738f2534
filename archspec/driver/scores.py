"""What a network gives at its end: scores of classes, or what makes probabilities of them."""

from __future__ import annotations

from archspec.graph import Value
from archspec.ops.axes import Squeeze
from archspec.ops.conversion import ToDtype
from archspec.ops.regularization import Dropout
from archspec.ops.shape import Flatten, Reshape
from archspec.ops.sigmoid import Sigmoid
from archspec.ops.softmax import LogSoftmax, Softmax
from archspec.ops.tensor import Identity

_SAME = (Identity, Dropout, ToDtype, Flatten, Reshape, Squeeze)  # layers that leave probabilities what they are


def scores_of(output: Value) -> tuple[Value, Softmax | LogSoftmax | Sigmoid | None]:
    """The scores that an output is made of, and the layer that makes probabilities of them, or their logarithms; the
    output itself and None where there is no such layer."""
    value = output
    while value.node is not None and isinstance(value.node.op, _SAME):
        value = value.node.inputs[0]
    node = value.node
    if node is None or not isinstance(node.op, Softmax | LogSoftmax | Sigmoid):
        return output, None
    return node.inputs[0], node.op
