"""docs/recipes.md: its examples answer as the page says, and its tables have every key with its default."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from archspec.backends.spec.yaml import flow
from archspec.diagnostics import Diagnostics
from archspec.recipes import read_recipe, recipe_names
from archspec.recipes.recipe import Augmentation, Data, Ema, Loss, Model, Optimizer, Part, Recipe, Schedule, Stage
from tests.docs.running import DOCS, run_page

PAGE = (DOCS / "recipes.md").read_text(encoding="utf-8")
SECTIONS = {
    "## The keys": Recipe,
    "### model": Model,
    "### data": Data,
    "### optimizer": Optimizer,
    "### schedule": Schedule,
    "### loss": Loss,
    "### augmentation": Augmentation,
    "### ema": Ema,
    "### stages": Stage,
}


def rows(heading: str) -> dict[str, str]:
    """The keys of a section's table, with the defaults that it tells."""
    section = re.split(r"^##", PAGE.partition(f"{heading}\n")[2], flags=re.MULTILINE)[0]
    return dict(re.findall(r"^\| `(\w+)` \| (?:`(.*?)`)? ?\|", section, re.MULTILINE))


def told(part: type[Part], key: str) -> str:
    """A default as a table tells it: of a part that a value alone may stand for, that value."""
    default: Any = part.model_fields[key].get_default(call_default_factory=True)
    if isinstance(default, Part):
        return str(getattr(default, default.short)) if default.short else ""
    nothing = part.model_fields[key].is_required() or default in (None, (), {})
    return "" if nothing else flow(list(default) if isinstance(default, tuple) else default)


def test_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    run_page("recipes.md", capsys)


@pytest.mark.parametrize("heading", SECTIONS)
def test_a_table_has_every_key_with_its_default(heading: str) -> None:
    part = SECTIONS[heading]
    assert rows(heading) == {key: told(part, key) for key in part.model_fields}


def test_every_shipped_recipe_is_told_of() -> None:
    listed = dict(re.findall(r"^\| `(\w+)` \| ([A-Z].*?) \|$", PAGE.partition("## The recipes that archspec brings")[2],
                             re.MULTILINE))
    found = {name: read_recipe(name, Diagnostics()) for name in recipe_names()}
    assert listed == {name: written.recipe.description.rstrip(".") for name, written in found.items() if written}
