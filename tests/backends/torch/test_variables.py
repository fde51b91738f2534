"""A forward holds no tensor longer than a hand-written one does."""

from __future__ import annotations

import weakref
from typing import Any

import pytest
import torch
import torchvision
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import archspec
from archspec.backends.torch import build_module


class PeakMemory(TorchDispatchMode):
    """Counts the bytes of all tensors that are alive at once, and remembers the most."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: dict[int, int] = {}
        self.peak = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        results = function(*args, **(kwargs or {}))
        for tensor in filter(torch.is_tensor, tree_leaves(results)):
            storage = tensor.untyped_storage()
            if storage._cdata not in self.sizes:
                self.sizes[storage._cdata] = storage.nbytes()
                weakref.finalize(storage, self.sizes.pop, storage._cdata)
        self.peak = max(self.peak, sum(self.sizes.values()))
        return results


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", ["resnet50", "mobilenet_v2"])
def test_peak_memory_is_torchvisions(name: str, training: bool) -> None:
    with torch.device("meta"):
        models = [build_module(archspec.load(name).graph), getattr(torchvision.models, name)()]
        image = torch.randn(2, 3, 224, 224)
    peaks = []
    for model in models:
        for module in model.modules():
            if hasattr(module, "inplace"):
                module.inplace = True
        with PeakMemory() as memory, torch.set_grad_enabled(training):
            result = model.train(training)(image)
            if training:
                result.sum().backward()
        peaks.append(memory.peak)
    assert peaks[0] == peaks[1]
