"""docs/diagnostics.md is what its generator prints, and every example of its pages is what the page says."""

from __future__ import annotations

import json
from difflib import SequenceMatcher
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from archspec.diagnostics import CODES
from archspec.diagnostics.explanation import page

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    found = spec_from_file_location("diagnostics_page", ROOT / "tools" / "diagnostics_page.py")
    assert found
    assert found.loader
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


def told(example: Any) -> list[dict[str, Any]]:
    """Every diagnostic that the example's command prints, as JSON."""
    report = json.loads(example.run("--format", "json").printed)
    return [item for file in report["files"] for item in file["diagnostics"]]


@pytest.mark.parametrize("code", CODES)
def test_the_wrong_example_has_this_mistake_alone(tool: ModuleType, code: str) -> None:
    assert [item["code"] for item in told(tool.wrong(page(code)))] == [code]


@pytest.mark.parametrize("code", CODES)
def test_the_right_example_has_no_mistake(tool: ModuleType, code: str) -> None:
    example = tool.right(page(code))
    assert told(example) == []
    assert example.run().code == 0


@pytest.mark.parametrize("code", CODES)
def test_the_right_example_is_the_wrong_one_repaired(tool: ModuleType, code: str) -> None:
    wrong, right = tool.wrong(page(code)), tool.right(page(code))
    assert wrong != right
    assert SequenceMatcher(None, _lines(wrong), _lines(right)).ratio() > 0.6


def _lines(example: Any) -> list[bytes]:
    return [line for data in example.files.values() for line in data.splitlines()]


def test_fixes_make_the_wrong_examples_the_right_ones(tool: ModuleType) -> None:
    fixed = 0
    for code in CODES:
        wrong, right = tool.wrong(page(code)), tool.right(page(code))
        files = wrong.run("--fix").files
        if files != wrong.files:
            assert files == right.files, code
            fixed += 1
    assert fixed > 5


@pytest.mark.parametrize("code", CODES)
def test_the_page_shows_what_archspec_says(tool: ModuleType, code: str) -> None:
    assert page(code) == tool.with_what_is_said(page(code)), "run `python tools/diagnostics_page.py`"


def test_the_document_is_what_the_tool_prints(tool: ModuleType) -> None:
    assert tool.DOCUMENT.read_text(encoding="utf-8") == tool.document(), "run `python tools/diagnostics_page.py`"
