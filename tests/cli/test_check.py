"""`archspec check`: what it prints, in every form, and its exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from archspec.cli.target import compile_
from archspec.compilation import Compilation
from archspec.diagnostics import Help
from archspec.source import SourceFile
from tests.cli.conftest import Run
from tests.cli.nets import BAD, NET


def test_check_of_a_good_spec(run: Run) -> None:
    assert run("check", "net.yaml") == (0, "no mistakes in net.yaml\n", "")
    assert run("check", "./net.yaml", "library.yaml") == (0, "no mistakes in 2 files\n", "")


def test_check_tells_every_mistake_at_its_place(run: Run) -> None:
    result = run("check", "bad.yaml")
    assert (result.code, result.err) == (1, "")
    assert "--> bad.yaml:6:36" in result.out
    assert "--> bad.yaml:9:12" in result.out
    assert result.out.endswith("2 errors in bad.yaml\n`archspec check --fix` mends 2 of them\n")


def test_warnings_are_no_errors(run: Run, tmp_path: Path) -> None:
    (tmp_path / "warned.yaml").write_text(NET.replace("act: ReLU}", "act: ReLU, depth: 3}"))
    result = run("check", "warned.yaml")
    assert result.code == 0
    assert result.out.endswith("1 warning in warned.yaml\n")


@pytest.mark.parametrize(
    "target",
    ["nothing.yaml", "folder/", "./", "resnet51", ".", "", "folder/net.yaml", "no\0path.yaml", "x" * 5000 + "/"],
)
def test_targets_that_cannot_be_read_are_exit_code_2(target: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    result = run("check", target)
    assert result.code == 2
    assert result.out.startswith(("error[A001]", "error[A003]"))


def test_bad_and_missing_targets_together(run: Run) -> None:
    result = run("check", "net.yaml", "bad.yaml", "nothing.yaml")
    assert result.code == 2
    assert "\n3 errors in 2 of 3 files\n" in result.out


def test_check_as_json(run: Run) -> None:
    result = run("check", "net.yaml", "bad.yaml", "--format", "json")
    assert (result.code, result.err) == (1, "")
    good, bad = json.loads(result.out)["files"]
    assert good == {"path": "net.yaml", "ok": True, "diagnostics": []}
    assert (bad["path"], bad["ok"]) == ("bad.yaml", False)
    assert bad["diagnostics"][1] == {
        "code": "A302",
        "severity": "error",
        "message": "there is no op or block `Flaten`",
        "path": "bad.yaml",
        "line": 9,
        "column": 12,
        "end_line": 9,
        "end_column": 18,
        "labels": [],
        "notes": [],
        "helps": ["did you mean `Flatten`?"],
        "fix": {
            "text": "Flatten",
            "path": "bad.yaml",
            "line": 9,
            "column": 12,
            "end_line": 9,
            "end_column": 18,
        },
    }


def test_check_as_json_of_what_cannot_be_read(run: Run) -> None:
    result = run("check", "nothing.yaml", "--format", "json")
    [file] = json.loads(result.out)["files"]
    assert (result.code, file["ok"], file["diagnostics"][0]["line"]) == (2, False, 1)


@pytest.mark.parametrize("setting", ["bad", "=3", "width=", "width=[1"])
def test_mistakes_of_the_command_line_come_in_the_form_that_is_asked_for(setting: str, run: Run) -> None:
    result = run("check", "net.yaml", "--set", setting, "--format", "json")
    [file] = json.loads(result.out)["files"]
    assert (result.code, result.err, file["ok"]) == (1 if setting == "width=[1" else 2, "", False)
    assert file["diagnostics"][0]["path"].startswith("--set ")
    assert "::error file=--set " in run("check", "net.yaml", "--set", setting, "--format", "github").out
    assert json.loads(run("check", "net.yaml", "--set", setting, "--format", "sarif").out)["runs"][0]["results"]


def test_what_was_fixed_is_told_and_the_code_says_what_remains(run: Run, tmp_path: Path) -> None:
    result = run("check", "--fix", "bad.yaml")
    assert (tmp_path / "bad.yaml").read_text() == NET
    assert result == (
        0,
        "fixed 2 mistakes in bad.yaml\n"
        "  bad.yaml:6:36: `widht` -> `width`\n"
        "  bad.yaml:9:12: `Flaten` -> `Flatten`\n"
        "no mistakes in bad.yaml\n",
        "",
    )
    assert run("check", "--fix", "bad.yaml") == (0, "no mistakes in bad.yaml\n", "")


def test_a_fix_that_one_target_asks_for_may_break_another(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.yaml").write_text(NET)

    def with_bad_advice(name: str, *more: Any) -> Compilation:
        found = compile_(name, *more)
        file = SourceFile("net.yaml", (tmp_path / "net.yaml").read_text())
        start = file.text.find("width: 4")
        if name == "other.yaml" and start >= 0:
            found.diagnostics.add("A401", "m", file.span(start, start + 8), helps=[Help("", "width: -4")])
        return found

    monkeypatch.setattr("archspec.cli.check.compile_", with_bad_advice)
    result = run("check", "--fix", "net.yaml", "other.yaml")
    assert result.code == 1
    assert "error[A305]" in result.out


@pytest.mark.parametrize("form", ["json", "github", "sarif"])
def test_what_was_fixed_is_told_beside_other_forms(form: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BAD.replace("out_features: 10", "out_features: xyz"))
    result = run("check", "--fix", "bad.yaml", "net.yaml", "--format", form)
    assert result.code == 1
    assert result.err.startswith("fixed 2 mistakes in bad.yaml\n")
    assert result.out == run("check", "bad.yaml", "net.yaml", "--format", form).out
    assert "xyz" in result.out


@pytest.mark.parametrize(
    ("environment", "terminal", "color"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"CLICOLOR": "0"}, True, False),
        ({"CLICOLOR": "1"}, False, False),
    ],
)
def test_colour_is_as_the_environment_wants_it(
    environment: dict[str, str], terminal: bool, color: bool, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert ("\x1b[" in run("check", "bad.yaml").out) == color
    assert "\x1b" not in run("check", "bad.yaml", "--format", "json").out


def test_check_for_services(run: Run) -> None:
    github = run("check", "bad.yaml", "--format", "github")
    assert github.out.startswith("::error file=bad.yaml,line=6,col=36,")
    sarif = json.loads(run("check", "bad.yaml", "--format", "sarif").out)
    assert [result["ruleId"] for result in sarif["runs"][0]["results"]] == ["A301", "A302"]
