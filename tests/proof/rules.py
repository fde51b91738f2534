"""Where archspec is stricter than torch, and why. Where a rule applies, archspec has to refuse; where none
does, it takes what torch takes. docs/testing.md lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from archspec.types import DType
from tests.proof.draws import Draw, Hint, read_off
from tests.proof.functions import owned, parameter
from tests.proof.referee import Refusal, Taken, torchs
from tests.proof.shapes import spread
from tests.proof.slips import slips
from tests.proof.typed import annotations, fits
from tests.proof.values import fields


def stricter(draw: Draw, hint: Hint, taken: Taken) -> str | None:
    """The name of the rule by which archspec refuses what torch has taken."""
    if slip := slips(draw, taken):
        return slip
    return next((name for name, applies in RULES.items() if applies(draw, hint)), None)


def _unbatched(draw: Draw, hint: Hint) -> bool:
    least = hint.least if isinstance(hint.least, int) else hint.least(draw.arguments)
    return any(len(shape) < least for k, (shape, _) in enumerate(draw.inputs) if k not in hint.behind)


def _more_axes(draw: Draw, hint: Hint) -> bool:
    return hint.most is not None and len(draw.inputs[0][0]) > hint.most


def other_element_type(draw: Draw, hint: Hint) -> bool:
    """Whether an input is of an element type that archspec doesn't take there."""
    return any(dtype not in hint.behind.get(k, hint.dtypes) for k, (_, dtype) in enumerate(draw.inputs))


def _mixed(draw: Draw, hint: Hint) -> bool:
    found = {dtype for k, (_, dtype) in enumerate(draw.inputs) if k not in hint.behind}
    numbers = [draw.arguments.get(name) for name in hint.beside]
    return len(found) > 1 or not all(_is_one_of(dtype, number) for dtype in found for number in numbers)


def _is_one_of(dtype: DType, number: Any) -> bool:
    """Whether a number is one of the element type; of bools torch makes all numbers."""
    if dtype.is_floating or dtype is DType.bool or not fits(number, float):
        return True
    known = torch.iinfo(getattr(torch, dtype))
    return float(number).is_integer() and known.min <= number <= known.max


def _mistyped(draw: Draw, hint: Hint) -> bool:
    known = annotations(hint.torch or getattr(torch.nn, draw.op))
    written = {name: value for name, value in draw.arguments.items() if value is not None or name not in hint.sizes}
    return any(not fits(value, known.get(name, known.get("**", Any))) for name, value in written.items())


def _list_of_another_length(draw: Draw, hint: Hint) -> bool:
    axes = int(draw.op[-2]) if draw.op[-2:-1].isdigit() else 2 if draw.op in ("Fold", "Unfold") else 0
    count = 2 * axes if "Pad" in draw.op else axes
    lists = [value for name, value in draw.arguments.items() if name in PER_AXIS and isinstance(value, list)]
    lists_of_axes = ("dim", "dims", "sizes", "mean", "std", *(("shape",) if draw.op == "Reshape" else ()))
    none = [draw.arguments.get(name) == [] for name in lists_of_axes]
    return any(none) or (axes > 0 and any(len(value) != count for value in lists))


PER_AXIS = ("kernel_size", "stride", "padding", "dilation", "output_padding", "output_size")


def _empty(draw: Draw, hint: Hint) -> bool:
    """Whether torch refuses the same with more in place of nothing."""
    if not hint.lax:
        return False
    inputs = tuple((tuple(size or FILLED for size in shape), dtype) for shape, dtype in draw.inputs)
    arguments = draw.arguments
    if hint.torch in (parameter, owned):
        arguments = {**arguments, "shape": [size or FILLED for size in arguments["shape"]]}
    filled = Draw(draw.op, arguments, inputs)
    return filled != draw and isinstance(torchs(filled, hint), Refusal)


FILLED = 12


def _meaningless(draw: Draw, hint: Hint) -> bool:
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
"""Numbers that torch takes and that mean nothing, or that fail in training only."""
UNPOOLED: dict[str, Senseless] = {
    "kernel_size": lambda value: value < 1,
    "stride": lambda value: value < 1,
    "padding": lambda value: value < 0,
}
STARTED: dict[str, Senseless] = {"std": lambda value: value < 0}
NONSENSE_OF: dict[str, dict[str, Senseless]] = {
    "Parameter": STARTED,
    "Buffer": STARTED,
    "Div": {"value": lambda value: value == 0},
    "Softplus": {"beta": lambda value: value == 0},
    "MaxUnpool1d": UNPOOLED,
    "MaxUnpool2d": UNPOOLED,
    "MaxUnpool3d": UNPOOLED,
}


def _unnamed(draw: Draw, hint: Hint) -> bool:
    return draw.op in ("Softmax", "LogSoftmax", "Softmin") and draw.arguments.get("dim") is None


def _other_size(draw: Draw, hint: Hint) -> bool:
    written = {name: draw.arguments[name] for name in hint.sizes if isinstance(draw.arguments.get(name), int)}
    return any(value != read_off(hint, name, draw.inputs) for name, value in written.items())


def _unknown(draw: Draw, hint: Hint) -> bool:
    unknown = draw.arguments.keys() - fields(draw.op).keys()
    return bool(unknown & {"device", "dtype"}) or (bool(unknown) and draw.op == "Identity")


RULES: dict[str, Callable[[Draw, Hint], bool]] = {
    "a value has a batch axis": _unbatched,
    "a layer takes the ranks that torch documents": _more_axes,
    "an element type that weights don't have, or onnxruntime can't run": other_element_type,
    "element types are never mixed, nor is a number of another one taken": _mixed,
    "an argument has the type that torch gives it; a bool is no number, and a fraction no integer": _mistyped,
    "a list of sizes has one for each axis, and no list is empty": _list_of_another_length,
    "a size that is written is that of the input": _other_size,
    "a network says nothing of devices, and Identity takes no arguments": _unknown,
    "an axis is named: torch's guess at it is deprecated": _unnamed,
    "a number means something, in training too": _meaningless,
    "a mistake is one even where the input is empty": _empty,
}
