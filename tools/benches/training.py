"""The loop of `archspec train`, beside one that is written by hand."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from benches.measuring import Result, family_by_family, in_turns

TRAINED: dict[str, dict[str, object]] = {  # and on what
    "digits_cnn": {"data.source": "digits"},
    "resnet_cifar": {"data.source": "fake", "data.samples": 256},
}


def loop_of_networks() -> Result:
    """Images per second of an epoch, with metrics and a progress callback, without validation."""
    return family_by_family(list(TRAINED), epoch)


def epoch(name: str) -> Result:
    import torch

    from archspec.training.loop import Training

    torch.set_num_threads(1)
    job = _job(name)
    bare = _bare_epoch(copy.deepcopy(job.module), job)
    epochs = Training(job, on_batch=lambda progress: None).epochs()
    return in_turns(lambda: next(epochs), bare, 15)


def _job(name: str) -> Any:
    from archspec.diagnostics import Diagnostics
    from archspec.recipes import recipe_of
    from archspec.training.job import prepare

    knobs = {
        **TRAINED[name],
        "data.validation": 0.0,
        "data.test": 0.0,
        "epochs": 1_000_000,
        "optimizer.name": "SGD",
        "optimizer.lr": 0.01,
        "optimizer.momentum": 0.9,
    }
    written = recipe_of(name, knobs, Diagnostics())
    assert written is not None
    return prepare(written, "cpu")


def _bare_epoch(model: Any, job: Any) -> Callable[[], None]:
    """As everybody writes it, over the same batches."""
    import torch

    from archspec.data import loader

    batches: Any = loader(job.data.train, job.recipe.batch_size, training=True)
    optimizer: Any = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def run() -> None:
        batches.sampler.epoch += 1
        model.train()
        for images, classes in batches:
            optimizer.zero_grad()
            loss: Any = torch.nn.functional.cross_entropy(model(images), classes)
            loss.backward()
            optimizer.step()

    return run
