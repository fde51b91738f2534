"""What only a process shows of the command: exit codes, encodings, and what happens when others go away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

GOOD = "archspec: 1\ninputs: {image: [N, 3, 8, 8]}\nlayers: {flat: Flatten}\n"
BAD = GOOD.replace("Flatten", "Flaten").replace("image", "im\u00e4ge")
COMMAND = [sys.executable, "-m", "archspec"]
# As users have it: output that waits in a buffer fails later, and elsewhere, than output that does not.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(BAD, encoding="utf-8")
    return tmp_path


def test_the_exit_code_is_that_of_the_command(folder: Path) -> None:
    for target, code in (("net.yaml", 0), ("bad.yaml", 1), ("nothing.yaml", 2)):
        done = subprocess.run([*COMMAND, "check", target], capture_output=True, text=True, cwd=folder, timeout=60)
        assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.parametrize(
    ("encoding", "form"),
    [("ascii", form) for form in ("text", "json", "github", "sarif")] + [("cp437", "text"), ("utf-16", "text")],
)
def test_any_text_is_printed_in_any_encoding(encoding: str, form: str, folder: Path) -> None:
    """A path that is no UTF-8, and a spec with characters of all widths, before what is underlined."""
    name = os.fsdecode(b"b\xff\xc3\xa4.yaml")
    wide = BAD.replace("{flat", '{"\u5377\u00e4\U0001f469\u200d\u0301": ReLU, flat')
    Path(folder, name).write_text(wide, encoding="utf-8")
    done = subprocess.run(
        [*COMMAND, "check", name, "--format", form],
        capture_output=True,
        cwd=folder,
        timeout=60,
        env={**ENVIRONMENT, "PYTHONIOENCODING": encoding},
    )
    assert (done.returncode, done.stderr.decode(encoding)) == (1, "")
    assert "A302" in done.stdout.decode(encoding)


def test_carets_are_aligned_where_the_encoding_has_no_character(folder: Path) -> None:
    text = GOOD.replace("[N,", "[N,  # \u5377\n  N,").replace("Flatten}", "Identity, \u5377\u00e4: Flaten}")
    (folder / "net.yaml").write_text(text, encoding="utf-8")
    done = shell("PYTHONIOENCODING=ascii archspec check net.yaml", folder)
    lines = done.stdout.splitlines()
    [head] = [number for number, line in enumerate(lines) if line.endswith("`Flaten`")]
    source, carets = lines[head + 3 : head + 5]
    assert "???: Flaten" in source
    assert carets.index("^") == source.index("Flaten")


def shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    line = script.replace("archspec", " ".join(COMMAND))
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, cwd=folder, timeout=60, env=ENVIRONMENT
    )


@pytest.mark.parametrize("command", ["archspec schema", "archspec check net.yaml", "archspec check bad.yaml"])
def test_a_reader_that_goes_away_is_no_traceback(command: str, folder: Path) -> None:
    assert shell(f"{command} | true", folder).stderr == ""
    done = shell("archspec schema | head -1", folder)
    assert (done.stdout, done.stderr) == ("{\n", "")


@pytest.mark.parametrize(
    ("closed", "target", "code"),
    [(">&-", "net.yaml", 0), (">&-", "bad.yaml", 1), ("2>&-", "nothing.yaml", 2), (">&- 2>&-", "bad.yaml", 1)],
)
def test_closed_streams_change_no_exit_code(closed: str, target: str, code: int, folder: Path) -> None:
    done = shell(f"archspec check {target} {closed}", folder)
    assert done.returncode == code
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_that_cannot_be_written_is_exit_code_2(folder: Path) -> None:
    done = shell("archspec check net.yaml > /dev/full", folder)
    assert done.returncode == 2
    assert done.stderr == "archspec: No space left on device\n"


def test_an_interruption_is_no_traceback(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from archspec import __main__, cli, compilation

    def interrupted(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(compilation, "compile_target", interrupted)
    assert cli.main(["check", str(folder / "net.yaml")]) == 130
    assert capsys.readouterr() == ("", "archspec: interrupted\n")
    monkeypatch.setattr(cli, "main", interrupted)  # as while modules load
    with pytest.raises(SystemExit) as stop:
        __main__.run()
    assert stop.value.code == 130
