"""Several processes, as torchrun starts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from math import isfinite
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from archspec.training import TrainingError, job
from tests.training.jobs import job_of
from tests.training.one_of_two import RECIPE

ROOT = Path(__file__).parents[2]
TIMES = ("seconds", "images_per_second")


def test_a_batch_that_cannot_be_shared_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "accelerator_on", lambda device, precision: SimpleNamespace(num_processes=3))
    with pytest.raises(TrainingError, match=r"^3 processes share out a batch of 16: .* a multiple of 3$"):
        job_of(tmp_path, RECIPE)


def test_two_processes_train_one_network(tmp_path: Path) -> None:
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *launcher, str(ROOT / "tests/training/one_of_two.py"), str(tmp_path)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr

    first, second = (json.loads((tmp_path / rank / "epochs.json").read_text()) for rank in "01")
    *epochs, test = [{key: value for key, value in found.items() if key not in TIMES} for found in first]
    assert [{key: value for key, value in found.items() if key not in TIMES} for found in second] == [*epochs, test]
    assert len(epochs) == 3
    assert len({epoch["validation_loss"] for epoch in epochs}) == 3  # the average of the weights follows
    assert all(isfinite(epoch["loss"]) and isfinite(epoch["validation_loss"]) for epoch in epochs)
    assert test["images"] == len(job_of(tmp_path, RECIPE).data.test)
    for name in ("model", "average", "optimizer"):
        here, there = (load_file(tmp_path / rank / f"{name}.safetensors") for rank in "01")
        assert here.keys() == there.keys()
        assert all(torch.equal(here[key], there[key]) for key in here), name
