"""Diagnostics, told twice: where they stand is annotated in the specs themselves, and how they read is in a text
beside each.

An annotation is a comment: `#~ ERROR A309: text` on the line it means, `#~^` below it, `#~v` above it. It tells the
severity, the code, and the text that is underlined, up to the end of its line. BLESS=1 in the environment writes the
texts anew; annotations are written by hand.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from archspec import render
from archspec.compilation import Compilation, compile_target
from archspec.diagnostics import CODES, Diagnostic
from archspec.recipes.compiling import compile_recipe

FOLDER = Path(__file__).parent / "golden" / "diagnostics"
SPECS = sorted(path.name for path in FOLDER.glob("*.yaml"))

_ANNOTATION = re.compile(r"#~([\^v]?) (ERROR|WARNING) (A\d{3})(?:: ?(.*?))?(?=\s*#~|$)")
# Codes of the reading of files and of limits that no small file meets: tests of their own have them.
ELSEWHERE = {"A002", "A411", "A601", "A603"}


@pytest.fixture(autouse=True)
def there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)


def _compiled(name: str) -> Compilation:
    return compile_recipe(name) if name.startswith("recipe_") else compile_target(name)


def _annotated(path: str) -> Counter[tuple[str, int, str, str, str | None]]:
    found: Counter[tuple[str, int, str, str, str | None]] = Counter()
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").split("\n"), 1):
        for where, severity, code, text in _ANNOTATION.findall(line):
            at = number + {"": 0, "^": -1, "v": 1}[where]
            found[path, at, severity.lower(), code, text or None] += 1
    return found


def _told(items: tuple[Diagnostic, ...], annotated: Counter[tuple[str, int, str, str, str | None]]) -> Counter[object]:
    """The diagnostics in the form of annotations; without a text where the annotation has none."""
    told: Counter[object] = Counter()
    for item in items:
        span = item.span
        fact = (span.file.path, span.line, str(item.severity), item.code.name)
        text = span.text.partition("\n")[0]
        told[(*fact, text if (*fact, text) in annotated else None if (*fact, None) in annotated else text)] += 1
    return told


@pytest.mark.parametrize("name", SPECS)
def test_diagnostics_stand_where_the_spec_says(name: str) -> None:
    items = tuple(_compiled(name).diagnostics)
    annotated = _annotated(name)
    for path in {item.span.file.path for item in items} - {name}:
        annotated += _annotated(path)
    assert _told(items, annotated) == annotated


@pytest.mark.parametrize("name", SPECS)
def test_diagnostics_read_as_before(name: str) -> None:
    items = tuple(_compiled(name).diagnostics)
    text = render.text([(name, items)], width=80) + "\n"
    golden = FOLDER / name.replace(".yaml", ".txt")
    if os.environ.get("BLESS"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_every_text_has_its_spec() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == {name.removesuffix(".yaml") for name in SPECS}


def test_every_code_has_its_example() -> None:
    shown = {code for name in SPECS for (_, _, _, code, _) in _annotated(name)}
    assert shown == CODES.keys() - ELSEWHERE


def test_messages_are_sentences_without_full_stops_and_tell_no_traceback() -> None:
    for name in SPECS:
        for item in _compiled(name).diagnostics:
            assert not item.message.endswith("."), item.message
            assert "Traceback" not in item.message
            assert "\n" not in item.message
            assert not re.search(r"\bNone\b|\bTrue\b|\bFalse\b|pydantic|object at 0x", item.message), item.message
