"""The hooks for repositories of specs, run as pre-commit runs them: in the root, with the names of matching files.
https://pre-commit.com/#creating-new-hooks"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

HOOKS: list[dict[str, Any]] = YAML(typ="safe").load(Path(__file__).parents[1] / ".pre-commit-hooks.yaml")
GOOD = "archspec: 1\ninputs: {image: [N, 3, 8, 8]}\nlayers: {flat: Flatten}  # kept\n"
BAD = GOOD.replace("Flatten", "Flaten")


def commit(hook: dict[str, Any], root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run a hook over all files, on the archspec of this environment."""
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    yaml = [name for name in names if name.endswith((".yaml", ".yml"))]  # what pre-commit takes for `types: [yaml]`
    matching = [name for name in yaml if re.search(hook["files"], name)]
    program, *words = shlex.split(hook["entry"])
    assert (program, hook["types"]) == ("archspec", ["yaml"])
    command = [sys.executable, "-m", program, *words, *args, *matching]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "specs/net.yaml": GOOD,
        "specs/more/net.yml": GOOD,
        "specs/README.md": "# Nets",
        "deploy/specs.yaml": "replicas: 2",
        ".pre-commit-config.yaml": "repos: []",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_commit_of_good_specs_passes_and_one_of_bad_specs_does_not(hook: dict[str, Any], root: Path) -> None:
    done = commit(hook, root)
    assert (done.returncode, done.stdout) == (0, "no mistakes in 2 files\n")
    (root / "specs" / "more" / "net.yml").write_text(BAD)
    done = commit(hook, root)
    assert done.returncode == 1
    assert "specs/more/net.yml:3:16" in done.stdout


def test_with_fix_the_hook_changes_the_files_that_are_committed(root: Path) -> None:
    (root / "specs" / "net.yaml").write_text(BAD)
    assert commit(HOOKS[0], root, "--fix").returncode == 0
    assert (root / "specs" / "net.yaml").read_text() == GOOD


def test_hooks_have_what_pre_commit_requires() -> None:
    assert [hook["id"] for hook in HOOKS] == ["archspec", "archspec-installed"]
    for hook in HOOKS:
        assert {"id", "name", "entry", "language"} <= hook.keys()
        assert hook["language"] in ("python", "system")
