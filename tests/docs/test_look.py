"""docs/look.md shows what archspec prints, and torch's numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.running import run_page


def test_the_page_is_what_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run_page("look.md", capsys)
