"""The `archspec` command as a process of its own, which is also `python -m archspec`."""

from __future__ import annotations

import gc
import io
import sys
import traceback

_OUR_BUG = 70  # EX_SOFTWARE of sysexits.h


def run() -> None:
    """Run the command on sys.argv, and exit."""
    gc.disable()  # while modules load: collecting then takes a tenth of a whole `check`
    from archspec.cli import main

    gc.enable()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without a character shows its code, and no traceback
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(main())
    except Exception:
        traceback.print_exc()
        print("archspec: this is a bug of archspec; please report it with the spec", file=sys.stderr)
        sys.exit(_OUR_BUG)


if __name__ == "__main__":
    run()
