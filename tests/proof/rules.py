"""Where archspec is stricter than torch, and why. Where a rule applies, archspec has to refuse; where none
does, it takes what torch takes. docs/testing.md lists them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from archspec.types import DType
from tests.proof.draws import Draw, Hint, Shape, read_off
from tests.proof.functions import owned, parameter
from tests.proof.nonsense import meaningless
from tests.proof.referee import Refusal, Taken, torchs
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
    shapes = ("shape",) if draw.op == "Reshape" else ()
    none = [draw.arguments.get(name) == [] for name in (*NEVER_EMPTY, *shapes)]
    return any(none) or (axes > 0 and any(len(value) != count for value in lists))


NEVER_EMPTY = ("dim", "dims", "sizes", "mean", "std", "split_size_or_sections")
PER_AXIS = ("kernel_size", "stride", "padding", "dilation", "output_padding", "output_size")


def _empty(draw: Draw, hint: Hint) -> bool:
    """Whether torch refuses the same with more in place of nothing."""
    if not hint.lax:
        return False
    heads = 3 if draw.arguments.get("enable_gqa") else None
    inputs = tuple((_filled(shape, heads), dtype) for shape, dtype in draw.inputs)
    arguments = draw.arguments
    if hint.torch in (parameter, owned):
        arguments = {**arguments, "shape": [size or FILLED for size in arguments["shape"]]}
    filled = Draw(draw.op, arguments, inputs)
    return filled != draw and isinstance(torchs(filled, hint), Refusal)


FILLED = 13  # beyond all sizes that are drawn
MANY = 840  # a multiple of all that are drawn for attention


def _filled(shape: Shape, heads: int | None) -> Shape:
    """The shape with more in place of nothing; as heads, counted from the end, what fewer heads can share."""
    return tuple(size or (MANY if len(shape) - k == heads else FILLED) for k, size in enumerate(shape))


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
    "a number means something, in training too": lambda draw, hint: meaningless(draw),
    "a mistake is one even where the input is empty": _empty,
}
