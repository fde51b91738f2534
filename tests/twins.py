"""Comparing a module that archspec built with its twin: the same network, written in Python by somebody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import nn

import archspec
from archspec.backends.torch import calibrate


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small tensors on two threads that wait for each other cost many times what they cost on one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def images(batch: int, *sizes: int) -> torch.Tensor:
    """The same random images on every run; one size for square ones."""
    height, width = sizes if len(sizes) == 2 else (*sizes, *sizes)
    return torch.randn(batch, 3, height, width, generator=torch.Generator().manual_seed(0))


def assert_same_state(ours: nn.Module, theirs: nn.Module) -> None:
    """The same keys in the same order, shapes and dtypes; and each loads the other's tensors, strictly."""
    assert [*map(_facts, ours.state_dict().items())] == [*map(_facts, theirs.state_dict().items())]
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    theirs.load_state_dict(ours.state_dict(), strict=True)
    ours.load_state_dict(theirs.state_dict(), strict=True)


def _facts(item: tuple[str, torch.Tensor]) -> tuple[str, torch.Size, torch.dtype]:
    key, tensor = item
    return key, tensor.shape, tensor.dtype


def give_weights(architecture: archspec.Architecture, ours: nn.Module, theirs: nn.Module) -> None:
    """The same calibrated weights for both, so that outputs are of order one and depend on the input."""
    calibrate(ours, architecture.graph, 0)
    theirs.load_state_dict(ours.state_dict(), strict=True)


def assert_equal_outputs(ours: nn.Module, theirs: nn.Module, *inputs: torch.Tensor) -> None:
    """Equal to the last bit in evaluation mode, on outputs that tell two inputs of the batch apart."""
    with torch.inference_mode():
        result, expected = ours.eval()(*inputs), theirs.eval()(*inputs)
    assert torch.isfinite(expected).all()
    assert expected.std() > 0.01
    assert (expected[0] - expected[1]).abs().max() > 1e-4
    assert torch.equal(result, expected)


def assert_equal_training(ours: nn.Module, theirs: nn.Module, image: torch.Tensor, target: torch.Tensor) -> None:
    """From the same random stream the same loss, to the last bit, and the same gradients."""
    losses = []
    for model in (ours.train(), theirs.train()):
        torch.manual_seed(0)
        loss = nn.functional.cross_entropy(model(image), target)
        loss.backward()
        losses.append(loss.detach())
    assert torch.equal(*losses)
    gradients = [{name: tensor.grad for name, tensor in model.named_parameters()} for model in (ours, theirs)]
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-7)
