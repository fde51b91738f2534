"""The ops, found by name. A family is imported when one of its ops is first used: `check` of a
small network pays for what it names, and for nothing else."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from archspec.ops.base import Op

FAMILIES: dict[str, tuple[str, ...]] = {
    "convolution": ("Conv1d", "Conv2d", "Conv3d"),
    "transposed": ("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"),
    "padding": (
        *("ConstantPad1d", "ConstantPad2d", "ConstantPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d"),
        *("ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d"),
        *("ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d"),
        *("CircularPad1d", "CircularPad2d", "CircularPad3d"),
    ),
    "pooling": (
        *("MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d"),
        *("LPPool1d", "LPPool2d", "LPPool3d"),
    ),
    "adaptive": (
        *("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d"),
        *("AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "AdaptiveMaxPool3d"),
    ),
    "unpooling": ("MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"),
    "normalization": (
        *("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "GroupNorm"),
        *("InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"),
    ),
    "layer_norm": ("LayerNorm", "LayerNorm2d", "RMSNorm"),
    "conversion": ("ToDtype",),
    "rescaling": ("LocalResponseNorm", "Normalize", "LpNormalize"),
    "linear": ("Linear", "KeylessLinear", "MatMul"),
    "attention": ("MultiheadAttention", "ScaledDotProductAttention"),
    "recurrent": ("LSTM", "GRU", "RNN"),
    "embedding": ("Embedding",),
    "bilinear": ("Bilinear",),
    "activation": ("ReLU", "ReLU6", "LeakyReLU", "PReLU", "RReLU", "ELU", "SELU", "CELU"),
    "sigmoid": (
        *("GELU", "SiLU", "Sigmoid", "Tanh", "Hardswish", "Hardsigmoid"),
        *("GLU", "LogSigmoid", "Softplus", "Softsign", "Mish"),
    ),
    "softmax": ("Softmax", "LogSoftmax", "Softmin", "Softmax2d"),
    "shrinkage": ("Hardtanh", "Threshold", "Softshrink", "Hardshrink", "Tanhshrink"),
    "regularization": (
        *("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"),
        *("StochasticDepth", "DropBlock2d", "DropBlock3d"),
    ),
    "shape": ("Flatten", "Unflatten", "Reshape"),
    "axes": ("Expand", "Squeeze", "Unsqueeze"),
    "ordering": ("Permute", "Transpose", "Movedim", "Roll", "ChannelShuffle"),
    "slicing": ("Select", "Slice", "IndexSelect"),
    "partition": ("Chunk", "Split"),
    "merge": ("Add", "Sub", "Mul", "Div", "Maximum", "Minimum", "Concat"),
    "arithmetic": ("Abs", "Neg", "Exp", "Log", "Sqrt", "Rsqrt", "Reciprocal", "Pow", "Clamp"),
    "reduction": ("Mean", "Sum", "Max", "Min"),
    "ranking": ("TopK",),
    "resize": ("Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d", "Interpolate"),
    "patches": ("PixelShuffle", "PixelUnshuffle", "Unfold", "Fold"),
    "shifted": ("WindowPartition", "WindowMerge", "WindowMask", "PatchUnshuffle"),
    "positions": ("RelativePositionIndex", "RelativeCoordinates"),
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
