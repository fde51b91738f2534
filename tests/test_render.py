"""The forms of diagnostics: text against golden files, the others against what their readers require."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from archspec import render
from archspec.diagnostics import Diagnostic, Diagnostics, Label, whole_file
from archspec.source import SourceFile, Span

GOLDEN = Path(__file__).parent / "golden" / "render"

SPEC = SourceFile(
    "specs/net.yaml",
    """archspec: 1
name: net
layers:
  conv1: {op: Conv2d, out_channels: 64, kernel_size: 7, stride: 2, padding: 3, groups: 5, bias: false, dilation: 1}
  a: Conv2d
  b:
\top: Conv2d
  "\u5377\u79ef e\u0301\t\u5c42": {op: Add, from: [a, b]}  # \u0645 \x1b[31m
""",
)
BLOCKS = SourceFile("specs/blocks/b.yaml", "blocks:\n  B: {layers: [ReLU]}\n")


def at(text: str, inside: str = "", file: SourceFile = SPEC) -> Span:
    """The place of a text, or of a text inside its first occurrence."""
    start = file.text.index(text)
    start += text.index(inside) if inside else 0
    return file.span(start, start + len(inside or text))


def one(code: str, message: str, span: Span, **more: object) -> list[Diagnostic]:
    found = Diagnostics()
    found.add(code, message, span, **more)  # type: ignore[arg-type]
    return list(found)


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
    "narrow terminal": (one("A502", "a bad argument", at("groups: 5")), 5),
    "several lines": (one("A401", "nothing mentions it", at("a: Conv2d\n  b:\n")), 80),
    "end of the file": (one("A202", "a key is missing", SPEC.span(len(SPEC.text), len(SPEC.text))), 80),
    "end of a line": (one("A202", "a value is missing", at("  b:\n", "\n")), 80),
    "no text": (one("A001", "no such file", whole_file("specs/no.yaml"), helps=["look"]), 80),
    "terminal escapes": (one("A301", "no \x1b[31m here", at("\x1b[31m")), 80),
}


def check_golden(name: str, text: str) -> None:
    """Equal to the file; BLESS=1 in the environment writes it instead."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("BLESS"):
        path.write_text(f"{text}\n", encoding="utf-8")
    assert f"{text}\n" == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_text_is_golden(name: str) -> None:
    items, width = CASES[name]
    check_golden(name.replace(", ", "_").replace(" ", "_"), render.text([("specs/net.yaml", items)], width=width))


def test_every_golden_file_has_a_case() -> None:
    known = {name.replace(", ", "_").replace(" ", "_") for name in CASES}
    assert {path.stem for path in GOLDEN.glob("*.txt")} == known


def test_colour_changes_nothing_else() -> None:
    for items, width in CASES.values():
        plain = render.text([("x", items)], width=width)
        colored = render.text([("x", items)], width=width, color=True)
        assert plain != colored
        assert re.sub(r"\x1b\[[\d;]*m", "", colored) == plain


AROUND = st.text(alphabet="ab {}:,\t\u5377\u5c42\u00e9e\u0301\uff21\u200d", max_size=60)
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


def test_json_lists_every_file_in_order() -> None:
    items = CASES["labels"][0]
    files = json.loads(render.json_([("z.yaml", items), ("a.yaml", one("A401", "m", at("conv1"))), ("b.yaml", [])]))
    assert list(files) == ["files"]
    assert [(file["path"], file["ok"]) for file in files["files"]] == [
        ("z.yaml", False),
        ("a.yaml", True),
        ("b.yaml", True),
    ]
    assert files["files"][0]["diagnostics"] == [items[0].as_dict()]
    keys = "code severity message path line column end_line end_column labels notes helps"
    assert list(files["files"][0]["diagnostics"][0]) == keys.split()


def test_github_commands_escape_what_would_end_them() -> None:
    file = SourceFile("a,b:c%.yaml", "line\nline\n")
    found = one("A501", "50% of a: b, c\r\nnext", file.span(5, 9), helps=["do"])
    assert render.github([("x", found)]) == (
        "::error file=a%2Cb%3Ac%25.yaml,line=2,col=1,endLine=2,endColumn=5,title=A501::"
        "50%25 of a: b, c%0D%0Anext%0Ahelp: do"
    )


def test_github_takes_no_columns_of_a_range_over_several_lines() -> None:
    command = render.github([("x", CASES["several lines"][0])])
    assert command == "::warning file=specs/net.yaml,line=5,endLine=7,title=A401::nothing mentions it"


def test_github_says_how_many_it_does_not_show() -> None:
    found = [item for start in range(13) for item in one("A501", "m", SPEC.span(start, start + 1))]
    warnings = one("A401", "m", at("conv1"))
    lines = render.github([("x", found[:10] + warnings)]).splitlines()
    assert len(lines) == 11
    assert all(line.startswith("::") for line in lines)
    *lines, last = render.github([("x", found[:6]), ("y", found[6:])]).splitlines()
    assert len(lines) == 13
    assert last == "3 more: of a step, GitHub annotates 10 errors and 10 warnings"
    assert render.github([("x", [])]) == ""


def test_sarif_has_what_code_scanning_reads() -> None:
    items = [*CASES["labels"][0], *CASES["several lines"][0], *CASES["no text"][0], *CASES["no text"][0]]
    log = json.loads(render.sarif([("x", items)]))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["A001", "A401", "A503"]
    assert [rule["defaultConfiguration"]["level"] for rule in rules] == ["error", "warning", "error"]
    for result, item in zip(run["results"], items, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == item.code.name
        assert result["level"] == str(item.severity)
        assert result["message"]["text"].startswith(item.message)
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert (region["startLine"], region["startColumn"]) == (item.span.line, item.span.column)
        assert (region["endLine"], region["endColumn"]) == (item.span.end_line, item.span.end_column)
    assert [related["message"]["text"] for related in run["results"][0]["relatedLocations"]] == [
        label.text for label in items[0].labels
    ]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("specs/a b.yaml", "specs/a%20b.yaml"),
        ("a:b.yaml", "a%3Ab.yaml"),
        ("/tmp/\u00fc.yaml", "file:///tmp/%C3%BC.yaml"),
    ],
)
def test_sarif_paths_are_uris(path: str, uri: str) -> None:
    log = json.loads(render.sarif([("x", one("A001", "m", whole_file(path)))]))
    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {"uri": uri}


def test_sarif_fingerprints_stay_when_lines_move() -> None:
    def fingerprints(text: str) -> list[str]:
        file = SourceFile("f", text)
        starts = [match.start() for match in re.finditer("Conv", text)]
        items = [item for start in starts for item in one("A501", f"at {start}", file.span(start, start + 4))]
        results = json.loads(render.sarif([("f", items)]))["runs"][0]["results"]
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]

    before = fingerprints("a: Conv\nb: Conv\nb: Conv\n")
    assert len(set(before)) == 3
    assert fingerprints("# more\n\na: Conv\nb: Conv\n  b: Conv\n") == before


@pytest.mark.parametrize("form", [render.json_, render.sarif], ids=["json", "sarif"])
def test_programs_get_ascii(form: Callable[[render.Checked], str]) -> None:
    assert form([("\u5c42", CASES["wide characters"][0])]).isascii()
