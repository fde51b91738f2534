"""The loop: that it goes on bit for bit, and what it trains."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from archspec.training.loop import Epoch, State, Training
from tests.training.jobs import job_of

EVERYTHING = """\
epochs: 4
optimizer: {name: SGD, lr: 0.05, momentum: 0.9, nesterov: true, weight_decay: 1.0e-3}
schedule: {name: cosine, warmup: 1.5}
loss: {label_smoothing: 0.1}
augmentation: {crop: 1, flip: 0.5, mixup: 0.2, cutmix: 1.0}
ema: 0.9
clip_norm: 1.0
"""
STAGES = """\
optimizer: {name: Adam, lr: 1.0e-3}
augmentation: {flip: 0.5}
stages:
  - {epochs: 2, train: [fc], lr: 1.0e-2}
  - {epochs: 2, train: [features.1*, fc], lr: {fc: 1.0e-3, features: 1.0e-4}, schedule: one_cycle}
"""


def on_disk(state: State, folder: Path) -> State:
    """The state as another process reads it."""
    for name, tensors in state.tensors.items():
        save_file(dict(tensors), folder / f"{name}.safetensors")
    values = json.loads(json.dumps(state.values))
    return State({name: load_file(folder / f"{name}.safetensors") for name in state.tensors}, values)


def without_times(epoch: Epoch) -> Epoch:
    return epoch._replace(seconds=0, images_per_second=0)


@pytest.mark.parametrize("text", [EVERYTHING, STAGES], ids=["everything", "stages"])
def test_a_restored_training_goes_on_bit_for_bit(text: str, tmp_path: Path) -> None:
    straight = Training(job_of(tmp_path, text))
    epochs, states = [], [straight.state()]
    for epoch in straight.epochs():
        epochs.append(epoch)
        states.append(on_disk(straight.state(), tmp_path))

    for done in (0, 2, 3):
        torch.rand(done)  # another process has drawn other random numbers
        after = Training(job_of(tmp_path, text))
        after.restore(states[done])
        assert list(map(without_times, after.epochs())) == list(map(without_times, epochs[done:]))
        assert straight.best is not None
        assert after.best is not None
        assert without_times(after.best) == without_times(straight.best)
        state = after.state()
        for name, tensors in straight.state().tensors.items():
            assert state.tensors[name].keys() == tensors.keys()
            assert all(torch.equal(state.tensors[name][key], tensors[key]) for key in tensors), name
