"""docs/training.md: what it shows happens, and its table names every option."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archspec.cli.line import parse
from tests.docs.running import DOCS, run_page
from tests.twins import one_thread as one_thread


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    run_page("training.md", capsys)


def test_every_option_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["train", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help", "--output"}
    page = (DOCS / "training.md").read_text(encoding="utf-8")
    assert {option for option in options if f"`{option}" not in page} == set()
