"""`archspec expand`: a network as a flat spec."""

from __future__ import annotations

import argparse
import io
import sys

from archspec.cli.files import require_places
from archspec.cli.line import Commands
from archspec.cli.printing import ERRORS, GOOD, complain
from archspec.cli.target import add_target, architecture
from archspec.staging import replace
from archspec.syntax.reader import MAX_BYTES

_ABOUT = "the flat spec of a network: blocks, repeats, conditions, expressions and defaults resolved, the same keys"


def add(commands: Commands) -> None:
    parser = commands.add_parser("expand", help=_ABOUT, description=_ABOUT)
    parser.add_argument("-o", "--output", metavar="FILE.yaml", help="write it there, and not to the screen")
    add_target(parser)
    parser.set_defaults(command=expand)


def expand(options: argparse.Namespace) -> int:
    from archspec.backends.spec import ExpandError

    require_places(options.output)
    try:
        text = architecture(options).expand()
    except ExpandError as error:
        return complain(str(error), ERRORS)
    data = text.encode("utf-8")
    if options.output is not None:
        replace(options.output, data)
    elif isinstance(sys.stdout, io.TextIOWrapper):  # a spec is UTF-8, whatever the terminal is
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
    else:
        print(text, end="")
    if len(data) > MAX_BYTES:
        complain(f"the flat spec is large: `--max-bytes {len(data)}` reads it", GOOD)
    return GOOD
