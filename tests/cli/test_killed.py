"""An export that is killed, interrupted or out of space leaves its destination as it was, or complete."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import killing

ROOT = Path(__file__).parents[2]

Found = list[dict[str, Any]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    """What became of each export. They run in one process, and its children, with one thread: see `killing`."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, killing.__file__, str(tmp_path_factory.mktemp("killed"))]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    results: dict[str, Found] = json.loads(done.stdout)
    return results


def test_whenever_an_export_is_killed_the_destination_is_the_old_file_or_the_new_one(found: dict[str, Found]) -> None:
    kills = [each for each in found["kills"] if each["signal"]]
    assert len(kills) >= 50
    assert {each["code"] for each in kills} == {-9}
    for each in kills:
        assert each["state"] in ({"old", "new"} if each["present"] else {"absent", "new"}), each
        assert all(name.startswith(".net.onnx.") and name.endswith(".archspec") for name in each["left"]), each
    for mode in killing.MODES:
        assert {"old", "new"} <= {each["state"] for each in kills if each["mode"] == mode}
    between = [each for each in kills if each["partial"]]
    assert len(between) >= 20


def test_the_next_export_removes_what_a_killed_one_has_left(found: dict[str, Found]) -> None:
    ends = [each for each in found["kills"] + found["signals"] if not each["signal"]]
    assert {(each["code"], each["state"], *each["left"]) for each in ends} == {(0, "new")}


def test_what_can_be_caught_leaves_nothing(found: dict[str, Found]) -> None:
    caught = [each for each in found["signals"] if each["signal"]]
    assert {(each["signal"], each["code"], each["said"]) for each in caught} == {
        (15, 143, ""),
        (2, 130, "archspec: interrupted\n"),
    }
    assert {(each["state"], *each["left"]) for each in caught} == {("old",)}


def test_a_full_disk_is_told_and_leaves_nothing(found: dict[str, Found]) -> None:
    assert [each["mode"] for each in found["limits"]] == list(killing.MODES)
    told = "archspec: out/net.onnx: File too large\n"
    results = {(each["code"], each["said"], each["state"], *each["left"]) for each in found["limits"]}
    assert results == {(2, told, "old")}
