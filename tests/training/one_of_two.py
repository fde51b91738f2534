"""A training in one of the processes that torchrun has started: its epochs and its weights, as a file of its rank."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from safetensors.torch import save_file

from archspec.training.loop import Training
from tests.training.jobs import job_of

RECIPE = """\
augmentation: {flip: 0.5, mixup: 0.2}
ema: 0.9
stages:
  - {epochs: 1, train: [fc]}
  - {epochs: 2}
"""

if __name__ == "__main__":
    folder = Path(sys.argv[1]) / os.environ["RANK"]
    folder.mkdir()
    training = Training(job_of(folder, RECIPE))
    epochs = [epoch._asdict() for epoch in training.epochs()]
    test = training.test()
    state = training.state()
    for name, tensors in state.tensors.items():
        save_file(dict(tensors), folder / f"{name}.safetensors")
    (folder / "epochs.json").write_text(json.dumps([*epochs, test._asdict()]))
    training.job.accelerator.end_training()
