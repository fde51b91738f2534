"""What a job is about to do, in words."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.data import loader
from archspec.reports.figures import sized
from archspec.training.job import Job
from archspec.training.progress import about_stage
from archspec.training.stages import Stage


def plan_of(job: Job) -> Iterator[str]:
    """Lines of text: the network, its data, what each stage trains and how, and the memory that it takes."""
    recipe, data, accelerator = job.recipe, job.data, job.accelerator
    image = "x".join(str(size) for size in job.architecture.inputs[0].type.shape[1:])
    processes = f", {accelerator.num_processes} processes" if accelerator.num_processes > 1 else ""
    yield f"network  {job.architecture.name}, of images {image}; seed {recipe.seed}"
    yield f"data     {data.name}, {len(data.classes)} classes"
    yield f"images   {len(data.train):,} training, {len(data.validation):,} validation, {len(data.test):,} test"
    for stage in job.stages:
        yield f"train    {about_stage(stage, job)}"
        yield f"         {_steps(stage, job)}"
    yield f"device   {accelerator.device}, {recipe.precision}{processes}"
    yield f"memory   about {sized(job.memory.total)}"
    yield from (f"         {part}" for part in job.memory.parts.split(", "))


def _steps(stage: Stage, job: Job) -> str:
    """How a stage trains: `AdamW at 0.005, one_cycle; 440 batches of 64, 22 an epoch`."""
    phase = stage.phase
    rates = sorted({*stage.rates.values()}, reverse=True)
    batches = len(loader(job.data.train, job.recipe.batch_size, training=True))
    how = f"{phase.optimizer.name} at {', '.join(f'{rate:g}' for rate in rates)}, {phase.schedule.name}"
    all_ = stage.epochs * batches
    return f"{how}; {all_:,} batch{'es' if all_ > 1 else ''} of {job.recipe.batch_size}, {batches:,} an epoch"
