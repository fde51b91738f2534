"""`archspec explain`: the pages of the codes, as markdown into a pipe and rendered on a terminal."""

from __future__ import annotations

import re

import pytest

from archspec import render
from archspec.cli import main
from archspec.diagnostics import CODES
from archspec.diagnostics.explanation import page


@pytest.mark.parametrize("code", ["A301", "a301"])
def test_a_pipe_gets_the_page_as_it_is(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", code]) == 0
    assert capsys.readouterr().out == page("A301")


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_terminal_gets_the_words_of_the_page_within_its_width(
    code: str, columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archspec.cli.explain.wants_color", lambda stream: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["explain", code]) == 0
    printed = capsys.readouterr().out
    assert "\x1b[1m" in printed
    plain = re.sub(r"\x1b\[[\d;]*m", "", printed)
    assert max(render.cells(line) for line in plain.split("\n")) <= min(columns, 80)
    unmarked = re.sub(r"^(```.*|# (?=A)|## )|(?<!`)`(?!`)", "", page(code), flags=re.MULTILINE)
    assert _letters(plain) == _letters(unmarked)


def _letters(text: str) -> str:
    """What is left of a text when it is wrapped elsewhere."""
    return re.sub(r"[\s`]", "", text)


def test_without_a_code_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    listed = re.findall(r"^  (A\d{3})  (.*)$", capsys.readouterr().out, re.MULTILINE)
    assert listed == [(code.name, code.title) for code in CODES.values()]


def test_an_unknown_code_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "E301"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "archspec: there is no code `E301`; did you mean `A301`?\n")
