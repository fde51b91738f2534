"""Runs what a page of docs/ shows, from top to bottom, in one folder: files are written, commands and Python answer as
the page says.

A fenced block's language says what it is: `yaml` is a file, whose name stands in its first line
(`# specs/net.yaml`), as is `toml`; `console` holds commands behind `$ ` with their output, and perhaps what they say on
stderr behind it; `pycon` is a session of Python; `sh` holds commands whose output is not told, which are run where a
test says so; `text` is not run.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from archspec.cli import main

DOCS = Path(__file__).parents[2] / "docs"


def run_page(name: str, capsys: pytest.CaptureFixture[str], *, silent_commands: bool = False) -> None:
    """Run a page in the current folder."""
    page = (DOCS / name).read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    ran = set()
    for fence in re.finditer(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        language, text = fence[1], fence[2]
        if language == "sh" and silent_commands:
            _silent(text)
        elif language not in ("sh", "text"):
            {"yaml": _write, "toml": _write, "console": _command, "pycon": _session}[language](text, names, capsys)
        ran.add(language)
    assert "pycon" in ran


def _write(text: str, names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(text.splitlines()[0].removeprefix("# "))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _command(text: str, names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    for command, _, shown in (part.partition("\n") for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]):
        program, *arguments = shlex.split(command)
        assert program == "archspec", command
        main(arguments)
        printed = capsys.readouterr()
        assert shown in (printed.out, printed.out + printed.err), command


def _silent(text: str) -> None:
    for command in text.splitlines():
        program, *arguments = shlex.split(command)
        assert program == "archspec", command
        assert main(arguments) == 0, command


def _session(text: str, names: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    example = doctest.DocTestParser().get_doctest(text, names, "page", os.fspath(DOCS), 0)
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    with capsys.disabled():
        report: list[str] = []
        runner.run(example, out=report.append, clear_globs=False)
    names.update(example.globs)
    assert not report, "".join(report)
