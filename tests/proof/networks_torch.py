"""The ops of random networks in plain torch, and what becomes of axis labels: by torch's documentation and
docs/language.md, without archspec."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from itertools import zip_longest
from operator import add, mul
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

Arguments = Mapping[str, Any]
Labels = tuple[str | None, ...]
SPATIAL = ("D", "H", "W", "L")

UNBATCHED = {  # ranks that torch takes, as samples without a batch or without a check; a spec's values have a batch
    "Mean": (0,),
    "Softmax": (0,),
    "Linear": (1,),
    "LayerNorm": (1,),
    "Conv1d": (2,),
    "Conv2d": (3,),
    "ConvTranspose2d": (3,),
    "MaxPool2d": (3,),
    "AvgPool2d": (3,),
    "AdaptiveAvgPool2d": (2, 3),
    "AdaptiveMaxPool2d": (3,),
    "LPPool2d": (3,),
    "InstanceNorm2d": (3,),
    "ZeroPad2d": (2, 3),
    "ReflectionPad2d": (3,),
    "ReplicationPad2d": (3,),
    "PixelShuffle": (3,),
    "PixelUnshuffle": (3,),
}


WEIGHTED = ("Conv1d", "Conv2d", "ConvTranspose2d", "BatchNorm1d", "BatchNorm2d", "GroupNorm")


class Stricter(ValueError):
    """What torch takes and a spec never has: a value without a batch axis, a weight without elements."""


def make(op: str, arguments: Arguments, inputs: Sequence[Tensor]) -> Callable[..., Any]:
    """What computes an op on these inputs: a module of torch.nn, or a function."""
    if inputs and inputs[0].dim() in UNBATCHED.get(op, ()):
        raise Stricter(f"{op} on {tuple(inputs[0].shape)}")
    if arguments.get("num_parameters") == 0:
        raise Stricter(f"{op} of no parameters")
    if op in WEIGHTED and inputs[0].dim() > 1 and inputs[0].shape[1] == 0:
        raise Stricter(f"{op} of no channels: {tuple(inputs[0].shape)}")
    if op == "PixelUnshuffle" and inputs[0].numel() == 0:
        raise Stricter(f"{op} of nothing: {tuple(inputs[0].shape)}")
    if op in _FUNCTIONS:
        return partial(_FUNCTIONS[op], dict(arguments))
    if op == "StochasticDepth":
        return StochasticDepth(**arguments)
    given = dict(arguments)
    if op in _SIZED:
        given = _SIZED[op](inputs[0]) | given
    module: nn.Module = getattr(nn, op)(**given)
    return module


_SIZED: dict[str, Callable[[Tensor], dict[str, Any]]] = {
    **dict.fromkeys(["Conv1d", "Conv2d", "ConvTranspose1d", "ConvTranspose2d"], lambda x: {"in_channels": x.shape[1]}),
    **dict.fromkeys(
        ["BatchNorm1d", "BatchNorm2d", "InstanceNorm1d", "InstanceNorm2d"], lambda x: {"num_features": x.shape[1]}
    ),
    "GroupNorm": lambda x: {"num_channels": x.shape[1]},
    "LayerNorm": lambda x: {"normalized_shape": [x.shape[-1]]},
    "Linear": lambda x: {"in_features": x.shape[-1]},
}


def check_result(op: str, result: Any) -> None:
    """Raise Stricter for what some of torch's kernels give and others refuse: see docs/testing.md."""
    if op.startswith("ConvTranspose") and 0 in result.shape[2:]:
        raise Stricter(f"{op} gives {tuple(result.shape)}")


# --- functions ----------------------------------------------------------------------------------------


def _fold(function: Callable[[Any, Any], Any], arguments: Arguments, *inputs: Tensor) -> Tensor:
    given = (*inputs, arguments["value"]) if "value" in arguments else inputs
    result: Tensor = reduce(function, given)
    return result


def _concat(arguments: Arguments, *inputs: Tensor) -> Tensor:
    return torch.cat(inputs, arguments.get("dim", 1))


def _chunk(arguments: Arguments, x: Tensor) -> tuple[Tensor, ...]:
    return tuple(torch.chunk(x, arguments["chunks"], arguments.get("dim", 1)))


def _split(arguments: Arguments, x: Tensor) -> tuple[Tensor, ...]:
    return tuple(torch.split(x, arguments["split_size_or_sections"], arguments.get("dim", 1)))


def _slice(arguments: Arguments, x: Tensor) -> Tensor:
    dim = arguments["dim"] if -x.dim() <= arguments["dim"] < x.dim() else x.size(arguments["dim"])
    piece = slice(arguments.get("start", 0), arguments.get("end"), arguments.get("step", 1))
    return x[(slice(None),) * (dim % x.dim()) + (piece,)]


def _mean(arguments: Arguments, x: Tensor) -> Tensor:
    return torch.mean(x, dim=arguments["dim"], keepdim=arguments.get("keepdim", False))


def _shuffle(arguments: Arguments, x: Tensor) -> Tensor:
    return nn.ChannelShuffle(**arguments)(x)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Add": partial(_fold, add),
    "Mul": partial(_fold, mul),
    "Sub": lambda arguments, *x: x[0] - (x[1] if len(x) > 1 else arguments["value"]),
    "Div": lambda arguments, *x: x[0] / (x[1] if len(x) > 1 else arguments["value"]),
    "MatMul": lambda arguments, a, b: torch.matmul(a, b),
    "Concat": _concat,
    "Chunk": _chunk,
    "Split": _split,
    "Slice": _slice,
    "Select": lambda arguments, x: torch.select(x, arguments["dim"], arguments["index"]),
    "Mean": _mean,
    "ChannelShuffle": _shuffle,
    "Reshape": lambda arguments, x: x.reshape(arguments["shape"]),
    "Permute": lambda arguments, x: x.permute(arguments["dims"]),
    "Transpose": lambda arguments, x: x.transpose(arguments["dim0"], arguments["dim1"]),
}
MULTIPLE = ("Chunk", "Split")


# --- labels -------------------------------------------------------------------------------------------

_LAID_OUT = {  # they read N, C and spatial axes in this order, whatever their labels were
    *("Conv1d", "Conv2d", "ConvTranspose2d", "MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "Upsample", "ZeroPad2d"),
    *("BatchNorm1d", "BatchNorm2d", "InstanceNorm2d", "AdaptiveMaxPool2d", "LPPool2d", "ReflectionPad2d"),
    "ReplicationPad2d",
}


def default_labels(rank: int) -> Labels:
    named: dict[int, Labels] = {2: ("N", "C"), 3: ("N", "C", "L"), 4: ("N", "C", "H", "W")}
    return named.get(rank, (None,) * rank)


def labels_of(op: str, arguments: Arguments, inputs: Sequence[Labels], same_shape: bool, rank: int) -> Labels:
    """The labels of what an op gives. `same_shape`: as its input's."""
    first = inputs[0]
    if not first:
        return default_labels(rank)
    if op in _LAID_OUT:
        return default_labels(rank)
    match op:
        case "Add" | "Mul" | "Sub" | "Div" | "Concat":
            columns = list(zip_longest(*(labels[::-1] for labels in inputs)))[::-1]
            return tuple(_agreed({label for label in labels if label}) for labels in columns)
        case "Permute":
            return tuple(first[dim] for dim in arguments["dims"])
        case "Transpose":
            moved = list(first)
            one, other = arguments["dim0"], arguments["dim1"]
            moved[one], moved[other] = moved[other], moved[one]
            return tuple(moved)
        case "Flatten":
            start, end = arguments.get("start_dim", 1) % len(first), arguments.get("end_dim", -1) % len(first)
            return (*first[:start], _merged(first[start : end + 1]), *first[end + 1 :])
        case "Select":
            dim = arguments["dim"] % len(first)
            return first[:dim] + first[dim + 1 :]
        case "Mean" if not arguments.get("keepdim", False):
            written = arguments["dim"]
            gone = {dim % len(first) for dim in (written if isinstance(written, list | tuple) else [written])}
            return tuple(label for dim, label in enumerate(first) if dim not in gone)
        case "Reshape":
            return first if same_shape else (None,) * rank
        case "MatMul":
            return (None,) * rank  # generated programs do not ask for them
    return first


def _agreed(labels: set[str]) -> str | None:
    return labels.pop() if len(labels) == 1 else None


def _merged(labels: Labels) -> str | None:
    if len(labels) == 1:
        return labels[0]
    if not all(label == "C" or label in SPATIAL for label in labels):
        return None
    return "C" if "C" in labels else "L"
