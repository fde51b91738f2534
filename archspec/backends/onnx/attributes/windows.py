"""Rules for what slides over maps, or changes their size."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from operator import lt
from typing import Any

from archspec.backends.onnx.attributes.wanted import Free, Last, Wanted
from archspec.dims import Dim
from archspec.graph import Node

_BORDERS = {"reflect": "reflect", "replicate": "edge"}


def _ends(before: Sequence[int], after: Sequence[int], leading: int = 2) -> list[int]:
    """ONNX's order of paddings: before each axis, then after each."""
    none = [0] * leading
    return [*none, *before, *none, *after]


def convolution(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    before = after = list(op.padding)
    if isinstance(op.padding, str):
        extents = [d * (k - 1) if op.padding == "same" else 0 for k, d in zip(op.kernel_size, op.dilation, strict=True)]
        before, after = [size // 2 for size in extents], [size - size // 2 for size in extents]
    padded = []
    if op.padding_mode != "zeros":
        if op.padding_mode in _BORDERS and any((*before, *after)):
            padded = [Wanted("Pad", {"pads": _ends(before, after), "mode": _BORDERS[op.padding_mode]})]
        before = after = [0] * len(before)
    pads = _ends(before, after, leading=0)
    return [*padded, Wanted("Conv", {**_window(op), "dilations": op.dilation, "pads": pads, "group": op.groups})]


def transposed(layer: Node, opset: int) -> list[Wanted]:
    """`output_padding` makes the result longer at its end. ONNX takes less of it than a stride; what is more comes off
    the padding at the end, and where that is used up, it is zeros behind the result."""
    op: Any = layer.op
    settings = {**_window(op), "dilations": op.dilation, "group": op.groups}
    if all(map(lt, op.output_padding, op.stride)):
        pads = [*op.padding, *op.padding]
        return [Wanted("ConvTranspose", {**settings, "pads": pads, "output_padding": op.output_padding})]
    ends = [size - extra for size, extra in zip(op.padding, op.output_padding, strict=True)]
    beyond = [max(-size, 0) for size in ends]
    pads = [*op.padding, *(max(size, 0) for size in ends)]
    behind = [Wanted("Pad", {"pads": _ends([0] * len(ends), beyond)})] if any(beyond) else []
    return [Wanted("ConvTranspose", {**settings, "pads": pads}), *behind]


def max_pool(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    return [Wanted("MaxPool", {**_pool(op), "dilations": op.dilation})]


def average_pool(layer: Node, opset: int) -> list[Wanted]:
    """A sum over a divisor is the mean over whole windows, times their size, over the divisor."""
    op: Any = layer.op
    divisor = getattr(op, "divisor_override", None)
    include: Any = Free() if op.ceil_mode else op.count_include_pad or divisor is not None
    mean = Wanted("AveragePool", {**_pool(op), "count_include_pad": include})
    return [mean] if divisor is None else [mean, Wanted("Mul", {"B": prod(op.kernel_size) / divisor})]


def power_pool(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    mean = Wanted("AveragePool", {**_window(op), "pads": Free(), "count_include_pad": Free()})
    powers = (Wanted("Pow", {"Y": exponent}) for exponent in (op.norm_type, 1 / op.norm_type))
    return [next(powers), mean, Wanted("Mul", {"B": float(prod(op.kernel_size))}), next(powers)]


def adaptive_average(layer: Node, opset: int) -> list[Wanted]:
    return _adaptive(layer, "AveragePool", count_include_pad=Free())


def adaptive_max(layer: Node, opset: int) -> list[Wanted]:
    return _adaptive(layer, "MaxPool")


def _adaptive(layer: Node, pool: str, **settings: Any) -> list[Wanted]:
    """One part is a global pool, and equal parts are windows side by side. Of others there is no pool in ONNX."""
    sizes, targets = layer.inputs[0].type.shape[2:], layer.outputs[0].type.shape[2:]
    if all(target == 1 for target in targets):
        return [Wanted(f"Global{pool}")]
    kernel = [_part(size, target) for size, target in zip(sizes, targets, strict=True)]
    return [Wanted(pool, {"kernel_shape": kernel, "strides": kernel, **settings})] if all(kernel) else []


def _part(size: Dim, target: Dim) -> int:
    """The size of the parts of an axis; 0 where they are not all alike."""
    if target == size:
        return 1
    if isinstance(size, int) and isinstance(target, int) and target and size % target == 0:
        return size // target
    return 0


def _window(op: Any) -> dict[str, Any]:
    return {"kernel_shape": op.kernel_size, "strides": op.stride or op.kernel_size}


def _pool(op: Any) -> dict[str, Any]:
    """A last window that stands out is ONNX's `ceil_mode`, or more padding at the end: both are right."""
    if op.ceil_mode:
        return {**_window(op), "pads": Free(), "ceil_mode": Free()}
    return {**_window(op), "pads": [*op.padding, *op.padding]}


def constant_pad(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    number = getattr(op, "value", 0.0)
    return [Wanted("Pad", {"pads": _ends(*_sides(op)), "constant_value": number, "mode": "constant"})]


def reflection_pad(layer: Node, opset: int) -> list[Wanted]:
    return _border_pad(layer, "reflect")


def replication_pad(layer: Node, opset: int) -> list[Wanted]:
    return _border_pad(layer, "edge")


def _border_pad(layer: Node, mode: str) -> list[Wanted]:
    before, after = ([max(size, 0) for size in sizes] for sizes in _sides(layer.op))
    return [Wanted("Pad", {"pads": _ends(before, after), "mode": mode})] if any((*before, *after)) else []


def _sides(op: Any) -> tuple[list[int], list[int]]:
    """torch names the last axis first, and both ends of each."""
    return list(op.padding[::2])[::-1], list(op.padding[1::2])[::-1]


def unfold(layer: Node, opset: int) -> list[Wanted]:
    """Along each axis, position k of the kernel sees position k dilation + l stride in window l."""
    op: Any = layer.op
    sizes = layer.inputs[0].type.shape[2:]
    gathers = []
    for axis, size in enumerate(sizes):
        kernel, stride, dilation, padding = (
            numbers[axis] for numbers in (op.kernel_size, op.stride, op.dilation, op.padding)
        )
        seen: Any = Free()
        if isinstance(size, int):
            count = (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
            seen = [[k * dilation + window * stride for window in range(count)] for k in range(kernel)]
        gathers.append(Wanted("Gather", {"indices": seen, "axis": 2 + 2 * axis}))
    padded = [Wanted("Pad", {"pads": _ends(op.padding, op.padding)})] if any(op.padding) else []
    return [*padded, *gathers, Wanted("Transpose", {"perm": [0, 1, 2, 4, 3, 5]})]


def fold(layer: Node, opset: int) -> list[Wanted]:
    op: Any = layer.op
    inputs = {"image_shape": op.output_size, "block_shape": op.kernel_size}
    pads = [*op.padding, *op.padding]
    return [Wanted("Col2Im", {**inputs, "dilations": op.dilation, "pads": pads, "strides": op.stride})]


def resize(layer: Node, opset: int) -> list[Wanted]:
    """By the names that https://onnx.ai/onnx/operators/onnx__Resize.html gives torch's rules."""
    op: Any = layer.op
    mode, corners = getattr(op, "mode", "nearest"), getattr(op, "align_corners", False)
    if type(op).__name__ == "UpsamplingBilinear2d":
        mode, corners = "bilinear", True
    if mode == "area":
        return adaptive_average(layer, opset)
    smooth = getattr(op, "antialias", False)
    found: dict[str, dict[str, Any]] = {
        "nearest": {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        "nearest-exact": {"mode": "nearest", "nearest_mode": "round_prefer_ceil"},
        "bicubic": {"mode": "cubic", "cubic_coeff_a": -0.5 if smooth else -0.75},
    }
    settings = found.get(mode, {"mode": "linear"})
    if mode != "nearest":
        settings["coordinate_transformation_mode"] = "align_corners" if corners else "half_pixel"
    if smooth:
        settings |= {"antialias": 1, "exclude_outside": 1}
    return [Wanted("Resize", {**settings, **_resized(layer)})]


def _resized(layer: Node) -> dict[str, Any]:
    """The sizes, or the scales, of which ONNX takes one; those of the axes behind the channels come last, whether it
    is told the others or not. An axis that stays as it is may have the scale 1."""
    op: Any = layer.op
    sizes, targets = layer.inputs[0].type.shape[2:], layer.outputs[0].type.shape[2:]
    if op.scale_factor is None or getattr(op, "recompute_scale_factor", None):
        return {"axes": Free(), "sizes": Last(targets)}
    factors = op.scale_factor if isinstance(op.scale_factor, tuple) else (op.scale_factor,) * len(sizes)
    pairs = zip(sizes, targets, factors, strict=True)
    scales = [(factor, 1.0) if size == target else factor for size, target, factor in pairs]
    return {"axes": Free(), "scales": Last(scales)}
