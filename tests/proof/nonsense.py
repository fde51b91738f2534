"""Numbers that torch takes, and that mean nothing or fail in training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.proof.draws import Draw
from tests.proof.shapes import spread
from tests.proof.typed import fits

Senseless = Callable[[float], bool]
NONSENSE: dict[str, Senseless] = {
    "eps": lambda value: value < 0,
    "divisor_override": lambda value: value < 0,
    "dilation": lambda value: value < 1,
    "block_size": lambda value: value < 1 or value % 2 == 0,
    "scale_factor": lambda value: value <= 0,
    "p": lambda value: not 0 <= value <= 1,
    "dropout": lambda value: not 0 <= value <= 1,
}
"""By argument, of whatever op."""
UNPOOLED: dict[str, Senseless] = {
    "kernel_size": lambda value: value < 1,
    "stride": lambda value: value < 1,
    "padding": lambda value: value < 0,
}
CONVOLVED: dict[str, Senseless] = {"padding": lambda value: value < 0}
STARTED: dict[str, Senseless] = {"std": lambda value: value < 0}
NONSENSE_OF: dict[str, dict[str, Senseless]] = {
    "Conv1d": CONVOLVED,
    "Conv2d": CONVOLVED,
    "Conv3d": CONVOLVED,
    "Parameter": STARTED,
    "Buffer": STARTED,
    "Div": {"value": lambda value: value == 0},
    "LpNormalize": {"p": lambda value: value <= 0},
    "Softplus": {"beta": lambda value: value == 0},
    "MaxUnpool1d": UNPOOLED,
    "MaxUnpool2d": UNPOOLED,
    "MaxUnpool3d": UNPOOLED,
}


def meaningless(draw: Draw) -> bool:
    """Whether some number that is written means nothing."""
    rules = {**NONSENSE, **NONSENSE_OF.get(draw.op, {})}
    numbers = _numbers(draw.arguments)
    return any(name in rules and rules[name](number) for name, number in numbers) or _grown_too_far(draw)


def _grown_too_far(draw: Draw) -> bool:
    """Whether output_padding is no smaller than stride and dilation, which torch overlooks in an empty batch."""
    if not draw.op.startswith("ConvTranspose"):
        return False
    axes = int(draw.op[-2])
    stride, dilation, extra = (
        spread(draw.arguments.get(name, least), axes)
        for name, least in (("stride", 1), ("dilation", 1), ("output_padding", 0))
    )
    return any(more >= max(steps) for more, *steps in zip(extra, stride, dilation, strict=False))


def _numbers(arguments: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """All numbers that are written, in lists and in initialisers too, with the names of their arguments."""
    for name, value in arguments.items():
        if isinstance(value, Mapping):
            yield from _numbers(value)
        else:
            yield from ((name, each) for each in (value if isinstance(value, list) else [value]) if fits(each, float))
