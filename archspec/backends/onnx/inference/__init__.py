"""The sizes and element types of the values between a layer's nodes, exact and symbolic, by our own rules.

Elaboration knows what goes into a layer and what comes out. What is in between follows here from the nodes, by
the specification of their operators, and ends at the layer's output, where the two have to meet.
"""

from __future__ import annotations

from collections.abc import Sequence

from archspec.backends.onnx.inference import elementwise, movement, products, windows  # their rules register
from archspec.backends.onnx.inference.known import RULES, Application, Known, Unknown

__all__ = ["Application", "Known", "elementwise", "infer", "movement", "products", "windows"]


def infer(op_type: str, node: Application) -> Sequence[Known | None]:
    """What is known of a node's outputs; None where there is no rule, or something is missing."""
    found = RULES.get(op_type)
    nothing = [None] * node.outputs
    if found is None:
        return nothing
    try:
        return found(node)
    except Unknown:
        return nothing
