"""What every test runs under."""

from __future__ import annotations

import pytest
from hypothesis import settings

from archspec.elaborate import memo

# The same examples on every run, and no deadline: a failure is then a change in the code, never the clock.
settings.register_profile("archspec", derandomize=True, deadline=None)
settings.load_profile("archspec")


@pytest.fixture(autouse=True)
def _new_memo() -> None:
    """A test that changes what an op infers sees it, and leaves nothing of it behind."""
    memo._memo = memo.Memo()
