"""Window arithmetic against torch, over every small combination: what is taken, and what comes out. Of a symbolic size,
the formula holds at the sizes at which the conditions that are noted hold, and torch refuses all others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any

import pytest
import torch
from torch.nn.functional import interpolate

from archspec.dims import Dim, evaluate, symbol
from archspec.ops.base import OpError
from archspec.ops.conditions import gathered
from archspec.types import DType, TensorType
from tests.ops.cases import op_class

pytestmark = pytest.mark.filterwarnings("ignore:TF32 acceleration")
SIZES = range(8)
KERNELS = range(1, 5)
STRIDES = range(1, 4)
PADDINGS = range(3)
Combinations = Iterator[dict[str, Any]]


def max_pools() -> Combinations:
    for kernel, stride, padding, dilation, ceil in product(KERNELS, STRIDES, PADDINGS, (1, 2), (False, True)):
        yield {"kernel_size": kernel, "stride": stride, "padding": padding, "dilation": dilation, "ceil_mode": ceil}


def average_pools() -> Combinations:
    for kernel, stride, padding, ceil in product(KERNELS, STRIDES, PADDINGS, (False, True)):
        yield {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil}


def power_pools() -> Combinations:
    for kernel, stride, ceil in product(KERNELS, STRIDES, (False, True)):
        yield {"norm_type": 2, "kernel_size": kernel, "stride": stride, "ceil_mode": ceil}


def adaptive_pools() -> Combinations:
    yield from ({"output_size": size} for size in range(4))


def unpools() -> Combinations:
    for kernel, stride, padding in product(KERNELS, STRIDES, PADDINGS):
        yield {"kernel_size": kernel, "stride": stride, "padding": padding}


def convolutions() -> Combinations:
    for kernel, stride, padding, dilation in product(KERNELS, STRIDES, (*PADDINGS, "same"), (1, 2, 3)):
        for mode in ("zeros", "reflect", "replicate", "circular"):
            sizes = {"kernel_size": kernel, "stride": stride, "padding": padding, "dilation": dilation}
            yield {"out_channels": 1, "padding_mode": mode, **sizes}


def transposed() -> Combinations:
    for kernel, stride, padding, dilation, extra in product(KERNELS, STRIDES, PADDINGS, (1, 2), range(3)):
        sizes = {"kernel_size": kernel, "stride": stride, "padding": padding, "dilation": dilation}
        yield {"out_channels": 1, "output_padding": extra, **sizes}


def pads() -> Combinations:
    yield from ({"padding": list(sides)} for sides in product(range(-4, 5), repeat=2))


def growing_pads() -> Combinations:
    """Where one side is cropped and the other goes around, torch shows memory that holds nothing."""
    yield from (sides for sides in pads() if sides["padding"][0] * sides["padding"][1] >= 0)


def resized() -> Combinations:
    for mode, scale in product(("nearest", "linear", "nearest-exact", "area"), (0.25, 0.5, 1, 1.5, 2, 3.75)):
        yield {"mode": mode, "scale_factor": scale}
        yield {"mode": mode, "size": int(scale)}


def shuffled() -> Combinations:
    yield from ({"downscale_factor": factor} for factor in (1, 2, 3))


def unfolded() -> Combinations:
    for kernel, stride, padding, dilation in product(KERNELS, STRIDES, PADDINGS, (1, 2)):
        both = {"kernel_size": kernel, "stride": stride, "padding": padding, "dilation": dilation}
        yield {name: [1 if name != "padding" else 0, value] for name, value in both.items()}


@pytest.mark.parametrize(
    ("name", "rank", "combinations"),
    [
        ("MaxPool1d", 1, max_pools),
        ("MaxPool2d", 2, max_pools),
        ("AvgPool1d", 1, average_pools),
        ("AvgPool3d", 3, average_pools),
        ("LPPool1d", 1, power_pools),
        ("LPPool3d", 3, power_pools),
        ("AdaptiveAvgPool2d", 2, adaptive_pools),
        ("AdaptiveMaxPool3d", 3, adaptive_pools),
        ("MaxUnpool1d", 1, unpools),
        ("Conv1d", 1, convolutions),
        ("ConvTranspose1d", 1, transposed),
        ("ConvTranspose2d", 2, transposed),
        ("ZeroPad1d", 1, pads),
        ("ReflectionPad1d", 1, pads),
        ("ReplicationPad1d", 1, pads),
        ("CircularPad1d", 1, growing_pads),
        ("Upsample", 1, resized),
        ("Interpolate", 1, resized),
        ("PixelUnshuffle", 2, shuffled),
        ("Unfold", 2, unfolded),
    ],
)
def test_sizes_and_refusals_are_those_of_torch(name: str, rank: int, combinations: Callable[[], Combinations]) -> None:
    seen = set()
    with torch.backends.mkldnn.flags(enabled=False):  # which compiles a kernel for each combination
        for arguments in combinations():
            op = op_class(name).model_validate(arguments)
            with gathered() as conditions:
                formula = inferred(op, symbol("x"), rank)
            for size in SIZES[name == "PixelUnshuffle" :]:  # torch gives an empty map back as it is
                expected = torch_size(name, arguments, size, rank)
                assert inferred(op, size, rank) == expected, (name, arguments, size)
                if size:
                    holds = formula is not None and all(condition.at(x=size) for condition in conditions)
                    found = evaluate(formula, {"x": size}) if formula is not None and holds else None
                    assert found == expected, (name, arguments, size, conditions)
                seen.add(expected is None)
    assert seen == {True, False}, "the sweep meets both"


def inputs(op: Any, size: Dim, rank: int) -> list[TensorType]:
    first = TensorType.of((2, 1, *[7] * (rank - 1), size))
    return [first, first._replace(dtype=DType.int64)][: op.inputs[0]]


def inferred(op: Any, size: Dim, rank: int) -> Dim | None:
    """The size of the last axis, or None where the op refuses."""
    try:
        found: Dim = op.infer(*inputs(op, size, rank)).shape[-1]
    except OpError:
        return None
    return found


def torch_size(name: str, arguments: dict[str, Any], size: int, rank: int) -> int | None:
    written = {field: tuple(value) if isinstance(value, list) else value for field, value in arguments.items()}
    values = [torch.zeros(2, 1, *[7] * (rank - 1), size)]
    values += [torch.zeros_like(values[0], dtype=torch.int64)] if "Unpool" in name else []
    channels = {"in_channels": 1} if "out_channels" in arguments else {}
    function = partial(interpolate, **written) if name == "Interpolate" else None
    try:
        return int((function or getattr(torch.nn, name)(**channels, **written))(*values).shape[-1])
    except (RuntimeError, ValueError):
        return None
