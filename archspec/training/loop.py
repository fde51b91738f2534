"""The loop: a job's epochs, one after the other, and its state between two of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from math import isnan
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from archspec.backends.torch import module_with
from archspec.data import mixed
from archspec.reports.figures import sized
from archspec.training import Diverged, TrainingError
from archspec.training.averaging import Average
from archspec.training.batches import Batches, evaluation_batches, training_batches
from archspec.training.evaluation import evaluate
from archspec.training.job import Job
from archspec.training.learning import Learner
from archspec.training.objective import main_output
from archspec.training.randomness import seeded
from archspec.training.scores import Running, Score
from archspec.weights.loading import load_into

_LOOK = 100  # batches between two looks at the losses, where these have to be waited for


class Epoch(NamedTuple):
    """An epoch that is done. The loss and accuracy are means over the training images as they were trained on, those of
    `validation` are the network's afterwards; `lr` is the greatest learning rate of its last batch."""

    number: int
    stage: int
    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    lr: float
    seconds: float
    images_per_second: float


class Progress(NamedTuple):
    """Where an epoch is after a batch; `running.score()` tells how good it is so far, and waits for the device."""

    epoch: int
    batch: int
    batches: int
    lr: float
    running: Running


class State(NamedTuple):
    """All that a training goes on from. `tensors` are files to be: `model`, `optimizer`, and `average` if there is one,
    each with its tensors by name; `values` is plain JSON."""

    tensors: Mapping[str, Mapping[str, Tensor]]
    values: Mapping[str, Any]


class Training:
    """A job's training, from its beginning or from a state. `on_batch` is called after each batch.

    `best` is the epoch so far whose network had the highest accuracy on the validation images, of equal ones the one
    with the lowest loss, of those the last; without validation images it is the last epoch.
    """

    def __init__(self, job: Job, on_batch: Callable[[Progress], None] = lambda progress: None) -> None:
        self.job = job
        self.done = 0
        self.best: Epoch | None = None
        self._module = job.module.to(job.accelerator.device)
        self._average = Average(self._module, job.recipe.ema.decay) if job.recipe.ema else None
        self._batches, self._order = training_batches(job.data.train, job.recipe, job.accelerator)
        self._validation = evaluation_batches(job.data.validation, job.recipe, job.accelerator)
        self._learner: Learner | None = None
        self._on_batch = on_batch

    @property
    def network(self) -> nn.Module:
        """What is evaluated and kept: the average of the weights, if there is one."""
        return self._average.module if self._average else self._module

    def epochs(self) -> Iterator[Epoch]:
        """Train the epochs that are left, each when it is asked for.

        Raises DataError, TrainingError, and Diverged; what was trained of that epoch is of no use then, and a training
        goes on from a state that was kept.
        """
        while self.done < self.job.epochs:
            try:
                epoch = self._epoch(self.done + 1)
            except torch.OutOfMemoryError as error:
                raise TrainingError(_out_of_memory(self.job, self.done + 1)) from error
            self.done = epoch.number
            if self.best is None or _rank(epoch) >= _rank(self.best):
                self.best = epoch
            yield epoch

    def test(self, weights: Mapping[str, Tensor] | None = None) -> Score:
        """How good the network is on the test images; or one with other weights, by their keys. Raises TrainingError
        where there are none."""
        job, network = self.job, self.network
        if not len(job.data.test):
            raise TrainingError(f"{job.data.name} has no test images")
        if weights is not None:
            network = module_with(job.architecture.graph, weights).to(job.accelerator.device)
        return self._evaluated(network, evaluation_batches(job.data.test, job.recipe, job.accelerator))

    def state(self) -> State:
        """What the training goes on from, as it is between two epochs: copies, on the CPU."""
        tensors: dict[str, Mapping[str, Tensor]] = {"model": _copied(self._module.state_dict())}
        values: dict[str, Any] = {"epoch": self.done, "best": self.best and self.best._asdict()}
        if self._average:
            tensors["average"] = _copied(self._average.module.state_dict())
            values["updates"] = self._average.updates
        if self._learner:
            tensors["optimizer"] = _copied(self._learner.tensors())
            values["scale"] = self._learner.scale()
        return State(tensors, values)

    def restore(self, state: State) -> None:
        """Go on from what `state` gave, of a training of the same recipe. Raises MisfitError, and TrainingError, where
        it is of another one."""
        tensors, values = state
        load_into(self._module, tensors["model"])
        self.done, self.best = values["epoch"], values["best"] and Epoch(**values["best"])
        if self._average:
            load_into(self._average.module, tensors["average"])
            self._average.updates = values["updates"]
        if self.done:
            self._learner_of(self.done).load(tensors["optimizer"], values["scale"])

    def _learner_of(self, epoch: int) -> Learner:
        stage = self.job.stage_of(epoch)
        if self._learner is None or self._learner.stage is not stage:
            self._learner = Learner(self.job, stage, len(self._batches))
        return self._learner

    def _epoch(self, number: int) -> Epoch:
        started = time.perf_counter()
        learner = self._learner_of(number)
        score, lr = self._train(learner, number)
        self._agree()
        trained = time.perf_counter()
        found = self._evaluated(self.network, self._validation) if self.job.data.validation else None
        return Epoch(
            number,
            learner.stage.number,
            score.loss,
            score.accuracy,
            found.loss if found else None,
            found.accuracy if found else None,
            lr,
            time.perf_counter() - started,
            score.images / (trained - started),
        )

    def _train(self, learner: Learner, number: int) -> tuple[Score, float]:
        """An epoch's score, and its last learning rate."""
        job, accelerator, device = self.job, self.job.accelerator, self.job.accelerator.device
        count, lr = len(self._batches), 0.0
        running = Running(count, accelerator)
        look = 1 if device.type == "cpu" and accelerator.num_processes == 1 else _LOOK
        self._order.epoch = number
        learner.begin()
        with seeded(device, job.recipe.seed, number, accelerator.process_index) as generator:
            for batch, pair in enumerate(self._batches, 1):
                images, labels = (tensor.to(device, non_blocking=True) for tensor in pair)
                images, targets = mixed(images, labels, job.recipe.augmentation, len(job.data.classes), generator)
                lr = learner.schedule(number, batch)
                outcome = learner.look(images, targets)
                running.add(outcome.loss, outcome.correct, len(images))
                if batch % look == 0:
                    self._require_finite(running, learner, number)
                learner.learn(outcome.loss)
                if self._average:
                    self._average.update()
                self._on_batch(Progress(number, batch, count, lr, running))
        self._require_finite(running, learner, number)
        if not learner.is_finite():
            raise Diverged(f"epoch {number}: its last batch left weights that are not finite, {_at(lr)}")
        return running.together(), lr

    def _evaluated(self, network: nn.Module, batches: Batches) -> Score:
        return evaluate(network, main_output(self.job.architecture.graph).name, batches, self.job.accelerator)

    def _agree(self) -> None:
        """Give all processes the buffers of the main one: each has seen other images."""
        if self.job.accelerator.num_processes > 1:
            for buffer in (*self._module.buffers(), *self.network.buffers()):
                torch.distributed.broadcast(buffer, src=0)

    def _require_finite(self, running: Running, learner: Learner, number: int) -> None:
        """Raise Diverged where a batch since the last look had a loss that is not finite."""
        if (found := running.not_finite()) is not None:
            batch, loss = found
            said = "not a number" if isnan(loss) else "infinite"
            place = f"epoch {number}, batch {batch} of {len(self._batches)}"
            raise Diverged(f"{place}: the loss is {said}, {_at(learner.schedule(number, batch))}")


def _rank(epoch: Epoch) -> tuple[float, float]:
    """Higher is better."""
    if epoch.validation_accuracy is None or epoch.validation_loss is None:
        return 0.0, 0.0
    return epoch.validation_accuracy, -epoch.validation_loss


def _at(lr: float) -> str:
    return f"at a learning rate of {lr:g}"


def _out_of_memory(job: Job, epoch: int) -> str:
    way_out = f"a smaller `batch_size` than {job.recipe.batch_size} takes less"
    if job.recipe.precision == "fp32":
        way_out += ", and so does `precision: bf16`"
    return (
        f"epoch {epoch}: the memory of {job.accelerator.device} is full; the training takes about"
        f" {sized(job.memory.total)} ({job.memory.parts}), beside what others take; {way_out}"
    )


def _copied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
