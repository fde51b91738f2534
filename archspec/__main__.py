"""The `archspec` command as a process of its own, which is also `python -m archspec`."""

from __future__ import annotations

import gc
import io
import signal
import sys
import traceback
from typing import NoReturn

_OUR_BUG = 70  # EX_SOFTWARE of sysexits.h
_INTERRUPTED = 130  # 128 + SIGINT, as shells say it
_TERMINATED = 143  # 128 + SIGTERM


def run() -> None:
    """Run the command on sys.argv, and exit."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        sys.exit(_run())
    except KeyboardInterrupt:  # while modules load: later the command says so itself
        sys.exit(_INTERRUPTED)


def _terminate(*_: object) -> NoReturn:
    """End as an interrupt does: what is half-written is removed on the way out."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would interrupt that
    sys.exit(_TERMINATED)


def _run() -> int:
    gc.disable()  # while modules load: collecting then takes a tenth of a whole `check`
    from archspec.cli import main

    gc.enable()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without a character shows its code, and no traceback
            stream.reconfigure(errors="backslashreplace")
    try:
        return main()
    except Exception:
        traceback.print_exc()
        print("archspec: this is a bug of archspec; please report it with the spec", file=sys.stderr)
        return _OUR_BUG


if __name__ == "__main__":
    run()
