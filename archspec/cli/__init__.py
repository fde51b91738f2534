"""The command: the only place that prints or exits. Exit codes: 0 well, 1 errors found, 2 usage or I/O.

Each module here is a family of commands: what they do, and `add`, which puts them on the command line (`line`).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from archspec.cli.line import parse
from archspec.cli.printing import ERRORS, GOOD, USAGE, complain, exit_code, print_diagnostics
from archspec.compilation import PluginError
from archspec.diagnostics import SpecError
from archspec.weights import MisfitError, WeightsError

_INTERRUPTED = 130  # 128 + SIGINT, as shells say it


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in this process; gives the exit code, and prints to sys.stdout and sys.stderr."""
    try:
        options = parse(sys.argv[1:] if argv is None else argv)
    except SystemExit as stop:  # argparse has printed what is wrong, or the help
        return int(stop.code or 0)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        code = command(options)
        if sys.stdout is not None:  # closed by who started us
            sys.stdout.flush()  # here, where it can still be told that this fails
        return code
    except SpecError as error:
        print_diagnostics([(error.diagnostics[0].span.file.path, error.diagnostics)])
        return exit_code(error.diagnostics)
    except BrokenPipeError:  # who reads our output has gone, and nothing is left to say
        _let_go_of_output()
        return GOOD
    except WeightsError as error:
        return complain(_with_plan(error), ERRORS)
    except (OSError, PluginError) as error:
        _let_go_of_output()
        return complain(_told(error), USAGE)
    except KeyboardInterrupt:
        return complain("interrupted", _INTERRUPTED)


def _with_plan(error: WeightsError) -> str:
    """What is wrong with weights, and all that `weights plan` says of those that do not fit."""
    if not isinstance(error, MisfitError) or error.plan is None:
        return str(error)
    from archspec.weights.report import text

    return f"the weights do not fit the network; `archspec weights plan` says:\n\n{text(error.plan)}"


def _told(error: Exception) -> str:
    """What is wrong, without the number that the system has for it."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"


def _let_go_of_output() -> None:
    """Forget what cannot be written: the interpreter would try again at its end, and complain in its own words."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
