"""What the README shows is what archspec prints, and what it tells people to type works."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from archspec.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def fenced(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def transcripts() -> list[tuple[str, str]]:
    """Every command of the console blocks, with the output shown below it."""
    parts = [part for block in fenced("console") for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(command, shown) for command, _, shown in (part.partition("\n") for part in parts)]


def write_the_specs(folder: Path) -> None:
    """Every YAML block under the name in its first line, `# name.yaml`."""
    for text in fenced("yaml"):
        name = text.splitlines()[0].removeprefix("# ")
        (folder / name).write_text(text, encoding="utf-8")


def without_measurements(text: str) -> str:
    """Differences and times vary from machine to machine: 3.1e-07 and 0.42 s."""
    text = re.sub(r"\d(\.\d+)?e-\d+", "<difference>", text)
    return re.sub(r"\d+\.\d+ ?s\b", "<time>", text)


def test_the_readme_has_a_spec_and_transcripts() -> None:
    assert fenced("yaml")
    assert transcripts()


def test_transcripts_are_what_archspec_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    write_the_specs(tmp_path)
    for command, shown in transcripts():
        program, *arguments = shlex.split(command)
        if program == "archspec":
            main(arguments)
        else:
            subprocess.run(command, shell=True, check=True)
        assert without_measurements(capsys.readouterr().out) == without_measurements(shown), command


def test_the_python_examples_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_the_specs(tmp_path)
    for example in fenced("python"):
        exec(example, {})
    assert capsys.readouterr().out == "pass\n32\n"
    assert (tmp_path / "five.onnx").is_file()
    assert (tmp_path / "mine").is_dir()


def commands_of(block: str) -> list[str]:
    return [command.strip() for command in block.replace("\\\n", " ").split("&&")]


def test_the_first_command_does_the_main_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment, install, *work = commands_of(fenced("sh")[0])
    assert (environment, install) == ("python3 -m venv .venv", ".venv/bin/pip install .")
    monkeypatch.chdir(tmp_path)
    assert [shlex.split(command)[1] for command in work] == ["check", "summary", "export"]
    for command in work:
        program, *arguments = shlex.split(command)
        assert program == ".venv/bin/archspec"
        assert main(arguments) == 0, command
    printed = capsys.readouterr()
    assert "parity" in (printed.out + printed.err).lower()
    assert list(tmp_path.iterdir()) == [tmp_path / "resnet18.onnx"]


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_the_second_command_is_what_ci_runs() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [command.replace(".venv", '"$venv"') for command in commands_of(fenced("sh")[1])]
    assert [line for line in script if line in commands] == commands
