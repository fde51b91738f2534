"""The text form: golden files, and what holds for any text."""

from __future__ import annotations

import os
import re
from pathlib import Path
from time import perf_counter
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from archspec import render
from archspec.diagnostics import Diagnostic, Label
from archspec.source import SourceFile
from tests.render.cases import BLOCKS, MISSING, ODD, ODD_CHECKED, SPEC, at, one

GOLDEN = Path(__file__).parents[1] / "golden" / "render"
LONG = "the kernel of 7 rows is larger than what is left of the image there, which has 3 rows and 224 columns"

CASES: dict[str, tuple[list[Diagnostic], int]] = {
    "plain": (one("A501", "Conv2d reads 4 axes", at("Conv2d", "Conv2d")), 80),
    "labels": (
        one(
            "A503",
            "Add gets sizes that do not agree",
            at("Add"),
            labels=[
                Label(at("[a, b]", "b"), "64 x 28 x 28"),
                Label(at("a: Conv2d", "a"), "made here"),
                Label(at("conv1"), "from this"),
                Label(at("ReLU", file=BLOCKS), "read here"),
            ],
            notes=["the sizes are fixed", "two lines:\n  of one note"],
            helps=["write `x`"],
        ),
        80,
    ),
    "wide characters": (one("A311", "a name is given twice", at('\t\u5c42"', "\u5c42")), 80),
    "long line, end": (one("A502", "a bad argument", at("dilation: 1")), 60),
    "long line, middle": (
        one("A502", "a bad argument", at("groups: 5"), labels=[Label(at("out_channels: 64"), "does not divide this")]),
        60,
    ),
    "long line, long span": (one("A206", "a long span", at(SPEC.line(4), SPEC.line(4)[2:])), 60),
    "long texts": (
        one(
            "A501",
            LONG,
            at("a: Conv2d", "a"),
            labels=[Label(at("dilation: 1", "1"), LONG), Label(at("conv1"), LONG)],
            notes=[f"{LONG}:\n  {LONG}"],
            helps=["write `{op: Conv2d, out_channels: 64, kernel_size: 3}`, which is to be copied whole, or `x`"],
        ),
        60,
    ),
    "narrow terminal": (one("A502", "a bad argument", at("groups: 5"), helps=["write `groups: 1`, or leave it"]), 5),
    "several lines": (one("A401", "nothing mentions it", at("a: Conv2d\n  b:\n")), 80),
    "end of the file": (one("A202", "a key is missing", SPEC.span(len(SPEC.text), len(SPEC.text))), 80),
    "end of a line": (one("A202", "a value is missing", at("  b:\n", "\n")), 80),
    "no text": (one("A001", "no such file", MISSING, helps=["look"]), 80),
    "terminal escapes": (one("A301", "no \x1b[31m here", at("\x1b[31m")), 80),
}


def file_name(case: str) -> str:
    return f"{case.replace(', ', '_').replace(' ', '_')}.txt"


@pytest.mark.parametrize("name", CASES)
def test_text_is_golden(name: str) -> None:
    """Equal to the file; BLESS=1 in the environment writes it instead."""
    items, width = CASES[name]
    text = render.text([("specs/net.yaml", items)], width=width) + "\n"
    path = GOLDEN / file_name(name)
    if os.environ.get("BLESS"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_golden_file_has_a_case() -> None:
    assert {path.name for path in GOLDEN.glob("*.txt")} == {file_name(name) for name in CASES}


def test_colour_changes_nothing_else() -> None:
    for items, width in CASES.values():
        plain = render.text([("x", items)], width=width)
        colored = render.text([("x", items)], width=width, color=True)
        assert plain != colored
        assert re.sub(r"\x1b\[[\d;]*m", "", colored) == plain


AROUND = st.text(alphabet="ab {}:,\t\u5377\u5c42\u00e9e\u0301\uff21\u200d\u03b1\U0001f469\ufe0f\U0001f3fd", max_size=60)
MARKED = st.text(alphabet="X\uff38", min_size=1, max_size=60)


@given(before=AROUND, marked=MARKED, after=AROUND, width=st.integers(30, 90))
def test_carets_stand_under_what_they_mark(before: str, marked: str, after: str, width: int) -> None:
    span = SourceFile("f", f"{before}{marked}{after}").span(len(before), len(before) + len(marked))
    shown = render.text([("f", one("A301", "m", span))], width=width).splitlines()
    source, carets = shown[3].removeprefix("1 | "), shown[4].removeprefix("  | ")
    visible = re.search("[X\uff38]+", source)
    assert visible
    assert marked.startswith(visible[0])
    assert carets == " " * cell_len(source[: visible.start()]) + "^" * cell_len(visible[0])
    assert cell_len(source) <= width - 4
    assert visible[0] == marked or source.endswith(visible[0] + "...")


WORDS = st.lists(st.text("abc\u5377", min_size=1, max_size=12), min_size=1, max_size=20).map(" ".join)


@given(label=WORDS, note=WORDS, help=WORDS, indent=st.integers(0, 60), width=st.integers(40, 90))
def test_texts_keep_to_the_width_and_are_whole(label: str, note: str, help: str, indent: int, width: int) -> None:
    file = SourceFile("f", " " * indent + "x")
    span = file.span(indent, indent + 1)
    items = one("A301", "m", span, labels=[Label(span, label)], notes=[note], helps=[help])
    _, _, *shown, _, _ = render.text([("f", items)], width=width).splitlines()
    assert all(cell_len(line) <= width for line in shown)
    words = " ".join(shown).replace("|", " ").split()
    assert words[words.index("-") :] == f"- {label} = note: {note} = help: {help}".split()


@given(checked=ODD_CHECKED, width=st.integers(0, 100))
def test_any_text_is_rendered_and_safe_to_print(checked: render.Checked, width: int) -> None:
    shown = render.text(checked, width=width)
    assert all(char == "\n" or render.printable(char) == char for char in shown)
    shown.encode("utf-8")
    heads = re.findall(r"^(?:error|warning)\[A\d+\]: ", shown, re.MULTILINE)
    assert len(heads) == sum(len(items) for _, items in checked)


BLOCKS_OF_UNICODE = {
    "Latin to Cyrillic, with combining marks": (0x00A0, 0x0530),
    "Thai": (0x0E00, 0x0E80),
    "Hangul jamo": (0x1100, 0x1200),
    "dashes, quotes, arrows, mathematics": (0x2000, 0x2300),
    "CJK punctuation, kana": (0x3000, 0x3400),
    "CJK ideographs": (0x4E00, 0xA000),
    "Hangul syllables": (0xAC00, 0xD7A4),
    "halfwidth and fullwidth forms": (0xFF00, 0xFFF0),
    "emoji": (0x1F300, 0x1F650),
}


@pytest.mark.parametrize("block", BLOCKS_OF_UNICODE)
def test_characters_have_the_width_that_terminals_give_them(block: str) -> None:
    """As rich knows it, but for spacing marks, which most terminals do not combine."""
    chars = [render.printable(chr(code)) for code in range(*BLOCKS_OF_UNICODE[block])]
    assigned = [char for char in chars if category(char) not in ("Cn", "Mc")]
    assert {char for char in assigned if render.cells(char) != cell_len(char)} == set()


@given(ODD)
def test_what_is_printable_stays_and_nothing_in_it_joins(text: str) -> None:
    shown = render.printable(text)
    assert render.printable(shown) == shown
    assert render.cells(shown) == sum(map(render.cells, shown))
    assert not set(shown) & set("\r\n\t\x1b\u202e\u200d\ufe0f\U0001f3fd")


@pytest.mark.parametrize("start", [0, 100_000, 199_999])
@pytest.mark.parametrize("char", ["x", "\u5377", "\u0301", "\t"])
def test_a_line_as_long_as_a_file_takes_no_time(char: str, start: int) -> None:
    span = SourceFile("f", char * 200_000).span(start, start + 1)
    began = perf_counter()
    shown = render.text([("f", one("A301", "m", span, labels=[Label(span, "here")]))])
    assert perf_counter() - began < 0.1
    assert max(map(len, shown.splitlines())) < 300


def test_the_last_line_counts() -> None:
    error = one("A501", "m", at("conv1"))
    warning = one("A401", "m", at("conv1"))
    last = {
        "no mistakes in a": [("a", [])],
        "no mistakes in 2 files": [("a", []), ("b", [])],
        "1 warning in a": [("a", warning)],
        "2 errors, 1 warning in a": [("a", [*error, *warning, *error])],
        "2 errors in 2 of 3 files": [("a", error), ("b", []), ("c", error)],
    }
    assert {render.text(checked).splitlines()[-1]: checked for checked in last.values()} == last
