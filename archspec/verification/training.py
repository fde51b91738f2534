"""The claim on training: from the same random stream the same loss, the same gradients, the same statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from archspec.verification.finding import Finding
from archspec.verification.outputs import named
from archspec.verification.subject import Subject, images, size_of

_GRADIENTS = 1e-5  # relative, tensor by tensor


class Step(NamedTuple):
    """What one step of training gives: each output's loss, each parameter's gradient, each buffer, and how far the
    random stream was read."""

    losses: dict[str, Tensor]
    gradients: dict[str, Tensor | None]
    buffers: dict[str, Tensor]
    stream: Tensor


def same_training(subject: Subject) -> Finding:
    """One step in training mode: losses equal to the last bit, gradients to 1e-5, running statistics, and as many
    numbers drawn by dropout and stochastic depth."""
    return trained(*subject.calibrated, images(size_of(subject.small)), seed=subject.seed)


def trained(ours: nn.Module, theirs: nn.Module, *inputs: Tensor, seed: int = 0) -> Finding:
    """One step of each of two modules, and what differs."""
    return _compare(*(_step(module, inputs, seed) for module in (ours, theirs)))


def _step(module: nn.Module, inputs: Sequence[Tensor], seed: int) -> Step:
    """One step, which leaves the module as it was."""
    module.train()
    before = {name: buffer.clone() for name, buffer in module.named_buffers()}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        outputs = named(module(*(each.clone() for each in inputs)))
        stream = torch.get_rng_state()
    losses = {name: _loss(output) for name, output in outputs.items()}
    sum(losses.values(), start=torch.zeros(())).backward()  # type: ignore[no-untyped-call]
    gradients = {name: parameter.grad for name, parameter in module.named_parameters()}
    module.zero_grad(set_to_none=True)
    buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
    for name, buffer in module.named_buffers():
        buffer.copy_(before[name])
    return Step({name: loss.detach() for name, loss in losses.items()}, gradients, buffers, stream)


def _loss(output: Tensor) -> Tensor:
    """Cross entropy, of a label for each image, or for each of its pixels."""
    shape = (output.shape[0], *output.shape[2:])
    labels = torch.randint(output.shape[1], shape, generator=torch.Generator().manual_seed(0))
    return nn.functional.cross_entropy(output, labels)


def _compare(ours: Step, theirs: Step) -> Finding:
    if list(ours.losses) != list(theirs.losses):
        found, expected = ", ".join(ours.losses), ", ".join(theirs.losses)
        return Finding(f"in training the outputs are {found}, and torchvision's {expected}")
    figures = {"loss": float(sum(theirs.losses.values())), "gradients": 0.0}
    for name, loss in theirs.losses.items():
        if not torch.equal(ours.losses[name], loss):
            what = f"the loss of {name}" if name else "the loss"
            return Finding(f"{what} is {ours.losses[name]:.9g}, and torchvision's {loss:.9g}", figures)
    if not torch.equal(ours.stream, theirs.stream):
        return Finding("another count of random numbers is drawn than by torchvision's module", figures)
    for name, gradient in theirs.gradients.items():
        error = _relative(ours.gradients.get(name), gradient)
        figures["gradients"] = max(figures["gradients"], error)
        if not error <= _GRADIENTS:
            return Finding(f"the gradient of {name} is off by {error:.1e} (relative L2)", figures)
    for name, buffer in theirs.buffers.items():
        if name not in ours.buffers or not torch.equal(ours.buffers[name], buffer):
            return Finding(f"after the step {name} is not as in torchvision's module", figures)
    return Finding(figures=figures)


def _relative(found: Tensor | None, expected: Tensor | None) -> float:
    """Infinite where only one is there; what torch gives no gradient has none of ours either."""
    if found is None or expected is None:
        return 0.0 if found is expected else float("inf")
    size = float(expected.norm())
    error = float((found - expected).norm())
    return error / size if size else float("inf") if error else 0.0
