"""SARIF: against its schema, and what code scanning makes of it."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from archspec import render
from archspec.diagnostics import Diagnostic, Help, Label, whole_file
from archspec.source import SourceFile
from tests.render.cases import BLOCKS, MISSING, ODD_CHECKED, at, distinct, one

SCHEMA = Path(__file__).with_name("sarif-2.1.0.json")
ITEMS = [
    *one("A503", "sizes", at("Add"), labels=[Label(at("conv1"), "from this"), Label(at("ReLU", file=BLOCKS), "here")]),
    *one("A401", "nothing mentions it", at("a: Conv2d\n  b:\n")),
    *one("A302", "there is no op `Conv`", at("Conv2d"), helps=[Help("did you mean `Conv2d`?", "Conv2d")]),
    *one("A001", "no such file", MISSING),
]


@cache
def _validator() -> Any:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    checker = jsonschema.validators.validator_for(schema)
    checker.check_schema(schema)
    return checker(schema, format_checker=checker.FORMAT_CHECKER)


def log_of(checked: render.Checked, code: int = 1) -> dict[str, Any]:
    """A log as a service reads it, once it is valid."""
    text = render.sarif(checked, code, "1.2.3")
    assert text.isascii()
    log: dict[str, Any] = json.loads(text)
    _validator().validate(log)
    return log


def results(items: list[Diagnostic]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = log_of([("x", items)])["runs"][0]["results"]
    return found


def test_the_schema_finds_what_is_wrong() -> None:
    log = log_of([("x", ITEMS)])
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert list(_validator().iter_errors(log))


def test_a_log_has_what_code_scanning_reads() -> None:
    log = log_of([("x", ITEMS)])
    [run] = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["tool"]["driver"]["semanticVersion"] == "1.2.3"
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["A001", "A302", "A401", "A503"]
    assert [rule["defaultConfiguration"]["level"] for rule in rules] == ["error", "error", "warning", "error"]
    assert all(rule["help"]["text"].startswith(f"# {rule['id']}: ") for rule in rules)
    for result, item in zip(run["results"], ITEMS, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == item.code.name
        assert result["level"] == str(item.severity)
        assert result["message"]["text"].startswith(item.message)
        [location] = result["locations"]
        region = location["physicalLocation"]["region"]
        assert (region["startLine"], region["startColumn"]) == (item.span.line, item.span.column)
        assert (region["endLine"], region["endColumn"]) == (item.span.end_line, item.span.end_column)
        assert [related["message"]["text"] for related in result["relatedLocations"]] == [
            label.text for label in item.labels
        ]


def test_a_fix_tells_what_to_write_where() -> None:
    place = at("Conv2d")
    [change] = results(ITEMS)[2]["fixes"][0]["artifactChanges"]
    [replacement] = change["replacements"]
    assert change["artifactLocation"] == {"uri": "specs/net.yaml", "uriBaseId": "%SRCROOT%"}
    assert replacement["insertedContent"] == {"text": "Conv2d"}
    assert replacement["deletedRegion"]["startColumn"] == place.column
    assert "fixes" not in results(ITEMS)[0]


@pytest.mark.parametrize(("code", "successful"), [(0, True), (1, True), (2, False)])
def test_a_run_says_how_it_ended(code: int, successful: bool) -> None:
    [invocation] = log_of([("x", ITEMS)], code)["runs"][0]["invocations"]
    assert invocation == {"executionSuccessful": successful, "exitCode": code}


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("specs/a b.yaml", "specs/a%20b.yaml"),
        ("./specs//net.yaml", "specs/net.yaml"),
        ("specs/../net.yaml", "net.yaml"),
        ("{here}/net.yaml", "net.yaml"),
        ("a:b.yaml", "a%3Ab.yaml"),
        ("/elsewhere/\u00fc.yaml", "file:///elsewhere/%C3%BC.yaml"),
        ("../net.yaml", "file://{parent}/net.yaml"),
    ],
)
def test_paths_are_relative_to_the_folder_of_the_run(
    path: str, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    items = one("A001", "m", whole_file(path.format(here=tmp_path)))
    [run] = log_of([("x", items)])["runs"]
    location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == uri.format(parent=tmp_path.parent)
    assert run["originalUriBaseIds"] == {"%SRCROOT%": {"uri": f"file://{tmp_path}/"}}
    assert location.get("uriBaseId") == (None if uri.startswith("file:") else "%SRCROOT%")


def _fingerprints(texts: dict[str, str]) -> dict[str, list[str]]:
    """The fingerprints of a mistake at each `Conv` of some files."""
    checked = []
    for path, text in texts.items():
        file = SourceFile(path, text)
        starts = [match.start() for match in re.finditer("Conv", text)]
        found = [item for start in starts for item in one("A501", f"at {start}", file.span(start, start + 4))]
        checked.append((path, found))
    prints: dict[str, list[str]] = {}
    for result in log_of(checked)["runs"][0]["results"]:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        prints.setdefault(uri, []).append(result["partialFingerprints"]["primaryLocationLineHash"])
    return prints


def test_fingerprints_stay_when_lines_move_and_files_come() -> None:
    before = _fingerprints({"f": "a: Conv\nb: Conv\nb: Conv\n"})
    assert len(set(before["f"])) == 3
    assert _fingerprints({"f": "# more\n\na: Conv\nb: Conv\n  b: Conv\n"}) == before
    more = _fingerprints({"e": "a: Conv\n", "./f": "a: Conv\nb: Conv\nb: Conv\n"})
    assert more["f"] == before["f"]
    assert more["e"] != before["f"][:1]


@settings(max_examples=30)  # validating is slow
@given(ODD_CHECKED)
def test_any_text_gives_a_valid_log(checked: render.Checked) -> None:
    [run] = log_of(checked)["runs"]
    assert len(run["results"]) == len(distinct(checked))
