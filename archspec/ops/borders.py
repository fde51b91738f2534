"""How maps go on beyond their ends: by a constant, mirrored, by their last value, or from the other end again."""

from __future__ import annotations

from typing import Literal, TypeAlias

from archspec.dims import Dim
from archspec.ops.base import Emitter, Handle, OpError
from archspec.ops.conditions import can_reach
from archspec.ops.emission import Sides, pad, slice_axis, wrapped

Border: TypeAlias = Literal["zeros", "reflect", "replicate", "circular"]
"""What stands there, in the words of `padding_mode`; `zeros` also stands for any other constant."""

_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge"}


def extended(border: Border, size: Dim, before: int, after: int) -> Dim:
    """The size of an axis with this much more at its ends, or less where negative. As in torch, a constant may
    leave nothing, a mirror needs more positions than it copies, and a period goes around once.

    Raises OpError that blames the argument `padding`.
    """
    least = {"zeros": 0, "reflect": 1, "replicate": 1, "circular": 0}[border]
    found = size + (before + after)
    cropped = size + (min(before, 0) + min(after, 0))
    wanted = found if least else cropped  # a mirror may show positions that are cropped at the other end
    if not can_reach(wanted, least):
        raise OpError(f"padding is {[before, after]}, which leaves {wanted} of {size} positions", field="padding")
    if border in ("reflect", "circular"):
        source = size if border == "reflect" else cropped
        copied = max(before, after) + (1 if border == "reflect" else 0)
        if copied > 0 and not can_reach(source, copied):
            most = source - 1 if border == "reflect" else source
            text = f"padding is {max(before, after)}, and {border} padding of {source} positions is {most} at most"
            raise OpError(text, field="padding")
    return found


def extend(emit: Emitter, x: Handle, border: Border, sides: Sides, value: Handle | None = None) -> Handle:
    """x with this much more at the ends of each axis, or less where negative; `value` is the constant, 0 where None."""
    if border == "zeros":
        return pad(emit, x, sides, value=value)
    grown = [(max(before, 0), max(after, 0)) for before, after in sides]
    if border == "circular":
        return wrapped(emit, _cropped(emit, x, sides), grown)
    if any(map(any, grown)):
        x = pad(emit, x, grown, mode=_MODES[border])
    return _cropped(emit, x, sides)


def _cropped(emit: Emitter, x: Handle, sides: Sides) -> Handle:
    for axis, (before, after) in enumerate(sides):
        if min(before, after) < 0:
            x = slice_axis(emit, x, axis, max(-before, 0), after if after < 0 else None)
    return x
