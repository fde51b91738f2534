"""The house rules that tools check: import order, types, style, and the size and names of files."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT_IMPORTS = (str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo")


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def assert_passes(*command: str) -> None:
    done = run(*command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_run_one_way() -> None:
    assert_passes(*LINT_IMPORTS)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("dims.py", "from archspec.graph import Graph"),
        ("ops/base.py", "import archspec.graph"),
        ("graph.py", "def late():\n    import torch"),
        ("newcomer.py", "'a module that no layer names'"),
    ],
)
def test_an_import_against_the_order_is_found(module: str, line: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "archspec", tmp_path / "archspec")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "archspec" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    done = run(*LINT_IMPORTS, cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    assert Path(module).stem in done.stdout


def test_types_are_strict() -> None:
    assert_passes(sys.executable, "-m", "mypy")


def test_style_is_clean() -> None:
    assert_passes(sys.executable, "-m", "ruff", "check", ".")


MODULES = sorted((ROOT / "archspec").rglob("*.py"))


def test_no_module_is_longer_than_500_lines() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert not {path.relative_to(ROOT).as_posix(): length for path, length in lengths.items() if length > 500}


def test_module_names_say_what_is_inside() -> None:
    assert not {path.stem for path in MODULES} & {"util", "utils", "helper", "helpers", "common", "misc", "manager"}
