"""What a module remembers of how it was built: its architecture, whose weights it was given, and what those told.

Of given weights it keeps a sum of each tensor, by which a later change shows.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from archspec.architecture import Architecture
from archspec.weights.facts import Facts
from archspec.weights.fitting import heads_of
from archspec.weights.whose import facts_with

if TYPE_CHECKING:
    from torch import nn

    from archspec.graph import Graph

_MEMORY = "_archspec"
_SINCE = ", changed since"


class _Memory(NamedTuple):
    architecture: Architecture
    weights: str | None = None  # a name or a file
    told: Facts = Facts()  # by their file, when it was read
    sums: dict[str, int] | None = None


def remember(module: nn.Module, architecture: Architecture, weights: str | None, told: Facts, whole: bool) -> None:
    """Note in a module what it was built from, with which weights, and what their file told; `whole`: whether all its
    tensors are theirs."""
    sums = _sums(module) if weights is not None and whole else None
    object.__setattr__(module, _MEMORY, _Memory(architecture, weights, told, sums))


def _memory(module: nn.Module) -> _Memory | None:
    found: _Memory | None = getattr(module, "__dict__", {}).get(_MEMORY)  # its own, not that of what it wraps
    return found


def weights_of(module: nn.Module) -> str | None:
    """Whose weights a module was given when it was built: a name or a file, if any. It may have others by now."""
    memory = _memory(module)
    return memory.weights if memory else None


def facts_now(module: nn.Module) -> Facts:
    """What is known of a module's weights. Of those that it was given, and that have changed since, as far as sums over
    tensors tell, that is what they expect of images; and their classes where its head is theirs still."""
    memory = _memory(module)
    if memory is None or memory.weights is None:
        return Facts()
    given = facts_with(memory.weights, memory.architecture.compilation.target.model, memory.told)
    before, now = memory.sums or {}, _sums(module)
    if before == now:
        return given
    heads = [key for keys in heads_of(memory.architecture.graph).values() for key in keys]
    has_head = all(key in before and before[key] == now.get(key) for key in heads)
    title = f"{given.title.removesuffix(_SINCE)}{_SINCE}"
    return replace(given, title=title, license="", classes=given.classes if has_head else ())


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

    memory = _memory(module)
    if memory is None:
        raise TypeError("only a module that archspec.build made has an architecture; this one remembers none")
    architecture = memory.architecture
    # Twice: a changed size changes what the layers behind it infer, which is held against them in turn.
    for _ in range(2):
        graph = architecture.graph
        if changed := changed_arguments(module, graph, among(graph) if among else None):
            architecture = architecture.with_arguments(changed)
    return architecture
