"""The command in process, in a folder that holds a good spec and a bad one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from archspec.cli import main
from tests.cli.nets import BAD, NET


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command, in a folder that holds a good spec and a bad one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "library.yaml").write_text("archspec: 1\nblocks: {B: {layers: [ReLU]}}\n")

    def function(*argv: str) -> Result:
        code = main(argv)
        return Result(code, *capsys.readouterr())

    return function
