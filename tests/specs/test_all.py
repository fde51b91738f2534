"""What holds for every packaged file: it checks without a warning, and it stands by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

import archspec

SPECS = Path(__file__).parents[2] / "specs"
FILES = sorted(SPECS.rglob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SPECS)))
def test_checks_without_a_warning(path: Path) -> None:
    assert [str(item.message) for item in archspec.check(path)] == []


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
def test_is_called_as_its_file(path: Path) -> None:
    assert archspec.load(str(path)).name == path.stem
