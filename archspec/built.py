"""What a module remembers of how it was built: its architecture, and whose weights it was given.

Of given weights it keeps a sum of each tensor, by which a later change shows.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import TYPE_CHECKING

from archspec.architecture import Architecture

if TYPE_CHECKING:
    from torch import nn

    from archspec.graph import Graph

_MEMORY = "_archspec"


def remember(module: nn.Module, architecture: Architecture, weights: str | None, whole: bool) -> None:
    """Note in a module what it was built from, and with which weights; `whole`: whether all its tensors are theirs."""
    sums = _sums(module) if weights is not None and whole else None
    object.__setattr__(module, _MEMORY, (architecture, weights, sums))


def weights_of(module: nn.Module) -> str | None:
    """Whose weights a module was given when it was built: a name or a file, if any. It may have others by now."""
    memory = getattr(module, "__dict__", {}).get(_MEMORY)
    return memory[1] if memory else None


def is_as_built(module: nn.Module) -> bool:
    """Whether a module has the tensors of the weights that it was built with, as far as sums over them tell."""
    memory = getattr(module, "__dict__", {}).get(_MEMORY)
    return memory is not None and memory[2] is not None and memory[2] == _sums(module)


def _sums(module: nn.Module) -> dict[str, int]:
    """Of each tensor the sum of its elements, whose bits are read as integers."""
    import torch

    integers = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    tensors = {key: tensor.detach().contiguous() for key, tensor in module.state_dict().items()}
    return {key: int(each.view(integers[each.element_size()]).sum()) for key, each in tensors.items()}


def architecture_of(module: nn.Module, among: Callable[[Graph], Container[str]] | None = None) -> Architecture:
    """What a module was built from, with the sizes it has now: a replaced layer of the same op counts with its own
    arguments. `among`: the paths of a network's modules that matter; others may have become anything.

    Raises TypeError for a module that archspec did not build, ModuleChanged for one that is no longer its spec's, and
    SpecError where the new sizes do not fit."""
    from archspec.backends.torch import changed_arguments

    memory = getattr(module, "__dict__", {}).get(_MEMORY)  # its own, not that of what it wraps
    if memory is None:
        raise TypeError("only a module that archspec.build made has an architecture; this one remembers none")
    architecture: Architecture = memory[0]
    # Twice: a changed size changes what the layers behind it infer, which is held against them in turn.
    for _ in range(2):
        graph = architecture.graph
        if changed := changed_arguments(module, graph, among(graph) if among else None):
            architecture = architecture.with_arguments(changed)
    return architecture
