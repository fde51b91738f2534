"""A recipe made ready: its network, its data and its device, checked together before the first batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from archspec.architecture import Architecture
from archspec.data import ImageData, folder_of, open_data
from archspec.diagnostics import Diagnostic, Diagnostics, SpecError
from archspec.driver import build
from archspec.driver.known import known_of
from archspec.driver.networks import source_of
from archspec.recipes import DataFacts, Recipe, Written, check_recipe, classifier_of, facts_of, network_of
from archspec.recipes.memory import check_memory
from archspec.training import TrainingError
from archspec.training.devices import AUTO, accelerator_on
from archspec.training.memory import Memory, free_on, memory_of
from archspec.training.stages import Stage, stages_of

if TYPE_CHECKING:
    from accelerate import Accelerator


@dataclass(frozen=True)
class Job:
    """What a Training works on. `module` has its first weights; `memory` is what all will take; `warnings` are what
    there is to say before it starts."""

    written: Written
    architecture: Architecture
    module: nn.Module
    data: ImageData
    stages: tuple[Stage, ...]
    memory: Memory
    accelerator: Accelerator
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def recipe(self) -> Recipe:
        return self.written.recipe

    @property
    def epochs(self) -> int:
        return self.stages[-1].last

    def stage_of(self, epoch: int) -> Stage:
        return next(stage for stage in self.stages if epoch <= stage.last)


def prepare(written: Written, device: str = AUTO) -> Job:
    """Check all of a recipe, and make it ready to train on a device: `cpu`, `cuda`, `cuda:1` ... or `auto`, a GPU if
    there is one.

    Raises SpecError with everything that does not go together, DeviceError, DataError, WeightsError (MisfitError with
    its plan), TrainingError for batches that cannot be shared out, ExtraError and OSError.
    """
    recipe, diagnostics = written.recipe, Diagnostics()
    architecture = network_of(written, diagnostics)
    if architecture is None:
        raise SpecError(diagnostics)
    classifier = classifier_of(architecture.graph, diagnostics, written.span("model", "target"))
    if classifier is None:
        raise SpecError(diagnostics)
    accelerator = accelerator_on(device, recipe.precision)
    if recipe.batch_size % accelerator.num_processes:
        shares = f"{accelerator.num_processes} processes share out a batch of {recipe.batch_size}"
        raise TrainingError(f"{shares}: its size has to be a multiple of {accelerator.num_processes}")
    source = folder_of(recipe.data, written.folder)
    facts = facts_of(recipe.data, classifier.classes)
    if source is not None:
        facts = DataFacts(source.name, len(source.classes), size=source.size)
    check_recipe(written, architecture, diagnostics, facts)
    image = classifier.image(facts)
    if diagnostics.has_errors or image is None:
        raise SpecError(diagnostics)

    stages = stages_of(recipe, architecture.graph)
    memory = memory_of(architecture.graph, recipe, stages, accelerator.num_processes, classifier.sizes(facts))
    check_memory(written, memory, free_on(accelerator.device), diagnostics)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        module = build(architecture, recipe.model.weights)
    known = known_of(source_of(architecture, recipe.model.weights, None, (), None, (), None), recipe.seed)
    with accelerator.main_process_first():  # which may have to download
        data = open_data(recipe, image, classifier.classes, known.preprocessing, written.folder, source)
    return Job(written, architecture, module, data, stages, memory, accelerator, tuple(diagnostics))
