"""Schedules and optimizers, against torch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    SequentialLR,
    StepLR,
)

from archspec.recipes.recipe import Optimizer as RecipeOptimizer
from archspec.recipes.recipe import Schedule
from archspec.training import TrainingError
from archspec.training.memory import moments
from archspec.training.optimization import load_tensors, optimizer_of, state_tensors, without_decay
from archspec.training.schedules import factor

LR = 0.4
EPOCHS = 12
BATCHES = 5  # of an epoch
STEPS = EPOCHS * BATCHES

Theirs = Callable[[Optimizer, int], LRScheduler]


def one_cycle(optimizer: Optimizer, steps: int) -> LRScheduler:
    return OneCycleLR(optimizer, max_lr=LR, total_steps=steps, pct_start=0.3, cycle_momentum=False)


CASES: dict[str, tuple[dict[str, Any], Theirs]] = {
    "constant": ({}, lambda optimizer, steps: ConstantLR(optimizer, factor=1.0)),
    "cosine": ({}, lambda optimizer, steps: CosineAnnealingLR(optimizer, T_max=steps)),
    "cosine with an end": (
        {"name": "cosine", "final": 0.1},
        lambda optimizer, steps: CosineAnnealingLR(optimizer, T_max=steps, eta_min=0.1 * LR),
    ),
    "step": (
        {"every": 3, "gamma": 0.5},
        lambda optimizer, steps: StepLR(optimizer, step_size=3 * BATCHES, gamma=0.5),
    ),
    "one_cycle": ({}, one_cycle),
}


def rates(optimizer: Optimizer, scheduler: LRScheduler) -> list[float]:
    found = []
    for _ in range(STEPS):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize("warm_up", [0, 2.4], ids=["at once", "warm-up"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step:UserWarning")  # SequentialLR's own call
def test_schedules_are_torchs(case: str, warm_up: float) -> None:
    values, theirs = CASES[case]
    schedule = Schedule(**{"name": case, "warmup": float(warm_up), **values})
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=LR)
    first = 0 if case == "one_cycle" else round(warm_up * BATCHES)
    if first:
        before = LinearLR(optimizer, start_factor=0.01, total_iters=first)
        scheduler: LRScheduler = SequentialLR(optimizer, [before, theirs(optimizer, STEPS - first)], milestones=[first])
    else:
        scheduler = theirs(optimizer, STEPS)
    ours = [LR * factor(schedule, step, STEPS, BATCHES) for step in range(STEPS)]
    assert ours == pytest.approx(rates(optimizer, scheduler), rel=1e-9, abs=1e-12)


LAYERS = torch.nn.Sequential(
    torch.nn.Conv2d(1, 2, 3),
    torch.nn.BatchNorm2d(2),
    torch.nn.GroupNorm(1, 2),
    torch.nn.LayerNorm(2),
    torch.nn.MultiheadAttention(2, 1, add_bias_kv=True),
    torch.nn.LSTM(2, 2),
    torch.nn.InstanceNorm2d(2, affine=True),
    torch.nn.Linear(2, 2),
)
NORMS = {"1.weight", "1.bias", "2.weight", "2.bias", "3.weight", "3.bias", "6.weight", "6.bias"}
BIASES = {
    *("0.bias", "1.bias", "2.bias", "3.bias", "6.bias", "7.bias"),
    *("4.in_proj_bias", "4.out_proj.bias", "4.bias_k", "4.bias_v", "5.bias_ih_l0", "5.bias_hh_l0"),
}


@pytest.mark.parametrize(
    ("values", "theirs", "options"),
    [
        ({"name": "SGD", "momentum": 0.9, "nesterov": True}, torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
        ({"name": "Adam", "betas": (0.8, 0.99)}, torch.optim.Adam, {"betas": (0.8, 0.99)}),
        ({"name": "AdamW"}, torch.optim.AdamW, {}),
        ({"name": "RMSprop", "alpha": 0.9, "momentum": 0.5}, torch.optim.RMSprop, {"alpha": 0.9, "momentum": 0.5}),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) and "name" in value else "",
)
def test_optimizers_are_torchs(values: dict[str, Any], theirs: Any, options: dict[str, Any]) -> None:
    """Two steps of each, after the first of which another one goes on from its state; what they gather is what is
    counted as their memory."""
    ours_, theirs_ = (torch.nn.Linear(3, 2) for _ in range(2))
    theirs_.load_state_dict(ours_.state_dict())
    recipe = RecipeOptimizer(lr=0.1, weight_decay=0.2, no_decay=("biases",), **values)
    groups = [{"params": [theirs_.weight], "weight_decay": 0.2}, {"params": [theirs_.bias], "lr": 0.01}]
    expected = theirs(groups, lr=0.1, weight_decay=0, **options)
    rates = {"weight": 0.1, "bias": 0.01}
    before, after = (optimizer_of(ours_, recipe, rates) for _ in range(2))
    for optimizer in (before, after):
        for model, each in ((ours_, optimizer), (theirs_, expected)):
            each.zero_grad()
            model(torch.ones(1, 3)).square().sum().backward()
            each.step()
        load_tensors(after, state_tensors(before))
    assert torch.equal(ours_.weight, theirs_.weight)
    assert torch.equal(ours_.bias, theirs_.bias)
    gathered = sum(tensor.nbytes for name, tensor in state_tensors(after).items() if not name.startswith("step."))
    assert gathered == moments(recipe) * sum(parameter.nbytes for parameter in ours_.parameters())


def test_the_state_of_another_optimizer_is_refused() -> None:
    optimizer = optimizer_of(torch.nn.Linear(1, 1), RecipeOptimizer(), {"bias": 0.1})
    with pytest.raises(TrainingError, match=r"exp_avg\.weight, and weight is not trained in this stage"):
        load_tensors(optimizer, {"exp_avg.weight": torch.zeros(1)})


@pytest.mark.parametrize(
    ("no_decay", "expected"),
    [((), set()), (("norms",), NORMS), (("biases",), BIASES), (("5", "*.out_proj.weight"), None)],
)
def test_what_has_no_weight_decay(no_decay: tuple[str, ...], expected: set[str] | None) -> None:
    by_globs = {key for key, _ in LAYERS.named_parameters() if key.startswith("5.") or key == "4.out_proj.weight"}
    assert without_decay(LAYERS, no_decay) == (by_globs if expected is None else expected)
