"""The packaged specs and zoo are found from a plain clone, an editable install and a wheel alike."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from archspec.diagnostics import CODES

ROOT = Path(__file__).parents[1]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
OFFLINE = ("--no-index", "--no-deps", "--no-build-isolation")


def run(*command: str | Path, cwd: Path = ROOT, **variables: str) -> str:
    """The output of a command that has to succeed. PYTHONPATH is what the caller says, or nothing."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | variables
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(*PIP, "wheel", *OFFLINE, "--wheel-dir", folder, ROOT)
    [built] = folder.glob("archspec_nn-*.whl")
    return built


def environment_with(folder: Path, *what: str | Path) -> Path:
    """A new virtual environment with archspec installed from `what`; the dependencies are those of the
    environment that runs the tests, read through a path file. Gives its `bin`."""
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    Path(paths["purelib"], "outer.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    python = Path(paths["scripts"], "python")
    run(*PIP, "--python", python, "install", "--ignore-installed", *OFFLINE, *what)
    return python.parent


def assert_finds_the_zoo(*archspec: str | Path, cwd: Path, **variables: str) -> None:
    assert "resnet18" in run(*archspec, "zoo", "list", cwd=cwd, **variables)
    run(*archspec, "check", "resnet18", cwd=cwd, **variables)


def imported_from(python: Path, cwd: Path) -> Path:
    return Path(run(python, "-c", "import archspec; print(archspec.__file__)", cwd=cwd).strip())


def test_a_clone_finds_its_zoo(tmp_path: Path) -> None:
    assert_finds_the_zoo(sys.executable, "-m", "archspec", cwd=tmp_path, PYTHONPATH=str(ROOT))


def test_an_editable_install_finds_the_clone_s_zoo(tmp_path: Path) -> None:
    binaries = environment_with(tmp_path / "venv", "--editable", ROOT)
    assert imported_from(binaries / "python", tmp_path) == ROOT / "archspec" / "__init__.py"
    assert_finds_the_zoo(binaries / "archspec", cwd=tmp_path)


def test_a_wheel_finds_the_zoo_it_brings(tmp_path: Path, wheel: Path) -> None:
    binaries = environment_with(tmp_path / "venv", wheel)
    assert imported_from(binaries / "python", tmp_path).is_relative_to(tmp_path)
    assert_finds_the_zoo(binaries / "archspec", cwd=tmp_path)
    assert_finds_the_zoo(binaries / "python", "-m", "archspec", cwd=tmp_path)


def names_below(folder: str, names: Sequence[str]) -> set[str]:
    return {name.removeprefix(f"{folder}/") for name in names if name.startswith(f"{folder}/")}


@pytest.mark.parametrize("folder", ["specs", "zoo"])
def test_the_wheel_holds_every_spec_and_family(wheel: Path, folder: str) -> None:
    packed = names_below(f"archspec/_data/{folder}", zipfile.ZipFile(wheel).namelist())
    assert packed == {path.relative_to(ROOT / folder).as_posix() for path in (ROOT / folder).rglob("*.yaml")}


def test_the_wheel_holds_the_page_of_every_code(wheel: Path) -> None:
    packed = names_below("archspec/diagnostics/pages", zipfile.ZipFile(wheel).namelist())
    assert packed == {f"{code}.md" for code in CODES}


def test_the_wheel_is_typed_and_brings_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "archspec/py.typed" in names
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"archspec"}
