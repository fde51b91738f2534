"""The loop against one that is written by hand with torch, and its parts against what they are made of."""

from __future__ import annotations

import copy
from math import nan
from pathlib import Path

import pytest
import torch
from sklearn.metrics import accuracy_score, log_loss
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

from archspec.data import loader
from archspec.driver.networks import source_of
from archspec.training import Diverged, loop
from archspec.training.loop import Training
from archspec.training.scores import Score
from tests.training.jobs import job_of

NET = Path(__file__).parent / "net.yaml"
RECIPE = f"""\
recipe: 1
model: {NET}
data: {{source: fake, samples: 80}}
batch_size: 16
seed: 3
"""
EVERYTHING = """\
epochs: 2
optimizer: {name: AdamW, lr: 0.02, weight_decay: 0.5}
schedule: {name: cosine, warmup: 0.5}
loss: {label_smoothing: 0.1, auxiliary: 0.4}
ema: 0.8
clip_norm: 0.5
"""


@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step:UserWarning")  # SequentialLR's own call
def test_a_loop_by_hand_gives_the_same(tmp_path: Path) -> None:
    job = job_of(tmp_path, RECIPE + EVERYTHING)
    model, average = copy.deepcopy(job.module), copy.deepcopy(job.module)
    training = Training(job)
    epochs = list(training.epochs())

    spared = [key for key, _ in model.named_parameters() if key.endswith("bias") or key == "trunk.1.weight"]
    parameters = dict(model.named_parameters())
    groups = [
        {"params": [parameters[key] for key in parameters if key not in spared]},
        {"params": [parameters[key] for key in spared], "weight_decay": 0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=0.02, weight_decay=0.5)
    batches = loader(job.data.train, 16, seed=3, training=True)
    steps, first = 2 * len(batches), round(0.5 * len(batches))
    warm_up = LinearLR(optimizer, start_factor=0.01, total_iters=first)
    scheduler = SequentialLR(optimizer, [warm_up, CosineAnnealingLR(optimizer, steps - first)], [first])
    updates = 0
    for epoch in (1, 2):
        batches.sampler.epoch = epoch
        model.train()
        for images, classes in batches:
            outputs = model(images)
            loss = cross_entropy(outputs["logits"], classes, label_smoothing=0.1)
            loss += 0.4 * cross_entropy(outputs["early"], classes, label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            scheduler.step()
            updates += 1
            decay = min(0.8, (1 + updates) / (10 + updates))
            for key, value in average.state_dict().items():
                now = model.state_dict()[key]
                value.copy_(decay * value + (1 - decay) * now if value.is_floating_point() else now)

    state = training.state().tensors
    torch.testing.assert_close(state["model"], dict(model.state_dict()), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(state["average"], dict(average.state_dict()), rtol=1e-4, atol=1e-5)
    assert epochs[0].lr > epochs[1].lr > 0


def test_scores_are_sklearns(tmp_path: Path) -> None:
    job = job_of(tmp_path, RECIPE + "epochs: 1\n")
    training = Training(job)
    (epoch,) = training.epochs()
    training.network.eval()
    for data, found in (
        (job.data.validation, (epoch.validation_loss, epoch.validation_accuracy)),
        (job.data.test, training.test()[:2]),
        (job.data.test, training.test(training.state().tensors["model"])[:2]),
    ):
        images, classes = map(torch.stack, zip(*((image, torch.tensor(label)) for image, label in data), strict=True))
        with torch.no_grad():
            chances = training.network(images)["logits"].double().softmax(dim=1)
        expected = (log_loss(classes, chances), accuracy_score(classes, chances.argmax(dim=1)))
        assert found == pytest.approx(expected, rel=1e-5)


def test_the_first_weights_follow_from_the_seed(tmp_path: Path) -> None:
    torch.rand(5)
    before = torch.get_rng_state()
    job = job_of(tmp_path, RECIPE + "epochs: 1\n")
    network = source_of(job.architecture, None, None, (), None, (), None).network(None, seed=3)
    for key, tensor in network.module.state_dict().items():
        assert torch.equal(tensor, job.module.state_dict()[key])
    next(Training(job).epochs())
    assert torch.equal(torch.get_rng_state(), before)


def test_what_is_frozen_stays_as_it_is(tmp_path: Path) -> None:
    stages = "stages: [{epochs: 1, train: [fc], lr: {fc: 0.1}}, {epochs: 1, lr: {trunk: 0.01, fc: 0.02}}]\n"
    job = job_of(tmp_path, RECIPE + stages)
    first = copy.deepcopy(job.module.state_dict())
    training = Training(job)
    epochs = training.epochs()
    epoch = next(epochs)
    changed = {key for key, tensor in job.module.state_dict().items() if not torch.equal(tensor, first[key])}
    assert changed == {"fc.weight", "fc.bias"}
    assert {key for key, parameter in job.module.named_parameters() if parameter.requires_grad} == changed
    assert (epoch.stage, epoch.lr) == (1, 0.1)
    assert job.stages[1].rates == {
        **dict.fromkeys(["trunk.0.weight", "trunk.1.weight", "trunk.1.bias"], 0.01),
        **dict.fromkeys(["fc.weight", "fc.bias"], 0.02),
        **dict.fromkeys(["early.weight", "early.bias"], 0.001),
    }
    epoch = next(epochs)
    assert (epoch.stage, epoch.lr) == (2, 0.02)
    assert not any(torch.equal(tensor, first[key]) for key, tensor in job.module.state_dict().items())


def test_bf16_computes_in_bf16_and_keeps_float32(tmp_path: Path) -> None:
    job = job_of(tmp_path, RECIPE + "epochs: 1\nprecision: bf16\n")
    seen = set()
    job.module.fc.register_forward_hook(lambda layer, inputs, output: seen.add((layer.training, output.dtype)))
    training = Training(job)
    next(training.epochs())
    assert seen == {(True, torch.bfloat16), (False, torch.float32)}
    assert {tensor.dtype for tensor in training.state().tensors["model"].values()} == {torch.float32, torch.int64}


@pytest.mark.parametrize(
    ("lr", "said"),
    [
        (1e-3, "epoch 1, batch 1 of 4: the loss is not a number, at a learning rate of 0.001"),
        (1e38, r"epoch 1, batch [23] of 4: the loss is (not a number|infinite), at a learning rate of 1e\+38"),
    ],
)
def test_a_loss_that_is_not_finite_stops_before_its_step(lr: float, said: str, tmp_path: Path) -> None:
    job = job_of(tmp_path, RECIPE + f"epochs: 1\noptimizer: {{name: SGD, lr: {lr}}}\n")
    if lr < 1:
        with torch.no_grad():
            job.module.fc.bias[0] = nan
    seen: list[torch.Tensor] = []
    training = Training(job, on_batch=lambda progress: seen.append(job.module.early.weight.detach().clone()))
    before = job.module.early.weight.detach().clone()
    with pytest.raises(Diverged, match=f"^{said}$") as raised:
        next(training.epochs())
    assert f"batch {len(seen) + 1} of" in str(raised.value)
    torch.testing.assert_close(job.module.early.weight.detach(), [before, *seen][-1], rtol=0, atol=0, equal_nan=True)
    assert training.done == 0


def test_weights_that_are_not_finite_stop_at_the_end_of_an_epoch(tmp_path: Path) -> None:
    job = job_of(tmp_path, RECIPE + "epochs: 1\n")

    def spoil(progress: loop.Progress) -> None:
        if progress.batch == progress.batches:
            job.module.fc.weight.data[0, 0] = nan

    with pytest.raises(Diverged, match=r"^epoch 1: its last batch left weights that are not finite, at a learning"):
        next(Training(job, spoil).epochs())


def test_the_best_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = iter([Score(0.5, 0.8, 1), Score(0.9, 0.9, 1), Score(0.4, 0.9, 1), Score(0.3, 0.7, 1), Score(0.4, 0.9, 1)])
    monkeypatch.setattr(loop, "evaluate", lambda *arguments: next(scores))
    training = Training(job_of(tmp_path, RECIPE + "epochs: 5\n"))
    found = [training.best.number for _ in training.epochs() if training.best]
    assert found == [1, 2, 3, 3, 5]
