"""Ops for random networks: arguments that suit a value's shape, and now and then ones that don't."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tests.proof.source import Source

Shape = Sequence[int]


class Plan(NamedTuple):
    op: str
    arguments: dict[str, Any]


def plan(source: Source, shape: Shape, wild: bool) -> Plan:
    """An op of one input for a value of this shape."""
    name = source.choice(_BY_RANK.get(len(shape), _ANY) + _ANY if not wild else _ALL)
    return Plan(name, _ARGUMENTS[name](source, tuple(shape) + (1,) * (4 - len(shape)), wild))


def chain_plan(source: Source, shape: Shape, wild: bool) -> Plan:
    """An op that may stand several times in a row."""
    names = [name for name in _BY_RANK.get(len(shape), _ANY) if name in _CHAINED] + _ANY
    name = source.choice(names)
    return Plan(name, _ARGUMENTS[name](source, tuple(shape) + (1,) * (4 - len(shape)), wild))


def bindable_plan(source: Source, shape: Shape) -> Plan:
    """An op with a number among its arguments, for a bound op."""
    name = {4: "Conv2d", 3: "Linear", 2: "Linear"}.get(len(shape), "Softmax")
    return Plan(name, _ARGUMENTS[name](source, tuple(shape) + (1,) * (4 - len(shape)), False))


ACTIVATIONS = ["ReLU", "Tanh", "Sigmoid", "SiLU", "GELU", "Hardswish", "LeakyReLU", "ELU", "Mish", "ReLU6"]


def activation(source: Source) -> str:
    return source.choice(ACTIVATIONS)


# --- arguments ----------------------------------------------------------------------------------------


def _per_axis(source: Source, low: int, high: int) -> Any:
    """One number for both axes, or one for each."""
    one = source.integer(low, high)
    return [one, source.integer(low, high)] if source.chance(4) else one


def _sometimes(source: Source, n: int, arguments: dict[str, Any], name: str, value: Any) -> None:
    if source.chance(n):
        arguments[name] = value


def _convolution(source: Source, shape: Shape, wild: bool) -> dict[str, Any]:
    channels = shape[1]
    kernel = _per_axis(source, 1, 7 if wild else 3)
    found: dict[str, Any] = {"out_channels": source.choice([2, 3, 4, 4, 6, 8, channels]), "kernel_size": kernel}
    if wild:
        _sometimes(source, 2, found, "groups", source.choice([2, 3]))
    elif source.chance(6):
        found |= {"groups": channels, "out_channels": channels * source.choice([1, 1, 2])}
    if source.chance(2) and kernel != 1:
        one = kernel if isinstance(kernel, int) else kernel[0]
        found["padding"] = one // 2 if isinstance(kernel, int) else [each // 2 for each in kernel]
    elif source.chance(5):
        found["padding"] = source.choice(["same", "valid", _per_axis(source, 0, 2)])
    if wild or found.get("padding") != "same":
        _sometimes(source, 4, found, "stride", _per_axis(source, 1, 3))
    _sometimes(source, 8, found, "dilation", _per_axis(source, 1, 2))
    _sometimes(source, 3, found, "bias", False)
    if found.get("padding") not in (None, "valid"):
        _sometimes(source, 8, found, "padding_mode", source.choice(["reflect", "replicate", "circular", "zeros"]))
    return found


def _convolution1d(source: Source, shape: Shape, wild: bool) -> dict[str, Any]:
    found = {"out_channels": source.choice([2, 4, 6]), "kernel_size": source.integer(1, 9 if wild else 3)}
    _sometimes(source, 3, found, "padding", found["kernel_size"] // 2)
    _sometimes(source, 4, found, "stride", source.integer(1, 3))
    return found


def _transposed(source: Source, shape: Shape, wild: bool) -> dict[str, Any]:
    stride = source.integer(1, 3)
    found: dict[str, Any] = {
        "out_channels": source.choice([2, 4, 4, 6]),
        "kernel_size": source.integer(1, 4),
        "stride": stride,
    }
    _sometimes(source, 3, found, "padding", source.integer(0, 2))
    _sometimes(source, 4, found, "output_padding", source.integer(0, stride if wild else stride - 1))
    _sometimes(source, 4, found, "bias", False)
    return found


def _pool(source: Source, shape: Shape, wild: bool) -> dict[str, Any]:
    kernel = _per_axis(source, 1, 6 if wild else 3)
    found: dict[str, Any] = {"kernel_size": kernel}
    _sometimes(source, 2, found, "stride", _per_axis(source, 1, 3))
    _sometimes(source, 3, found, "padding", source.integer(0, 2 if wild else 1))
    _sometimes(source, 3, found, "ceil_mode", True)
    return found


def _average_pool(source: Source, shape: Shape, wild: bool) -> dict[str, Any]:
    found = _pool(source, shape, wild)
    _sometimes(source, 4, found, "count_include_pad", False)
    return found


def _power_pool(source: Source, shape: Shape, wild: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"norm_type": source.choice([1, 2]), "kernel_size": source.integer(1, 5 if wild else 2)}
    _sometimes(source, 3, found, "stride", source.integer(1, 2))
    _sometimes(source, 3, found, "ceil_mode", True)
    return found


def _adaptive(source: Source, shape: Shape, wild: bool) -> dict[str, Any]:
    return {"output_size": source.choice([1, 1, 2, 3, [2, 1], [1, 3]])}


def _group_norm(source: Source, shape: Shape, wild: bool) -> dict[str, Any]:
    return {"num_groups": source.choice([2, 3, 4] if wild else _divisors(shape[1]))}


def _split(source: Source, shape: Shape, wild: bool) -> dict[str, Any]:
    channels = shape[1]
    if wild:
        return {"split_size_or_sections": [source.integer(1, 4), source.integer(1, 4)]}
    if channels < 2 or source.chance(2):
        return {"split_size_or_sections": source.integer(1, max(1, channels - 1))}
    first = source.integer(1, channels - 1)
    return {"split_size_or_sections": [first, channels - first]}


def _slice(source: Source, shape: Shape, wild: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"dim": source.choice([1, 1, 2, -1])}
    _sometimes(source, 2, found, "start", source.integer(0, 2))
    _sometimes(source, 2, found, "end", source.choice([3, -1, 5]))
    _sometimes(source, 3, found, "step", 2)
    return found


def _permute(source: Source, shape: Shape, wild: bool) -> dict[str, Any]:
    return {"dims": source.choice([[0, 2, 3, 1], [0, 1, 3, 2]] + ([[0, 2, 1], [0, 1, 1, 2]] if wild else []))}


def _reshape(source: Source, shape: Shape, wild: bool) -> dict[str, Any]:
    divisor = source.choice([2, 3, 4] if wild else _divisors(shape[1] * shape[2] * shape[3]))
    return {"shape": [-1, divisor] if source.chance(8) else [_BATCH, divisor, -1]}


_BATCH = object()
"""Stands for the size of the batch axis, which an expression has to tell."""


def is_batch(value: object) -> bool:
    return value is _BATCH


def _divisors(number: int) -> list[int]:
    return [each for each in range(1, min(number, 12) + 1) if number % each == 0] or [1]


def _none(source: Source, shape: Shape, wild: bool) -> dict[str, Any]:
    return {}


_ARGUMENTS: dict[str, Callable[[Source, Shape, bool], dict[str, Any]]] = {
    **dict.fromkeys([*ACTIVATIONS, "BatchNorm1d", "BatchNorm2d", "LayerNorm", "Identity", "Dropout"], _none),
    "Conv2d": _convolution,
    "Conv1d": _convolution1d,
    "ConvTranspose2d": _transposed,
    "MaxPool2d": _pool,
    "AvgPool2d": _average_pool,
    "AdaptiveAvgPool2d": _adaptive,
    "GroupNorm": _group_norm,
    "Upsample": lambda source, shape, wild: {"scale_factor": source.choice([2, 2, 3])},
    "ZeroPad2d": lambda source, shape, wild: {"padding": [source.integer(-1, 2) for _ in range(4)]},
    "ChannelShuffle": lambda source, shape, wild: {"groups": source.choice([2, 3] if wild else _divisors(shape[1]))},
    "Flatten": lambda source, shape, wild: {"start_dim": 2} if source.chance(2) and len(shape) == 4 else {},
    "Linear": lambda source, shape, wild: {"out_features": source.choice([2, 4, 6])},
    "Softmax": lambda source, shape, wild: {"dim": source.choice([1, -1])},
    "Chunk": lambda source, shape, wild: {"chunks": source.integer(1, 4)},
    "Split": _split,
    "Slice": _slice,
    "Select": lambda source, shape, wild: {"dim": source.choice([1, -1]), "index": source.integer(0, 3 if wild else 0)},
    "Mean": lambda source, shape, wild: {"dim": source.choice([[2, 3], -1, 1]), "keepdim": source.chance(2)},
    "AdaptiveMaxPool2d": _adaptive,
    "LPPool2d": _power_pool,
    "InstanceNorm2d": lambda source, shape, wild: {"affine": True} if source.chance(2) else {},
    "PReLU": lambda source, shape, wild: {"num_parameters": shape[1]} if source.chance(3) else {},
    "GLU": lambda source, shape, wild: {"dim": source.choice([1, -1])},
    "ReflectionPad2d": lambda source, shape, wild: {"padding": [source.integer(0, 2) for _ in range(4)]},
    "ReplicationPad2d": lambda source, shape, wild: {"padding": source.integer(0, 2)},
    "PixelShuffle": lambda source, shape, wild: {"upscale_factor": source.integer(1, 2)},
    "PixelUnshuffle": lambda source, shape, wild: {"downscale_factor": source.integer(1, 3 if wild else 2)},
    "Permute": _permute,
    "Transpose": lambda source, shape, wild: {"dim0": 1, "dim1": source.choice([2, 3, -1] if wild else [2, -1])},
    "Reshape": _reshape,
    "Mul": lambda source, shape, wild: {"value": source.choice([0.5, 2, -1.5])},
    "Add": lambda source, shape, wild: {"value": source.choice([0.5, 1, -2])},
}
_ALL = list(_ARGUMENTS)
_ANY = [*ACTIVATIONS[:4], "Mul", "Identity", "Dropout"]
_IMAGES = [
    *["Conv2d"] * 12, "ConvTranspose2d", "ConvTranspose2d", *["MaxPool2d"] * 3, "AvgPool2d", "AvgPool2d",
    "AdaptiveAvgPool2d", "BatchNorm2d", "BatchNorm2d", "GroupNorm", "Upsample", "Upsample", "ZeroPad2d", "ZeroPad2d",
    "AdaptiveMaxPool2d", "LPPool2d", "InstanceNorm2d", "PReLU", "GLU", "ReflectionPad2d", "ReplicationPad2d",
    "PixelShuffle", "PixelUnshuffle", "ChannelShuffle", "Flatten", "Chunk", "Chunk", "Split", "Split", "Slice",
    "Mean", "Permute", "Transpose", "Reshape",
]  # fmt: skip
_BY_RANK: dict[int, list[str]] = {
    4: _IMAGES,
    3: ["Linear", "Linear", "LayerNorm", "Conv1d", "Transpose", "Softmax", "Chunk", "Split", "Flatten", "Select"],
    2: ["Linear", "Linear", "Linear", "BatchNorm1d", "Softmax", "Chunk", "LayerNorm", "Add"],
}
_CHAINED = {"Conv2d", "Linear", "BatchNorm2d", "MaxPool2d", "Conv1d", "LayerNorm", "AvgPool2d", "GroupNorm"}
