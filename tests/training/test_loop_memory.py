"""How much memory a training takes, against what autograd keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

import archspec
from archspec.recipes import Recipe
from archspec.training import TrainingError, job
from archspec.training.loop import Progress, Training
from archspec.training.memory import memory_of
from archspec.training.stages import stages_of
from tests.training.jobs import job_of

IMAGES = 2


def kept(module: torch.nn.Module, image: torch.Tensor) -> int:
    """The bytes that autograd keeps for a backward, each storage once, without the module's own."""
    own = {tensor.untyped_storage().data_ptr() for tensor in module.state_dict().values()}
    found: dict[int, tuple[int, torch.Tensor]] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            found[storage.data_ptr()] = (storage.nbytes(), tensor)  # which holds its place
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        module(image)
    return sum(size for size, _ in found.values())


@pytest.mark.parametrize(
    ("target", "train"),
    [("resnet18", "**"), ("resnet18", "layer4"), ("mobilenet_v3_small", "**"), ("squeezenet1_1", "**")],
)
def test_activations_are_right_within_a_factor_of_two(target: str, train: str) -> None:
    architecture = archspec.load(target, inputs={"image": ["N", 3, 64, 64]})
    stages = [{"epochs": 1, "train": [train, "fc", "classifier"]}]
    recipe = Recipe.model_validate(
        {"recipe": 1, "model": target, "data": "fake", "batch_size": IMAGES, "stages": stages, "ema": {}}
    )
    (stage,) = stages_of(recipe, architecture.graph)
    module = archspec.build(architecture)
    stage.hold(module)
    stage.train(module)
    memory = memory_of(architecture.graph, recipe, [stage], processes=1)
    assert 1 / 2 < memory.activations / kept(module, torch.randn(IMAGES, 3, 64, 64)) < 2

    trained = sum(parameter.nbytes for parameter in module.parameters() if parameter.requires_grad)
    whole = sum(tensor.nbytes for tensor in module.state_dict().values())
    assert (memory.weights, memory.gradients, memory.moments, memory.average) == (whole, trained, 2 * trained, whole)


def test_sizes_that_the_network_leaves_open_are_those_of_the_images() -> None:
    fixed, open_ = (archspec.load("resnet18", inputs={"image": ["N", 3, *size]}) for size in ([64, 32], ["H", "W"]))
    recipe = Recipe.model_validate({"recipe": 1, "model": "resnet18", "data": "fake", "epochs": 1})
    expected = memory_of(fixed.graph, recipe, stages_of(recipe, fixed.graph), processes=1)
    sizes = {"H": 64, "W": 32}
    assert memory_of(open_.graph, recipe, stages_of(recipe, open_.graph), processes=1, sizes=sizes) == expected
    halved = memory_of(fixed.graph, recipe, stages_of(recipe, fixed.graph), processes=2)
    assert halved.activations == expected.activations // 2


def test_a_training_that_does_not_fit_is_told_before_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "free_on", lambda device: 1000)
    (warning,) = job_of(tmp_path, "epochs: 1\n").warnings
    assert warning.code.name == "A411"
    assert warning.message.startswith("the training takes about ")


def test_a_gpu_whose_memory_is_full_stops_the_training(tmp_path: Path) -> None:
    def full(progress: Progress) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    said = r"^epoch 1: the memory of cpu is full; the training takes about .* KiB \(.* activations\), .*"
    with pytest.raises(TrainingError, match=f"{said}a smaller `batch_size` than 16 .* `precision: bf16`$"):
        next(Training(job_of(tmp_path, "epochs: 1\n"), full).epochs())
