"""What a layer's own input shows: A402, A403, A405 and A406, and which rules an op is asked at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from archspec.elaborate.provenance import origin
from archspec.graph import Node
from archspec.lint.heads import report_heavy_linear
from archspec.lint.network import Network, label
from archspec.lint.windows import report_dropped_rows
from archspec.ops.base import Op
from archspec.ops.elementwise import Activation

Rule: TypeAlias = Callable[[Node, Network], None]


@cache
def rules_of(op: type[Op]) -> tuple[Rule, ...]:
    """The rules that look at layers of this op."""
    name = op.__name__
    if name == "Linear":
        return (_report_linear_on_width, report_heavy_linear)
    if name.startswith("BatchNorm"):
        return (_report_bias_in_front,)
    if issubclass(op, Activation):
        return (_report_activation_again,)
    if "batch_first" in op.model_fields:
        return (_report_along_the_batch,)
    if {"kernel_size", "stride"} <= op.model_fields.keys() and not name.startswith(("ConvTranspose", "MaxUnpool")):
        return (report_dropped_rows,)
    return ()


def _report_linear_on_width(node: Node, network: Network) -> None:
    shape = node.inputs[0].type
    if shape.axes[-1] != "W":
        return
    setter = origin(node.inputs[0], shape.rank - 1)[0].node
    if setter is None or type(setter.op) is not type(node.op):  # else the same mistake, told of the first of them
        message = f"`{node.path}` acts on the width of a feature map ({shape}), each row by itself"
        network.warn("A402", node, message, helps=["put a Flatten in front of it"])


def _report_along_the_batch(node: Node, network: Network) -> None:
    """torch's default for attention and recurrence is a sequence along the first axis."""
    shape = node.inputs[0].type
    if shape.axes[0] == "N" and not getattr(node.op, "batch_first", True):
        from archspec.lint.edits import write_argument

        message = f"`{node.path}` runs along the first axis, which is the batch ({shape})"
        network.warn("A403", node, message, argument="batch_first", helps=[write_argument(node, "batch_first", "true")])


def _report_bias_in_front(node: Node, network: Network) -> None:
    """BatchNorm subtracts the mean of each channel, and a bias with it."""
    value = node.inputs[0]
    before = value.node
    if before is None or not type(before.op).__name__.startswith("Conv") or not getattr(before.op, "bias", False):
        return
    if network.readers[value] == 1:
        network.warn(
            "A405",
            before,
            f"the bias of `{before.path}` has no effect, because `{node.path}` takes the mean of each channel away",
            argument="bias",
            labels=[label(node, "and the bias with it")],
            helps=["write `bias: false`", "`allow: [A405]` where published weights have the bias"],
        )


def _report_activation_again(node: Node, network: Network) -> None:
    before = network.handed_on(node.inputs[0]).node
    if before is None or type(before.op) is not type(node.op):
        return
    if before.op is node.op or _numbers(before.op) == _numbers(node.op):
        name = type(node.op).__name__
        network.warn(
            "A406",
            node,
            f"`{node.path}` applies {name} to what {name} gave",
            labels=[label(before, f"`{before.path}` applies it first")],
            helps=["remove one of the two, or put the layer between them that is missing"],
        )


def _numbers(op: Op) -> dict[str, Any]:
    """The arguments that the result depends on."""
    return {name: value for name, value in op if name != "inplace"}
