"""What commands print: diagnostics, tables, progress, and whether in colour; and the exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Timer
from typing import TextIO

from archspec import render
from archspec.diagnostics import Diagnostic

GOOD, ERRORS, USAGE = 0, 1, 2
_UNREADABLE = ("A001", "A003", "A207")  # a target, or a `--set` without a value
_PATIENCE_S = 1.0  # a stage that takes longer says what it is doing


def complain(message: str, code: int) -> int:
    """Say on stderr why the command ends; gives its exit code."""
    safe = "\n".join(map(render.printable, message.split("\n")))
    print(f"archspec: {safe}", file=sys.stderr)
    return code


def print_diagnostics(checked: render.Checked, stream: TextIO | None = None) -> None:
    """As text for people, to stderr if nothing else is said."""
    stream = stream or sys.stderr
    if any(items for _, items in checked):
        from shutil import get_terminal_size

        text = render.text(checked, width=get_terminal_size().columns, color=wants_color(stream))
    else:
        text = render.tally(checked)
    print_lines([text], stream)


def print_lines(lines: Iterable[str], stream: TextIO) -> None:
    """Whatever the lines hold and the stream can encode."""
    print(_encodable("\n".join(lines), stream), file=stream)


def _encodable(text: str, stream: TextIO) -> str:
    """The text with `?` for what a stream has no character for, as wide as that: what is aligned stays so."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(char if _has(encoding, char) else "?" * render.cells(char) for char in text)
    return text


def _has(encoding: str, char: str) -> bool:
    return char.encode(encoding, errors="ignore") != b""


def wants_color(stream: TextIO | None) -> bool:
    """Whether to print in colour there: as https://no-color.org, https://force-color.org and
    https://bixense.com/clicolors have it, else on terminals. The stream is None where it was closed."""
    said = os.environ.get
    if said("NO_COLOR"):
        return False
    if said("FORCE_COLOR", "0") not in ("", "0") or said("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return stream is not None and stream.isatty() and said("TERM") != "dumb" and said("CLICOLOR") != "0"


def exit_code(items: Sequence[Diagnostic]) -> int:
    """2 where a target itself cannot be read, or an option; 1 for errors in it, else 0."""
    errors = [item for item in items if item.severity == "error"]
    if any(item.code.name in _UNREADABLE and not item.span.file.text for item in errors):
        return USAGE
    return ERRORS if errors else GOOD


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Columns as wide as their widest cell; those in `right` are aligned on the right, as numbers are."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        cells = [
            cell.rjust(w) if i in right else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Say on stderr what is going on, once it takes longer than a second."""
    timer = Timer(_PATIENCE_S, lambda: print(f"archspec: {what} ...", file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
