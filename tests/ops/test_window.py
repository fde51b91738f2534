"""Window arithmetic against torch, over every small combination: what fits, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
import torch

from archspec.dims import evaluate, symbol
from archspec.ops.base import OpError
from archspec.types import TensorType
from tests.ops.cases import op_class

SIZES = range(1, 8)
KERNELS = range(1, 5)
STRIDES = range(1, 4)
PADDINGS = range(3)


def max_pools() -> Iterator[dict[str, Any]]:
    for kernel, stride, padding, dilation, ceil in product(KERNELS, STRIDES, PADDINGS, (1, 2), (False, True)):
        yield {"kernel_size": kernel, "stride": stride, "padding": padding, "dilation": dilation, "ceil_mode": ceil}


def average_pools() -> Iterator[dict[str, Any]]:
    for kernel, stride, padding, ceil in product(KERNELS, STRIDES, PADDINGS, (False, True)):
        yield {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil}


def convolutions() -> Iterator[dict[str, Any]]:
    for kernel, stride, padding, dilation in product(KERNELS, STRIDES, (*PADDINGS, "same"), (1, 2, 3)):
        for mode in ("zeros", "reflect", "circular"):
            sizes = {"kernel_size": kernel, "stride": stride, "padding": padding, "dilation": dilation}
            yield {"out_channels": 1, "padding_mode": mode, **sizes}


def transposed() -> Iterator[dict[str, Any]]:
    for kernel, stride, padding, dilation, extra in product(KERNELS, STRIDES, PADDINGS, (1, 2), range(3)):
        sizes = {"kernel_size": kernel, "stride": stride, "padding": padding, "dilation": dilation}
        yield {"out_channels": 1, "output_padding": extra, **sizes}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.filterwarnings("ignore:TF32 acceleration on top of oneDNN")
@pytest.mark.parametrize(
    ("name", "combinations"),
    [
        ("MaxPool1d", max_pools),
        ("MaxPool2d", max_pools),
        ("AvgPool1d", average_pools),
        ("AvgPool3d", average_pools),
        ("Conv1d", convolutions),
        ("ConvTranspose2d", transposed),
    ],
)
def test_sizes_and_refusals_are_those_of_torch(name: str, combinations: Callable[[], Iterator[dict[str, Any]]]) -> None:
    with torch.backends.mkldnn.flags(enabled=False):  # which compiles a kernel for each combination
        check(name, list(combinations()))


def check(name: str, combinations: list[dict[str, Any]]) -> None:
    rank = int(name[-2])
    for arguments in combinations:
        op = op_class(name).model_validate(arguments)
        formula = inferred(op, symbol("x"), rank)
        channels = {"in_channels": 1} if "out_channels" in arguments else {}
        try:
            layer = getattr(torch.nn, name)(**channels, **arguments)
        except ValueError:
            layer = None
        for size in SIZES:
            expected = torch_size(layer, size, rank)
            assert inferred(op, size, rank) == expected, (name, arguments, size)
            if expected is not None:
                assert formula is not None
                assert evaluate(formula, {"x": size}) == expected, (name, arguments, size)


def inferred(op: Any, size: Any, rank: int) -> Any:
    """The size of the last axis, or None where the op refuses."""
    try:
        return op.infer(TensorType.of((2, 1, *[7] * (rank - 1), size))).shape[-1]
    except OpError:
        return None


def torch_size(layer: Any, size: int, rank: int) -> int | None:
    try:
        found = layer(torch.zeros(2, 1, *[7] * (rank - 1), size)).shape[-1] if layer else None
    except RuntimeError:
        return None
    return found or None  # torch gives an empty value now and then
