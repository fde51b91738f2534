"""A training that is killed, interrupted or out of space goes on, to the same weights to the last bit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.training import killed

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of each training. They run in one process, and its children, with one thread: see `killed`."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, killed.__file__, str(tmp_path_factory.mktemp("killed"))]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    results: dict[str, Any] = json.loads(done.stdout)
    return results


def test_whenever_a_training_is_killed_it_goes_on_to_the_same_weights(found: dict[str, Any]) -> None:
    kills = found["kills"]
    begun = [each for each in kills if each["begun"]]
    assert len(begun) >= 8
    assert {each["killed"] for each in kills} == {-signal.SIGKILL}
    assert [each for each in begun if not each["same"] or each["left"]] == []


def test_before_anything_is_kept_there_is_nothing_to_go_on_with(found: dict[str, Any]) -> None:
    early = [each for each in found["kills"] if not each["begun"]]
    assert early
    for each in early:
        assert each["code"] == 1
        assert each["said"].startswith("archspec: ")
        assert "Traceback" not in each["said"]


def test_an_interrupt_costs_the_current_epoch_alone(found: dict[str, Any]) -> None:
    interrupted, terminated = found["signals"]
    line = "stopped; 2 of 4 epochs are kept in run, of which 2 is the best; `archspec train --resume run` goes on\n"
    assert (interrupted["code"], interrupted["kept"]) == (130, 2)
    assert interrupted["said"].endswith(f"{line}archspec: interrupted\n")
    assert (terminated["code"], terminated["kept"]) == (143, 2)
    assert terminated["said"].endswith(line)


def test_a_full_disk_keeps_the_last_good_checkpoint(found: dict[str, Any]) -> None:
    full = found["limited"]
    assert (full["code"], full["kept"], full["left"], full["resumed"]) == (1, 2, [], 0)
    kept = "2 of 4 epochs are kept in run, of which 1 is the best; `archspec train --resume run` goes on"
    assert full["said"].endswith(f"archspec: run/model.safetensors: File too large; {kept}\n")
