"""`archspec explain`: what a diagnostic means, and where the values of a layer come from."""

from __future__ import annotations

import argparse
import json
import sys
from itertools import groupby
from shutil import get_terminal_size

from archspec.architecture import UnknownPathError
from archspec.cli.line import Commands
from archspec.cli.printing import GOOD, USAGE, complain, wants_color
from archspec.cli.target import add_spec_options, architecture
from archspec.diagnostics.codes import CODES, STAGES
from archspec.diagnostics.explanation import UnknownCodeError, page


def add(commands: Commands) -> None:
    what = "what a diagnostic means; or where every value of a layer comes from, its shapes, costs and keys"
    usage = "%(prog)s [CODE]\n       %(prog)s TARGET PATH [options]"
    parser = commands.add_parser("explain", help=what, description=what, usage=usage)
    code = "the code of a diagnostic, say A301 (none: all of them); with a PATH, a TARGET"
    parser.add_argument("code", nargs="?", metavar="CODE", help=code)
    path = "a layer (layer3.0.conv2), a scope, an absent layer, an input or an output"
    parser.add_argument("path", nargs="?", metavar="PATH", help=path)
    parser.add_argument("--format", choices=["text", "json"], default="text", help="of what is told of a PATH")
    add_spec_options(parser)
    parser.set_defaults(command=explain)


def explain(options: argparse.Namespace) -> int:
    if options.path is not None:
        return _explain_path(options)
    return _list_codes() if options.code is None else _explain_code(options.code)


def _explain_path(options: argparse.Namespace) -> int:
    options.target = options.code
    try:
        found = architecture(options).explain(options.path)
    except UnknownPathError as error:
        return complain(str(error), USAGE)
    if options.format == "json":
        print(json.dumps(found.as_dict(), indent=2))
    else:
        print(found.text(get_terminal_size().columns, wants_color(sys.stdout)))
    return GOOD


def _list_codes() -> int:
    sections = []
    for stage, codes in groupby(CODES.values(), key=lambda code: STAGES[code.name[:2]]):
        sections.append("\n".join([stage, *(f"  {code.name}  {code.title}" for code in codes)]))
    print("\n\n".join(sections))
    return GOOD


def _explain_code(code: str) -> int:
    try:
        text = page(code)
    except UnknownCodeError as error:
        network = "" if code[1:].isdigit() else f", and `archspec explain {code} PATH` tells of a layer"
        return complain(f"{error}{network}", USAGE)
    if wants_color(sys.stdout):
        from archspec.cli.markdown import print_markdown

        print_markdown(text)
    else:
        print(text, end="")
    return GOOD
