"""The ops, found by name. A family is imported when one of its ops is first used: `check` of a
small network pays for what it names, and for nothing else."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from archspec.ops.base import Op

FAMILIES: dict[str, tuple[str, ...]] = {
    "convolution": ("Conv1d", "Conv2d", "Conv3d", "ConvTranspose2d"),
    "pooling": (
        *("MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d"),
        *("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d"),
    ),
    "normalization": ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "GroupNorm", "LayerNorm", "LocalResponseNorm"),
    "linear": ("Linear", "MatMul"),
    "activation": (
        *("ReLU", "ReLU6", "LeakyReLU", "GELU", "SiLU", "Sigmoid", "Tanh", "Softmax"),
        *("Hardswish", "Hardsigmoid", "ELU", "Mish"),
    ),
    "regularization": ("Dropout", "Dropout2d", "StochasticDepth"),
    "shape": (
        *("Flatten", "Reshape", "Permute", "Transpose", "Select", "Slice", "Expand"),
        *("Chunk", "Split", "ChannelShuffle"),
    ),
    "merge": ("Add", "Sub", "Mul", "Div", "Concat"),
    "reduction": ("Mean",),
    "resize": ("ZeroPad2d", "Upsample"),
    "tensor": ("Parameter", "Buffer", "Identity"),
}
_FAMILY_OF = {name: family for family, names in FAMILIES.items() for name in names}
_registered: dict[str, type[Op]] = {}


def names() -> list[str]:
    """The names of all ops, registered ones included."""
    return [*_FAMILY_OF, *_registered]


@cache
def _packaged(name: str) -> type[Op]:
    found: type[Op] = getattr(import_module(f"archspec.ops.{_FAMILY_OF[name]}"), name)
    return found


def find(name: str) -> type[Op] | None:
    """The op called `name`, or None."""
    return _packaged(name) if name in _FAMILY_OF else _registered.get(name)


def register(op: type[Op]) -> type[Op]:
    """Add an op of one's own, under its class name; usable as a decorator. Raises ValueError for a
    name that is taken, and for a class that lacks facets."""
    if find(op.__name__) is not None:
        raise ValueError(f"an op is called {op.__name__} already")
    if missing := sorted(op.__abstractmethods__):
        raise ValueError(f"the op {op.__name__} lacks {', '.join(missing)}")
    _registered[op.__name__] = op
    return op
