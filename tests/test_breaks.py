"""Fifty broken specs, as people break them: each answer names the right line, and reads as it was blessed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archspec import render
from archspec.compilation import compile_target
from archspec.diagnostics import Diagnostic
from tests.breaks import BREAKS, SPECS, Break

FOLDER = Path(__file__).parent / "golden" / "breaks"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that has the packaged specs at hand, as the broken file's own folder would."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.name)
def test_the_answer_names_the_line_and_the_text(broken: Break) -> None:
    items = told(broken)
    assert tuple((item.code.name, item.span.text) for item in items) == broken.told
    if items:
        assert items[0].span.file.path == f"./{broken.spec}.yaml"
        assert items[0].span.line == broken.line()


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.name)
def test_the_answer_reads_as_before(broken: Break) -> None:
    name = f"./{broken.spec}.yaml"
    text = render.text([(name, told(broken))], width=80) + "\n"
    golden = FOLDER / f"{broken.name}.txt"
    if os.environ.get("BLESS"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def told(broken: Break) -> tuple[Diagnostic, ...]:
    path = Path(f"{broken.spec}.yaml")
    path.write_text(broken.text(), encoding="utf-8")
    return tuple(compile_target(f"./{path}").diagnostics)


def test_there_are_five_specs_and_ten_breaks_of_each() -> None:
    assert len(BREAKS) == len({broken.name for broken in BREAKS}) == 50
    assert len({broken.spec for broken in BREAKS}) == 5
    assert len({broken.kind for broken in BREAKS}) == 10
    assert {path.stem for path in FOLDER.glob("*.txt")} == {broken.name for broken in BREAKS}


def test_the_specs_are_whole_before_they_are_broken() -> None:
    for name in {broken.spec for broken in BREAKS}:
        assert tuple(compile_target(str(SPECS / f"{name}.yaml")).diagnostics) == ()
