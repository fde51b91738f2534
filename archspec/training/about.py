"""What a run writes down of itself: `run.json`."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import torch

from archspec.version import VERSION

if TYPE_CHECKING:
    from archspec.recipes import Recipe
    from archspec.training.job import Job
    from archspec.training.loop import Epoch
    from archspec.training.scores import Score

_LIBRARIES = ("torch", "torchvision", "accelerate", "numpy", "safetensors")


def facts_of_job(job: Job, recipe: Recipe, spec: str, resolved: str, command: Sequence[str]) -> dict[str, Any]:
    """What is known before the first batch. `spec` and `resolved` are the texts of the network and of the recipe."""
    accelerator = job.accelerator
    device = accelerator.device
    return {
        "command": list(command),
        "versions": {
            "archspec": VERSION,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "processes": accelerator.num_processes,
        "seed": recipe.seed,
        "model": {
            "name": job.architecture.name,
            "target": recipe.model.target,
            "parameters": sum(parameter.numel() for parameter in job.module.parameters()),
        },
        "sha256": {"model.yaml": _sha256(spec), "recipe.yaml": _sha256(resolved)},
        "data": dict(job.data.facts),
    }


def facts_of_training(epochs: Sequence[Epoch], of: int, best: Epoch | None, test: Score | None) -> dict[str, Any]:
    """What has come of it so far. The results are those of the best epoch."""
    results: dict[str, Any] = {}
    if best is not None:
        results["train"] = {"loss": best.loss, "accuracy": best.accuracy}
        if best.validation_loss is not None:
            results["validation"] = {"loss": best.validation_loss, "accuracy": best.validation_accuracy}
    if test is not None:
        results["test"] = test._asdict()
    return {
        "epochs": of,
        "done": len(epochs),
        "seconds": round(sum(epoch.seconds for epoch in epochs), 3),
        "best": None if best is None else best.number,
        "results": results,
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
