"""A command in a child of this process, which has loaded all that it needs, and in which it may be killed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from archspec import __main__

Profile = Callable[[FrameType, str, Any], object]


def run_in_child(words: Sequence[str], profile: Profile | None, prepare: Callable[[], object]) -> tuple[int, str]:
    """Run the command, prepared and watched; gives its exit code, the signal that ended it below zero, and what it
    said."""
    if pid := os.fork():
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return code, Path("said").read_text(encoding="utf-8")
    said = os.open("said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(said, stream)
    sys.argv = ["archspec", *words]
    prepare()
    sys.setprofile(profile)
    try:
        __main__.run()
    except SystemExit as stop:
        sys.setprofile(None)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(stop.code or 0))
    os._exit(99)
