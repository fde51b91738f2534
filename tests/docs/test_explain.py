"""docs/explain.md shows what `archspec explain` prints, and names every key of its JSON form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import archspec
from archspec.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "explain.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's spec, in the folder that the command runs in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    [text] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    Path(text.splitlines()[0].removeprefix("# ")).write_text(text, encoding="utf-8")


def test_the_transcript_is_what_archspec_prints(capsys: pytest.CaptureFixture[str]) -> None:
    [(command, shown)] = re.findall(r"```console\n\$ archspec (.*?)\n(.*?)```", PAGE, re.DOTALL)
    assert main(command.split()) == 0
    assert capsys.readouterr().out == shown


def test_every_key_of_the_json_form_is_told() -> None:
    found = archspec.load("stages.yaml").explain("stage1.0.conv").as_dict()
    words = set(re.findall(r"[`\"](\w+)[`\"]", PAGE))
    assert found.keys() <= words
    assert found["arguments"][0].keys() <= words
    assert found["state_dict"][0].keys() <= words
    assert found["costs"]["MACs"].keys() <= words
    assert found["inside"][1].keys() | found["inside"][1]["calls"][0].keys() <= words
