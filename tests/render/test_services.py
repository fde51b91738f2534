"""JSON and GitHub's annotations: what their readers get back."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given

from archspec import render
from archspec.diagnostics import Diagnostic
from archspec.source import SourceFile
from tests.render.cases import BLOCKS, ODD_CHECKED, SPEC, at, distinct, one

LABELLED = one("A503", "Add gets sizes that do not agree", at("Add"), notes=["n"], helps=["write `x`"])


def test_json_lists_every_file_in_order() -> None:
    files = json.loads(render.json_([("z.yaml", LABELLED), ("a.yaml", one("A401", "m", at("conv1"))), ("b.yaml", [])]))
    assert list(files) == ["files"]
    assert [(file["path"], file["ok"]) for file in files["files"]] == [
        ("z.yaml", False),
        ("a.yaml", True),
        ("b.yaml", True),
    ]
    assert files["files"][0]["diagnostics"] == [LABELLED[0].as_dict()]
    keys = "code severity message path line column end_line end_column labels notes helps"
    assert list(files["files"][0]["diagnostics"][0]) == keys.split()


def _whole(value: object) -> object:
    """A value as JSON can say it: U+FFFD in the place of half a character."""
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, list):
        return list(map(_whole, value))
    return {name: _whole(item) for name, item in value.items()} if isinstance(value, dict) else value


@given(ODD_CHECKED)
def test_any_text_comes_back_from_json(checked: render.Checked) -> None:
    text = render.json_(checked)
    assert text.isascii()
    read = json.loads(text)["files"]
    assert [file["path"] for file in read] == [_whole(path) for path, _ in checked]
    assert [file["diagnostics"] for file in read] == [
        [_whole(item.as_dict()) for item in items] for _, items in checked
    ]
    json.dumps(read, ensure_ascii=False).encode("utf-8")  # strict readers refuse halves of surrogate pairs


# --- GitHub


def annotations(text: str) -> list[tuple[str, dict[str, str], str]]:
    """What GitHub's runner reads in a log: kind, properties and message of each command, as its ActionCommand does:
    https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs"""
    found = []
    for line in re.split(r"\r\n|\r|\n", text):
        if match := re.fullmatch(r"::(\w+) (.*?)::(.*)", line, re.DOTALL):
            properties = dict(pair.split("=", 1) for pair in match[2].split(","))
            unescaped = {name: _unescaped(value, "%3A:", "%2C,") for name, value in properties.items()}
            found.append((match[1], unescaped, _unescaped(match[3])))
    return found


def _unescaped(text: str, *also: str) -> str:
    for pair in ("%0D\r", "%0A\n", *also, "%25%"):
        text = text.replace(pair[:3], pair[3])
    return text


def _shown(text: str) -> str:
    return "\n".join(map(render.printable, re.split(r"\r\n?|\n", text)))


def _told(item: Diagnostic) -> tuple[str, dict[str, str], str]:
    span = item.span
    columns = {"col": str(span.column), "endColumn": str(span.end_column)} if span.line == span.end_line else {}
    place = {"file": _shown(span.file.path), "line": str(span.line), "endLine": str(span.end_line), **columns}
    said = [item.message, *(f"note: {note}" for note in item.notes), *(f"help: {help}" for help in item.helps)]
    return str(item.severity), {**place, "title": item.code.name}, _shown("\n".join(said))


@given(ODD_CHECKED)
def test_any_text_comes_back_from_github_commands(checked: render.Checked) -> None:
    text = render.github(checked)
    found = annotations(text)
    assert found == [_told(item) for item in distinct(checked)]
    text.encode("utf-8")
    assert "\x1b" not in text


def test_github_commands_escape_what_would_end_them() -> None:
    file = SourceFile("a,b:c%.yaml", "line\nline\n")
    found = one("A501", "50% of a: b, c\r\nnext", file.span(5, 9), helps=["do"])
    assert render.github([("x", found)]) == (
        "::error file=a%2Cb%3Ac%25.yaml,line=2,col=1,endLine=2,endColumn=5,title=A501::"
        "50%25 of a: b, c%0Anext%0Ahelp: do"
    )


def test_github_takes_no_columns_of_a_range_over_several_lines() -> None:
    command = render.github([("x", one("A401", "nothing mentions it", at("a: Conv2d\n  b:\n")))])
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


@pytest.mark.parametrize("count", ["::error", '"ruleId"'])
def test_what_two_targets_say_of_a_file_that_they_share_is_said_once(count: str) -> None:
    found = one("A501", "m", at("ReLU", file=BLOCKS))
    checked = [("a.yaml", found), ("b.yaml", found)]
    text = render.github(checked) if count == "::error" else render.sarif(checked)
    assert text.count(count) == 1
