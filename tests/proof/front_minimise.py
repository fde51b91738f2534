"""The shortest text that still shows a finding: delta debugging, first of lines, then of tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic

from tests.proof.front_tokens import cut


def minimised(data: bytes, shows: Callable[[bytes], bool], seconds: float) -> bytes:
    """A part of the data that shows the same, as short as can be found in so much time."""
    until = monotonic() + seconds
    for split in (str.splitlines, cut):
        text = data.decode("latin-1")  # a character for every byte
        parts = split(text, True) if split is str.splitlines else split(text)  # type: ignore[call-arg, arg-type]
        left = _reduced(parts, lambda some: shows("".join(some).encode("latin-1")), until)
        data = "".join(left).encode("latin-1")
    return data


def _reduced(parts: Sequence[str], shows: Callable[[Sequence[str]], bool], until: float) -> Sequence[str]:
    """Without the parts that are not needed: halves first, single ones last."""
    size = max(1, len(parts) // 2)
    while True:
        at, smaller = 0, False
        while at < len(parts):
            if monotonic() > until:
                return parts
            rest = [*parts[:at], *parts[at + size :]]
            if rest and shows(rest):
                parts, smaller = rest, True
            else:
                at += size
        if size == 1 and not smaller:
            return parts
        size = max(1, size // 2) if not smaller or size > 1 else 1
