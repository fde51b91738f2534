"""Comparing a module that archspec built with its twin: the same network, written in Python by somebody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import nn

import archspec
from archspec.backends.torch import calibrate
from archspec.verification.outputs import outputs_differ
from archspec.verification.state import states_differ
from archspec.verification.training import trained


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


def give_weights(architecture: archspec.Architecture, ours: nn.Module, theirs: nn.Module) -> None:
    """The same calibrated weights for both, so that outputs are of order one and depend on the input."""
    calibrate(ours, architecture.graph, 0)
    theirs.load_state_dict(ours.state_dict(), strict=True)


def assert_same_state(ours: nn.Module, theirs: nn.Module) -> None:
    """The same keys in the same order, shapes and dtypes; and each loads the other's tensors, strictly."""
    assert states_differ(ours, theirs) == ""


def assert_equal_outputs(ours: nn.Module, theirs: nn.Module, *inputs: torch.Tensor) -> None:
    """Equal to the last bit in evaluation mode, on outputs that tell two inputs of the batch apart."""
    assert outputs_differ(ours, theirs, *inputs) == ""


def assert_equal_training(ours: nn.Module, theirs: nn.Module, *inputs: torch.Tensor) -> None:
    """From the same random stream the same loss, to the last bit, the same gradients and running statistics."""
    assert trained(ours, theirs, *inputs).difference == ""
