"""What the tests of the packaged specs run under."""

from __future__ import annotations

from tests.twins import one_thread as one_thread
