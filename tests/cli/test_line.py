"""The command line: usage, and near names for what is misspelt."""

from __future__ import annotations

import re

import pytest

import archspec
from archspec.cli.line import _HOMES
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    "argv",
    [[], ["zoo"], ["check"], ["chek", "net.yaml"], ["check", "net.yaml", "--format", "xml"], ["check", "--fast"]],
)
def test_usage_errors_are_exit_code_2(argv: list[str], run: Run) -> None:
    result = run(*argv)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("usage: archspec")


@pytest.mark.parametrize(
    ("argv", "usage", "said"),
    [
        (["chek", "net.yaml"], "", "there is no command `chek`: choose from {commands}; did you mean `check`?"),
        (["zoo", "lst"], "zoo", "there is no action `lst`: choose from list, show, verify; did you mean `list`?"),
        (["check", "net.yaml", "--fromat", "json"], "check", "there is no option `--fromat`; did you mean `--format`?"),
        (["check", "net.yaml", "--fromat=json"], "check", "there is no option `--fromat`; did you mean `--format`?"),
        (["export", "net.yaml", "--ouput", "x.onnx"], "export", "no option `--ouput`; did you mean `--output`?"),
        (["--verson"], "", "there is no option `--verson`; did you mean `--version`?"),
        (["check", "--format", "jsn", "net.yaml"], "check", "no value `jsn`: choose from text, json, github, sarif"),
        (["summary", "net.yaml", "--per", "blok"], "summary", "did you mean `block`?"),
        (["check", "net.yaml", "--form", "json"], "check", "there is no option `--form`"),
        (["schema", "net.yaml"], "schema", "there is no language `net.yaml`: choose from spec, recipe"),
    ],
)
def test_what_is_misspelt_is_met_with_the_near_name(argv: list[str], usage: str, said: str, run: Run) -> None:
    commands = ", ".join(re.findall(r"^    (\w+) ", run("--help").out, re.MULTILINE))
    result = run(*argv)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"usage: archspec {usage}".rstrip())
    assert said.format(commands=commands) in result.err


def test_every_command_has_its_home(run: Run) -> None:
    commands = re.findall(r"^    (\w+) ", run("--help").out, re.MULTILINE)
    assert commands == list(_HOMES)
    for command in commands:
        assert run(command, "--help").out.startswith(f"usage: archspec {command} ")


def test_help_and_version(run: Run) -> None:
    assert run("--version") == (0, f"archspec {archspec.__version__}\n", "")
    assert run("--help").out.startswith("usage: archspec")
