"""How much memory a training takes, from the static analysis, before anything of it is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from math import ceil, prod
from types import MappingProxyType

import torch

from archspec.data import require
from archspec.graph import Graph, Node
from archspec.recipes import Recipe
from archspec.recipes.recipe import Optimizer
from archspec.reports.costs import activation_bytes, one_of_a_batch, weights
from archspec.reports.figures import sized
from archspec.training.stages import Stage

NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes on each device. `activations` is what autograd keeps: what layers give that gradients pass by, which is
    right within a factor of two. What kernels work in for a moment, and torch itself, come on top."""

    weights: int
    gradients: int
    moments: int
    average: int
    activations: int

    @property
    def total(self) -> int:
        return sum(astuple(self))

    @property
    def parts(self) -> str:
        """In words, those that there are."""
        said = ("weights", "gradients", "the optimizer's moments", "the average of the weights", "activations")
        return ", ".join(f"{sized(size)} {what}" for size, what in zip(astuple(self), said, strict=True) if size)


def memory_of(
    graph: Graph, recipe: Recipe, stages: Iterable[Stage], processes: int, sizes: Mapping[str, int] = NONE
) -> Memory:
    """Of the stage that takes the most. `sizes`: those of the images, where the graph has symbols for them."""
    return max((_of_stage(graph, recipe, stage, processes, sizes) for stage in stages), key=lambda found: found.total)


def free_on(device: torch.device) -> int:
    """The bytes of a device that nobody uses."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return int(require("psutil").virtual_memory().available)


def moments(optimizer: Optimizer) -> int:
    """How many numbers an optimizer keeps for each weight."""
    match optimizer.name:
        case "Adam" | "AdamW":
            return 2
        case "RMSprop":
            return 2 if optimizer.momentum else 1
        case "SGD":
            return 1 if optimizer.momentum else 0


def _of_stage(graph: Graph, recipe: Recipe, stage: Stage, processes: int, sizes: Mapping[str, int]) -> Memory:
    own = weights(graph).bytes
    trained = sum(prod(tensor.shape) * tensor.dtype.bytes for key, _, tensor in graph.owned() if key in stage.rates)
    images = ceil(recipe.batch_size / processes)
    halved = 1 if recipe.precision == "fp32" else 2  # activations that are computed in two bytes
    return Memory(
        weights=own,
        gradients=trained,
        moments=trained * moments(stage.phase.optimizer),
        average=own if recipe.ema else 0,
        activations=images * _kept(graph, stage, sizes) // halved,
    )


def _kept(graph: Graph, stage: Stage, sizes: Mapping[str, int]) -> int:
    """The bytes that the layers give for one image and autograd keeps: of layers that gradients reach, and of those
    that they read."""
    one = {**sizes, **one_of_a_batch(graph)}
    owners = {node.owner for key, node, _ in graph.owned() if key in stage.rates}
    reached, kept = set[Node](), set[Node]()
    for node in graph.nodes:
        before = {value.node for value in node.inputs if value.node is not None}
        if node.owner in owners or before & reached:
            reached.add(node)
            kept |= {node, *before}
    return sum(size for node in kept if isinstance(size := activation_bytes(node, one), int))
