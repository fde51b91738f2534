"""Specs in files of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes files, by name, into a folder of their own, which becomes the current one; gives the last one's path."""
    monkeypatch.chdir(tmp_path)

    def function(**files: str) -> str:
        name = ""
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__', '/')}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return f"./{name.replace('__', '/')}.yaml"

    return function
