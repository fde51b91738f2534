"""How good a network is on images that it was not trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from archspec.training.objective import correct, output_named
from archspec.training.scores import Running, Score

if TYPE_CHECKING:
    from accelerate import Accelerator


def evaluate(
    module: nn.Module, output: str, batches: DataLoader[tuple[Tensor, Tensor]], accelerator: Accelerator
) -> Score:
    """The mean cross entropy and the accuracy of a network's output, in evaluation mode and in float32, as it is saved
    and exported, on the images of all processes."""
    running = Running(len(batches), accelerator)
    module.eval()
    with torch.inference_mode():
        for batch in batches:
            images, classes = (tensor.to(accelerator.device, non_blocking=True) for tensor in batch)
            logits = output_named(output, module(images))
            running.add(cross_entropy(logits, classes), correct(logits, classes), len(images))
    return running.together()
