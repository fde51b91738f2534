"""Python's stack, as deep as the limits of the language allow."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_DEEPEST = 20_000  # calls: 64 blocks in blocks, in each of them splices in splices as deep as YAML goes


@contextmanager
def stack_deepened() -> Iterator[None]:
    """Blocks, scopes and splices are walked by calls, more of them than Python's usual 1,000."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
