"""`archspec expand`: a network as a flat spec."""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
from pathlib import Path

from archspec.cli.line import Commands
from archspec.cli.printing import ERRORS, GOOD, complain
from archspec.cli.target import add_target, architecture
from archspec.syntax.reader import MAX_BYTES

_ABOUT = "the flat spec of a network: blocks, repeats, conditions, expressions and defaults resolved, the same keys"


def add(commands: Commands) -> None:
    parser = commands.add_parser("expand", help=_ABOUT, description=_ABOUT)
    parser.add_argument("-o", "--output", metavar="FILE.yaml", help="write it there, and not to the screen")
    add_target(parser)
    parser.set_defaults(command=expand)


def expand(options: argparse.Namespace) -> int:
    from archspec.backends.spec import ExpandError

    try:
        text = architecture(options).expand()
    except ExpandError as error:
        return complain(str(error), ERRORS)
    data = text.encode("utf-8")
    if options.output is not None:
        _write(Path(options.output), data)
    elif isinstance(sys.stdout, io.TextIOWrapper):  # a spec is UTF-8, whatever the terminal is
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
    else:
        print(text, end="")
    if len(data) > MAX_BYTES:
        complain(f"the flat spec is large: `--max-bytes {len(data)}` reads it", GOOD)
    return GOOD


def _write(path: Path, data: bytes) -> None:
    """Write a file aside, then put it in its place, so that nobody sees half of it. Raises OSError."""
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():  # a pipe or a device cannot be replaced
        target.write_bytes(data)
        return
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        aside = Path(folder) / target.name
        aside.write_bytes(data)
        if target.exists():
            aside.chmod(target.stat().st_mode & 0o7777)
        aside.replace(target)
