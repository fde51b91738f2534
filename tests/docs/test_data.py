"""docs/data.md shows what Python answers, and names all there is to name."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.recipes.recipe import Augmentation
from archspec.samples.files import IMAGES
from tests.docs.running import DOCS, run_page


def test_the_page_is_what_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run_page("data.md", capsys)


def test_augmentation_is_told_in_the_order_in_which_it_happens() -> None:
    page = (DOCS / "data.md").read_text(encoding="utf-8")
    places = [page.index(f"| `{key}: ") for key in Augmentation.model_fields]
    assert places == sorted(places)
    assert all(suffix in page for suffix in IMAGES)
