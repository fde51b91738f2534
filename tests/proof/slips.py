"""Where torch's CPU kernels take what makes no sense, or give another shape than their own formula: slips of torch,
which archspec refuses. docs/testing.md lists them."""

from __future__ import annotations

from collections.abc import Callable

from archspec.types import DType
from tests.proof.draws import Draw, Shape
from tests.proof.referee import Taken


def slips(draw: Draw, taken: Taken) -> str | None:
    """The name of the slip, where torch has taken a draw by one."""
    return next((name for name, applies in SLIPS.items() if applies(draw, taken)), None)


def unsafe(draw: Draw) -> str | None:
    """Why torch is not asked at all: it would read memory beyond its inputs. That counts as a refusal."""
    if draw.op == "ScaledDotProductAttention" and len(draw.inputs) > 2:
        key, value = (shape[-2:-1] for shape, _ in draw.inputs[1:3])
        if key != value:
            return "attention reads as many values as there are keys, and does not look how many there are"
    return None


def _unshuffled_nothing(draw: Draw, taken: Taken) -> bool:
    return draw.op == "PixelUnshuffle" and 0 in draw.inputs[0][0]


def _channelless(draw: Draw, taken: Taken) -> bool:
    return draw.op.startswith("Conv") and draw.inputs[0][0][1] == 0


def _nothing_left(draw: Draw, taken: Taken) -> bool:
    if not draw.op.startswith("ConvTranspose"):
        return False
    batch, _, *sizes = taken.results[0].shape
    return batch > 0 and 0 in sizes


def _around_twice(draw: Draw, taken: Taken) -> bool:
    padding = draw.arguments.get("padding")
    if not draw.op.startswith("CircularPad") or not isinstance(padding, list):
        return False
    sides = zip(draw.inputs[0][0][::-1], padding[::2], padding[1::2], strict=False)
    return any(max(before, after) > size + min(before, 0) + min(after, 0) for size, before, after in sides)


def _unstretched(draw: Draw, taken: Taken) -> bool:
    if draw.op != "ScaledDotProductAttention" or not any(0 in shape for shape, _ in draw.inputs[:3]):
        return False
    last = 3 if draw.arguments.get("enable_gqa") else 2
    query, *others = (shape[:-last] for shape, _ in draw.inputs[:3])
    return any(len(other) > len(query) or _stretches(query, other) for other in others)


def _stretches(shape: Shape, other: Shape) -> bool:
    return any(size == 1 != wanted for size, wanted in zip(shape[::-1], other[::-1], strict=False))


def _masked_by_more(draw: Draw, taken: Taken) -> bool:
    if draw.op != "ScaledDotProductAttention" or len(draw.inputs) < 4:
        return False
    query, key, _, mask = (len(shape) for shape, _ in draw.inputs)
    return mask > max(query, key)


def _passed_over(draw: Draw, taken: Taken) -> bool:
    return draw.op == "Concat" and len({len(shape) for shape, _ in draw.inputs}) > 1


def _same_size(draw: Draw, taken: Taken) -> bool:
    return draw.op == "Interpolate" and draw.arguments.get("antialias") is True and draw.inputs[0][1] in HALVES


HALVES = (DType.float16, DType.bfloat16)
SLIPS: dict[str, Callable[[Draw, Taken], bool]] = {
    "PixelUnshuffle gives an empty input back as it is": _unshuffled_nothing,
    "a convolution of no channels gives other shapes than its formula, or is refused, by its kernel": _channelless,
    "an empty result of a transposed convolution is taken by some kernels, and refused by others": _nothing_left,
    "circular padding beyond what is left after cropping reads what was never written": _around_twice,
    "attention with an empty input does not always stretch the query": _unstretched,
    "attention takes a mask of more axes than its product has, and leaves them out of the result": _masked_by_more,
    "antialiasing has no kernel for half floats, and does without it where no size changes": _same_size,
    "torch.cat passes over values of shape (0,)": _passed_over,
}
