"""A407: windows that slide in steps, and end before the input does."""

from __future__ import annotations

from typing import Any

from archspec.graph import Node
from archspec.lint.network import Network
from archspec.ops.base import Window
from archspec.types import TensorType

# What windows that overlap leave out was seen in part by nobody either, but whole networks are published that way:
# SqueezeNet's stem leaves out one row of 224. One row of 14 is told.
_LEAST_SHARE = 0.02


def report_dropped_rows(node: Node, network: Network) -> None:
    """Rows and columns that no window covers, because another one would not fit."""
    op: Any = node.op
    if max(op.stride or op.kernel_size) == 1:
        return
    type_ = node.input_types[0]
    window = op.receptive(type_)
    lost = _lost(window, type_, node.outputs[0].type) if isinstance(window, Window) else {}
    if not lost:
        return
    dropped = " and ".join(_dropped(type_, axis, lost[axis]) for axis in lost)
    steps = dict(enumerate(window.stride, type_.rank - len(window.stride)))
    covered = " and ".join(_covered(type_, axis, lost[axis], steps[axis]) for axis in lost)
    ways = "`padding` or `ceil_mode: true`" if "ceil_mode" in type(op).model_fields else "`padding`"
    network.warn(
        "A407",
        node,
        f"`{node.path}` drops {dropped}, which no window covers",
        argument="stride" if "stride" in node.origin.arguments else "kernel_size",
        notes=dict.fromkeys(_arithmetic(window, node, axis) for axis in lost),
        helps=[f"add {ways}, or make it an input of another size: {covered} are covered"],
    )


def _lost(window: Window, before: TensorType, after: TensorType) -> dict[int, int]:
    """How many positions no window covers, by axis."""
    found = {}
    first = before.rank - len(window.size)
    for axis, (extent, step, start) in enumerate(zip(window.size, window.stride, window.start, strict=True), first):
        size, windows = before.shape[axis], after.shape[axis]
        if not isinstance(size, int) or not isinstance(windows, int) or extent < step:  # a step over is by design
            continue
        lost = size - (start + step * (windows - 1) + extent)
        if lost > 0 and (extent == step or lost >= _LEAST_SHARE * size):
            found[axis] = lost
    return found


def _dropped(type_: TensorType, axis: int, lost: int) -> str:
    counted = f"of {type_.shape[axis]} {type_.counts(axis)}"
    return f"the last {counted}" if lost == 1 else f"the last {lost} {counted}"


def _covered(type_: TensorType, axis: int, lost: int, step: int) -> str:
    covered = type_.shape[axis] - lost
    return f"{covered} or {covered + step} {type_.counts(axis)}"


def _arithmetic(window: Window, node: Node, axis: int) -> str:
    """Where the last window ends, with its numbers."""
    windows = node.outputs[0].type.shape[axis]
    k = axis - node.outputs[0].type.rank
    extent, step, start = window.size[k], window.stride[k], window.start[k]
    last = f"the last of {windows} windows" if windows != 1 else "the one window"
    padding = f"{start} + " if start else ""
    return f"{last} ends at {padding}{step}*({windows} - 1) + {extent} = {start + step * (windows - 1) + extent}"
