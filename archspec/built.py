"""What a module remembers of how it was built: its architecture, and whose weights it was given."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import TYPE_CHECKING

from archspec.architecture import Architecture

if TYPE_CHECKING:
    from torch import nn

    from archspec.graph import Graph

_MEMORY = "_archspec"


def remember(module: nn.Module, architecture: Architecture, weights: str | None) -> None:
    """Note in a module what it was built from, and with which weights."""
    object.__setattr__(module, _MEMORY, (architecture, weights))


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
