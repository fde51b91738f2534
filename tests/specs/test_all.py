"""What holds for every packaged file: it checks without a warning, and it stands by its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import archspec

SPECS = Path(__file__).parents[2] / "specs"
LANGUAGE = SPECS.parent / "docs" / "language.md"
FILES = sorted(path for path in SPECS.rglob("*.yaml") if path.parent.name != "recipes")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SPECS)))
def test_checks_without_a_warning(path: Path) -> None:
    assert [str(item.message) for item in archspec.check(path)] == []


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
def test_is_called_as_its_file(path: Path) -> None:
    assert archspec.load(str(path)).name == path.stem


@pytest.fixture(scope="module")
def sections() -> list[str]:
    """In the order of the table in docs/language.md."""
    table = LANGUAGE.read_text(encoding="utf-8").partition("The sections, in the order")[2].partition("\n\nAll ")[0]
    return [name for words in re.findall(r"^\|(.*?)\|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", words)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SPECS)))
def test_sections_stand_in_the_order_that_the_language_names(path: Path, sections: list[str]) -> None:
    found = re.findall(r"^(\w+):", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert found == sorted(found, key=sections.index)
