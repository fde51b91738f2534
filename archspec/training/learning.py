"""What a batch does to a network in one stage of its training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.amp import GradScaler
from torch.nn.utils import clip_grad_norm_

from archspec.training.job import Job
from archspec.training.objective import Objective, Outcome
from archspec.training.optimization import load_tensors, optimizer_of, state_tensors
from archspec.training.schedules import factor
from archspec.training.stages import Stage


class Learner:
    """A stage's optimizer, at work on a job's module. An epoch has so many `batches`."""

    def __init__(self, job: Job, stage: Stage, batches: int) -> None:
        self.stage = stage
        self._module = job.module
        self._batches = batches
        self._clip_norm = job.recipe.clip_norm
        stage.hold(job.module)
        job.accelerator.free_memory()  # or it holds the objective of the stage before
        objective = Objective(job.module, job.architecture.graph, job.recipe.loss)
        self._objective: nn.Module = job.accelerator.prepare_model(objective)
        # Not accelerate's wrapper of an optimizer, which looks for installed libraries at each step.
        self._optimizer = optimizer_of(job.module, stage.phase.optimizer, stage.rates)
        self._scaler = job.accelerator.scaler or GradScaler(enabled=False)  # which changes nothing

    def begin(self) -> None:
        """Turn to training, as an epoch begins."""
        self._objective.train()
        self.stage.train(self._module)

    def schedule(self, epoch: int, batch: int) -> float:
        """Set the learning rates for a batch of an epoch, both from 1; gives the greatest of them."""
        step = (epoch - self.stage.first) * self._batches + batch - 1
        times = factor(self.stage.phase.schedule, step, self.stage.epochs * self._batches, self._batches)
        for group in self._optimizer.param_groups:
            group["lr"] = group["initial_lr"] * times
        return float(max(group["lr"] for group in self._optimizer.param_groups))

    def look(self, images: Tensor, targets: Tensor) -> Outcome:
        """What the network makes of a batch. The gradients of the one before go first, and leave it their memory."""
        self._optimizer.zero_grad()
        outcome: Outcome = self._objective(images, targets)
        return outcome

    def learn(self, loss: Tensor) -> None:
        """One step of the optimizer."""
        self._scaler.scale(loss).backward()
        if self._clip_norm is not None:
            self._scaler.unscale_(self._optimizer)
            clip_grad_norm_(self._trained(), self._clip_norm)
        self._scaler.step(self._optimizer)
        self._scaler.update()

    def is_finite(self) -> bool:
        """Whether all that is trained is."""
        return all(bool(parameter.isfinite().all()) for parameter in self._trained())

    def tensors(self) -> dict[str, Tensor]:
        """What the optimizer has gathered, by name."""
        return state_tensors(self._optimizer)

    def scale(self) -> dict[str, Any]:
        """How far fp16 scales the loss by now; empty in other precisions."""
        return self._scaler.state_dict()

    def load(self, tensors: Mapping[str, Tensor], scale: Mapping[str, Any]) -> None:
        """Go on from what `tensors` and `scale` gave. Raises TrainingError."""
        load_tensors(self._optimizer, tensors)
        self._scaler.load_state_dict(dict(scale))

    def _trained(self) -> list[nn.Parameter]:
        return [parameter for group in self._optimizer.param_groups for parameter in group["params"]]
