"""Learning rates over time: what the optimizer's is multiplied by at each step, in closed form.

A step is one batch, so a training that goes on computes the same rates without any state. Each formula is that of the
scheduler of torch.optim.lr_scheduler that its function names, taken one step a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi

from archspec.recipes.recipe import Schedule

WARM_UP_FROM = 0.01
ONE_CYCLE_FROM = 1 / 25  # OneCycleLR's div_factor, and its final_div_factor below
ONE_CYCLE_TO = ONE_CYCLE_FROM / 1e4


def factor(schedule: Schedule, step: int, steps: int, epoch: int) -> float:
    """What the learning rate is multiplied by at a step, from 0, of so many; an epoch has so many, too.

    First the warm-up (LinearLR), then the schedule over the steps that are left (SequentialLR); one cycle has a rise of
    its own instead.
    """
    warm_up = 0 if schedule.name == "one_cycle" else round(schedule.warmup * epoch)
    if step < warm_up:
        return WARM_UP_FROM + (1 - WARM_UP_FROM) * step / warm_up
    return _FORMULAS[schedule.name](schedule, step - warm_up, steps - warm_up, epoch)


def _constant(schedule: Schedule, step: int, steps: int, epoch: int) -> float:
    return 1.0


def _cosine(schedule: Schedule, step: int, steps: int, epoch: int) -> float:
    """CosineAnnealingLR with T_max=steps; `final` is its eta_min, as a part of the learning rate."""
    return _between(1.0, schedule.final, step / steps)


def _step(schedule: Schedule, step: int, steps: int, epoch: int) -> float:
    """StepLR with step_size=every, once an epoch."""
    return float(schedule.gamma ** (step // (schedule.every * epoch)))


def _one_cycle(schedule: Schedule, step: int, steps: int, epoch: int) -> float:
    """OneCycleLR with pct_start=rising, whose max_lr is the learning rate; momentum stays as it is."""
    peak = schedule.rising * steps - 1
    if step < peak:
        return _between(ONE_CYCLE_FROM, 1.0, step / peak)
    return _between(1.0, ONE_CYCLE_TO, (step - peak) / (steps - 1 - peak))


def _between(start: float, end: float, way: float) -> float:
    """From start to end along half a cosine, at `way` from 0 to 1."""
    return end + (start - end) * (1 + cos(pi * way)) / 2


_FORMULAS: dict[str, Callable[[Schedule, int, int, int], float]] = {
    "constant": _constant,
    "cosine": _cosine,
    "step": _step,
    "one_cycle": _one_cycle,
}
