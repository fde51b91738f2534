"""Which rule holds for which op, by its name without its number of axes; and which ops have none.

Each op of the language is in one of the two lists.
"""

from __future__ import annotations

from collections.abc import Mapping

from archspec.backends.onnx.attributes import axes, elements, windows
from archspec.backends.onnx.attributes.wanted import Rule, fixed, told

RULES: Mapping[str, Rule] = {
    "Conv": windows.convolution,
    "ConvTranspose": windows.transposed,
    "ConstantPad": windows.constant_pad,
    "ZeroPad": windows.constant_pad,
    "ReflectionPad": windows.reflection_pad,
    "ReplicationPad": windows.replication_pad,
    "MaxPool": windows.max_pool,
    "AvgPool": windows.average_pool,
    "LPPool": windows.power_pool,
    "AdaptiveAvgPool": windows.adaptive_average,
    "AdaptiveMaxPool": windows.adaptive_max,
    "Upsample": windows.resize,
    "UpsamplingNearest": windows.resize,
    "UpsamplingBilinear": windows.resize,
    "Interpolate": windows.resize,
    "Unfold": windows.unfold,
    "Fold": windows.fold,
    "BatchNorm": elements.batch_norm,
    "InstanceNorm": elements.instance_norm,
    "GroupNorm": told("InstanceNormalization", epsilon="eps"),  # of the groups
    "LayerNorm": elements.layer_norm,
    "LayerNorm2d": elements.channel_norm,
    "RMSNorm": elements.rms_norm,
    "LocalResponseNorm": elements.local_response,
    "Normalize": elements.normalize,
    "LpNormalize": elements.lp_normalize,
    "Linear": elements.linear,
    "KeylessLinear": elements.keyless_linear,
    "Bilinear": fixed("Einsum", equation="...i,oij,...j->...o"),
    "MatMul": fixed("MatMul"),
    "MultiheadAttention": elements.multihead_attention,
    "ScaledDotProductAttention": elements.dot_product_attention,
    "LSTM": elements.recurrent,
    "GRU": elements.recurrent,
    "RNN": elements.recurrent,
    "Embedding": fixed("Gather", axis=0),
    "ReLU": fixed("Relu"),
    "ReLU6": fixed("Clip", min=0.0, max=6.0),
    "LeakyReLU": told("LeakyRelu", alpha="negative_slope"),
    "PReLU": fixed("PRelu"),
    "RReLU": elements.random_relu,
    "ELU": told("Elu", alpha="alpha"),
    "SELU": fixed("Selu"),  # whose defaults are torch's numbers
    "CELU": told("Celu", alpha="alpha"),
    "GELU": elements.gelu,
    "SiLU": fixed("Sigmoid", "Mul"),
    "Sigmoid": fixed("Sigmoid"),
    "Tanh": fixed("Tanh"),
    "Hardswish": fixed("HardSwish"),
    "Hardsigmoid": fixed("HardSigmoid", alpha=1 / 6, beta=0.5),  # ONNX's own slope is 0.2
    "GLU": axes.gated,
    "LogSigmoid": fixed("Neg", "Softplus", "Neg"),
    "Softplus": elements.softplus,
    "Softsign": fixed("Softsign"),
    "Mish": fixed("Mish"),
    "Softmax": elements.softmax,
    "LogSoftmax": elements.softmax,
    "Softmin": elements.softmax,
    "Hardtanh": told("Clip", min="min_val", max="max_val"),
    "Threshold": elements.threshold,
    "Softshrink": told("Shrink", lambd="lambd", bias="lambd"),
    "Hardshrink": told("Shrink", lambd="lambd"),  # whose bias is 0 by default
    "Tanhshrink": fixed("Tanh", "Sub"),
    "Flatten": axes.flatten,
    "Unflatten": axes.reshape,
    "Reshape": axes.reshape,
    "Expand": axes.expand,
    "Squeeze": axes.squeeze,
    "Unsqueeze": axes.unsqueeze,
    "Permute": axes.permute,
    "Transpose": axes.transpose,
    "Movedim": axes.movedim,
    "Roll": axes.roll,
    "ChannelShuffle": axes.channel_shuffle,
    "PixelShuffle": axes.pixel_shuffle,
    "PixelUnshuffle": axes.pixel_unshuffle,
    "Select": axes.select,
    "Slice": axes.slice_,
    "IndexSelect": axes.index_select,
    "Chunk": axes.parts,
    "Split": axes.parts,
    "Add": elements.arithmetic,
    "Sub": elements.arithmetic,
    "Mul": elements.arithmetic,
    "Div": elements.arithmetic,
    "Maximum": fixed("Max"),
    "Minimum": fixed("Min"),
    "Concat": axes.concat,
    "Abs": fixed("Abs"),
    "Neg": fixed("Neg"),
    "Exp": fixed("Exp"),
    "Log": fixed("Log"),
    "Sqrt": fixed("Sqrt"),
    "Rsqrt": fixed("Sqrt", "Reciprocal"),
    "Reciprocal": fixed("Reciprocal"),
    "Pow": told("Pow", Y="exponent"),
    "Clamp": elements.clamp,
    "Mean": axes.reduction,
    "Sum": axes.reduction,
    "Max": axes.reduction,
    "Min": axes.reduction,
    "TopK": axes.top_k,
    "ToDtype": elements.to_dtype,
}

DECOMPOSED = frozenset(
    {
        # No node at all: the value itself, or a tensor of the network.
        *("Identity", "Parameter", "Buffer", "RelativePositionIndex", "RelativeCoordinates"),
        # No node in evaluation.
        *("Dropout", "AlphaDropout", "FeatureAlphaDropout", "StochasticDepth", "DropBlock"),
        # Positions that are counted and cut, of which no argument is left as it was.
        *("CircularPad", "MaxUnpool", "WindowPartition", "WindowMerge", "WindowMask", "PatchUnshuffle"),
    }
)
