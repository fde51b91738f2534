"""docs/collections.md shows what archspec prints, and what Python answers."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.docs.running import run_page


def test_the_page_is_what_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run_page("collections.md", capsys)
    groups = tomllib.loads((tmp_path / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    assert groups == {"archspec.zoo": {"acme": "acme_nets"}, "archspec.ops": {"acme": "acme_nets.ops"}}
