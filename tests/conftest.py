"""What every test runs under."""

from __future__ import annotations

from hypothesis import settings

# The same examples on every run, and no deadline: a failure is then a change in the code, never the clock.
settings.register_profile("archspec", derandomize=True, deadline=None)
settings.load_profile("archspec")
