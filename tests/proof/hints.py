"""The line of hints that each op has: which ranks, element types and shapes make sense to it, and the function
of torch that it is, where that is no class of torch.nn with its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import add, mul, sub, truediv
from typing import Any

import torch
import torchvision
from torchvision.models.convnext import LayerNorm2d

from archspec.types import DType
from tests.ops import modules, windows
from tests.proof import functions, shapes
from tests.proof.draws import ALL, FLOATS, NUMBERS, SINGLE, Arguments, Hint, Shape
from tests.proof.source import Source

Shaper = Callable[[Source, Arguments, int], Shape]
Function = Callable[..., Any]
ANY = (0, 1, 2, 3, 4, 5)


def normalized_axes(arguments: Arguments) -> int:
    """How many axes LayerNorm takes together; torch also takes all of them, the batch among them."""
    written = arguments.get("normalized_shape")
    return len(written) if isinstance(written, list) else 1


def windowed(axes: int, dtypes: tuple[DType, ...] = FLOATS, shape: Shaper = shapes.pooled) -> Hint:
    """A layer over this many axes behind the channels."""
    return Hint((axes + 2,), dtypes, shape=shape, least=axes + 2)


def convolution(axes: int) -> Hint:
    return replace(windowed(axes, SINGLE, shapes.grouped), sizes={"in_channels": (0, 1)})


def batch_normalization(*ranks: int) -> Hint:
    return Hint(ranks, SINGLE, sizes={"num_features": (0, 1)})


def moved(torch: Function | None = None, shape: Shaper | None = None, ranks: Sequence[int] = (2, 3, 4, 5)) -> Hint:
    """An op that only moves elements, of whatever type."""
    return Hint(tuple(ranks), ALL, torch, shape=shape)


POINTWISE = (
    *("ReLU", "ReLU6", "LeakyReLU", "GELU", "SiLU", "Sigmoid", "Tanh", "Hardswish", "Hardsigmoid", "ELU", "Mish"),
    *("Dropout", "AlphaDropout", "CELU", "SELU", "LogSigmoid", "Softplus", "Softsign"),
    *("Softshrink", "Hardshrink", "Tanhshrink", "Threshold", "Hardtanh", "RReLU"),
)
FUNCTIONS = ("Exp", "Log", "Sqrt", "Rsqrt", "Reciprocal")

HINTS: dict[str, Hint] = {
    **{f"Conv{k}d": convolution(k) for k in (1, 2, 3)},
    **{f"ConvTranspose{k}d": convolution(k) for k in (1, 2, 3)},
    **{f"MaxPool{k}d": windowed(k) for k in (1, 2, 3)},
    **{f"AvgPool{k}d": windowed(k) for k in (1, 2, 3)},
    **{f"LPPool{k}d": windowed(k) for k in (1, 2, 3)},
    **{f"AdaptiveAvgPool{k}d": replace(windowed(k, shape=shapes.image), most=k + 2) for k in (1, 2, 3)},
    **{f"AdaptiveMaxPool{k}d": windowed(k, shape=shapes.image) for k in (1, 2, 3)},
    **{
        f"MaxUnpool{k}d": replace(
            windowed(k), others=shapes.same(1, DType.int64), behind={1: (DType.int64,)}, below=1
        )
        for k in (1, 2, 3)
    },
    **{
        f"{kind}Pad{k}d": replace(
            windowed(k, ALL, shapes.image), most=k + 2, beside=("value",), lax=kind in ("Constant", "Circular")
        )
        for kind in ("Constant", "Zero", "Reflection", "Replication", "Circular")
        for k in (1, 2, 3)
    },
    **{f"BatchNorm{k}d": batch_normalization(*((2, 3) if k == 1 else (k + 2,))) for k in (1, 2, 3)},
    "GroupNorm": Hint(dtypes=SINGLE, sizes={"num_channels": (0, 1)}, shape=shapes.channels_in("num_groups")),
    "LayerNorm": Hint(
        dtypes=SINGLE,
        sizes={"normalized_shape": (0, -1)},
        shape=shapes.normalized,
        least=lambda arguments: 1 + normalized_axes(arguments),
    ),
    "RMSNorm": Hint(
        dtypes=SINGLE,
        sizes={"normalized_shape": (0, -1)},
        shape=shapes.normalized,
        least=lambda arguments: 1 + normalized_axes(arguments),
    ),
    "LayerNorm2d": replace(
        windowed(2, SINGLE, shapes.image), torch=LayerNorm2d, sizes={"normalized_shape": (0, 1)}, most=4
    ),
    **{
        f"InstanceNorm{k}d": replace(windowed(k, SINGLE, shapes.image), sizes={"num_features": (0, 1)})
        for k in (1, 2, 3)
    },
    "Normalize": Hint((4,), torch=functions.normalized, shape=shapes.statistics, least=4, most=4),
    "ToDtype": Hint(ANY, ALL, modules.ToDtype),
    "TopK": Hint(ANY[1:], torch=modules.TopK, shape=shapes.ranked, least=1),
    "PReLU": Hint(dtypes=SINGLE, shape=shapes.slopes, lax=True),
    "GLU": Hint(shape=shapes.halved, least=1),
    "LpNormalize": Hint(dtypes=(DType.float32, DType.float64), torch=functions.unit),
    "LocalResponseNorm": Hint((3, 4, 5), (DType.float32, DType.float64), lax=True),
    "Linear": Hint(dtypes=SINGLE, sizes={"in_features": (0, -1)}, least=2),
    "KeylessLinear": Hint(
        dtypes=SINGLE, torch=windows.KeylessLinear, sizes={"in_features": (0, -1)}, shape=shapes.thirds, least=2
    ),
    "Bilinear": Hint(
        dtypes=SINGLE,
        sizes={"in1_features": (0, -1), "in2_features": (1, -1)},
        others=shapes.paired,
        least=2,
        written_out=functions.bilinear,
    ),
    "Embedding": Hint(ANY, (DType.int64, DType.int32), below=1),
    "MatMul": Hint(torch=lambda a, b: torch.matmul(a, b), others=shapes.multiplied, least=2),
    **dict.fromkeys(POINTWISE, Hint(ANY)),
    **{name: Hint(ANY, torch=functions.unary(getattr(torch, name.lower()))) for name in FUNCTIONS},
    "Abs": Hint(ANY, NUMBERS, functions.unary(torch.abs)),
    "Neg": Hint(ANY, NUMBERS, functions.unary(torch.neg)),
    **dict.fromkeys(("Softmax", "LogSoftmax", "Softmin"), Hint(least=1)),
    "FeatureAlphaDropout": Hint(least=2),
    "Softmax2d": windowed(2, shape=shapes.image),
    **{f"Dropout{k}d": replace(windowed(k), most=k + 2, shape=None) for k in (1, 2, 3)},
    "DropBlock2d": Hint((4,), torch=torchvision.ops.DropBlock2d),
    "DropBlock3d": Hint((5,), torch=torchvision.ops.DropBlock3d),
    "StochasticDepth": Hint(torch=torchvision.ops.StochasticDepth),
    "Flatten": replace(moved(), least=1),
    "Reshape": moved(functions.reshape, shapes.reshaped),
    "Unflatten": moved(shape=shapes.unflattened),
    "Squeeze": moved(functions.squeeze),
    "Unsqueeze": moved(functions.unsqueeze, ranks=ANY),
    "Movedim": moved(functions.movedim, shapes.moved),
    "Roll": replace(moved(functions.roll, shapes.rolled), lax=True),
    "Permute": moved(functions.permute, shapes.permuted),
    "Transpose": moved(lambda x, *, dim0, dim1: torch.transpose(x, dim0, dim1)),
    "Select": moved(lambda x, *, dim, index: torch.select(x, dim, index)),
    "Slice": moved(functions.slice_of),
    "IndexSelect": Hint(
        ANY[1:], ALL, functions.index_select, others=shapes.places, behind={1: (DType.int64, DType.int32)}, below=1
    ),
    "Expand": moved(functions.expand, shapes.expanded),
    "Chunk": moved(functions.chunk),
    "Split": moved(functions.split, shapes.split),
    "ChannelShuffle": moved(shape=shapes.channels_in("groups"), ranks=(3, 4, 5)),
    "Add": Hint(ANY, NUMBERS, functions.arithmetic(add), others=shapes.broadcast, beside=("value",)),
    "Sub": Hint(ANY, NUMBERS, functions.arithmetic(sub, 2), others=shapes.broadcast, beside=("value",)),
    "Mul": Hint(ANY, NUMBERS, functions.arithmetic(mul), others=shapes.broadcast, beside=("value",)),
    "Div": Hint(ANY, torch=functions.arithmetic(truediv, 2), others=shapes.broadcast, beside=("value",)),
    "Maximum": Hint(ANY, NUMBERS, lambda a, b: torch.maximum(a, b), others=shapes.broadcast),
    "Minimum": Hint(ANY, NUMBERS, lambda a, b: torch.minimum(a, b), others=shapes.broadcast),
    "Pow": Hint(ANY, NUMBERS, functions.power, beside=("exponent",)),
    "Clamp": Hint(ANY, NUMBERS, functions.clamp, shape=shapes.clamped, beside=("min", "max")),
    "Concat": replace(moved(functions.concat), others=shapes.beside),
    "Mean": Hint(ANY[1:], torch=functions.reduction(torch.mean), shape=shapes.axes_once, least=1),
    **{
        name: Hint(ANY[1:], NUMBERS, functions.reduction(function), shape=shapes.axes_once, least=1)
        for name, function in (("Sum", torch.sum), ("Max", torch.amax), ("Min", torch.amin))
    },
    "Upsample": Hint((3, 4, 5), shape=shapes.resized, least=3),
    "UpsamplingNearest2d": Hint((3, 4, 5), shape=shapes.resized_map, least=3),
    "UpsamplingBilinear2d": windowed(2, shape=shapes.resized_map),
    "Interpolate": Hint(
        (3, 4, 5), torch=functions.interpolate, shape=shapes.resized, others=shapes.like, behind={1: ALL}, least=3
    ),
    "PixelShuffle": replace(moved(shape=shapes.shuffled, ranks=(4, 5)), least=4),
    "PixelUnshuffle": replace(moved(shape=shapes.unshuffled, ranks=(4, 5)), least=4),
    "Unfold": windowed(2, (*FLOATS, DType.bool), shapes.image),
    "Fold": windowed(1, (*FLOATS, DType.bool), shapes.folded),
    **{
        name: Hint(
            (3,),
            SINGLE,
            functions.recurrent(getattr(torch.nn, name)),
            sizes={"input_size": (0, -1)},
            others=shapes.states if name == "LSTM" else shapes.one_state,
            least=3,
            on_meta=True,
        )
        for name in ("LSTM", "GRU", "RNN")
    },
    "MultiheadAttention": Hint(
        (3,),
        SINGLE,
        functions.MultiheadAttention,
        sizes={"embed_dim": (0, -1), "kdim": (1, -1), "vdim": (2, -1)},
        shape=shapes.attended,
        others=shapes.key_and_value,
        least=3,
        lax=True,
        on_meta=True,
    ),
    "ScaledDotProductAttention": Hint(
        torch=functions.attention,
        shape=shapes.headed,
        others=shapes.key_value_mask,
        behind={3: ALL},
        least=lambda arguments: 3 if arguments.get("enable_gqa") else 2,
        lax=True,
        on_meta=True,
    ),
    "WindowPartition": Hint((4,), SINGLE, windows.WindowPartition, shape=shapes.windowed),
    "WindowMerge": Hint((4,), SINGLE, windows.WindowMerge, shape=shapes.cut, others=shapes.cut_map),
    "WindowMask": Hint((4,), SINGLE, windows.WindowMask, shape=shapes.windowed),
    "PatchUnshuffle": Hint((4,), SINGLE, windows.PatchUnshuffle),
    "RelativePositionIndex": Hint((), torch=windows.relative_position_index),
    "RelativeCoordinates": Hint((), torch=windows.relative_coordinates),
    "Parameter": Hint((), torch=functions.parameter, lax=True),
    "Buffer": Hint((), torch=functions.owned, lax=True),
    "Identity": moved(ranks=ANY),
}
