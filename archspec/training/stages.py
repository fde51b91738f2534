"""What is trained when: each stage's tensors and their learning rates, while the rest of the network is held still."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from archspec.graph import Graph
from archspec.recipes import Phase, Recipe, learning_rates, matching


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a network's training, from epoch `first` to `last`. `rates` has the learning rate of each parameter
    that is trained, by its key; `frozen`, the paths of the layers that are not."""

    number: int
    first: int
    last: int
    phase: Phase
    rates: dict[str, float]
    frozen: frozenset[str]

    @property
    def epochs(self) -> int:
        return self.last - self.first + 1

    def hold(self, module: nn.Module) -> None:
        """Have gradients reach what is trained, and that alone."""
        for key, parameter in module.named_parameters():
            parameter.requires_grad_(key in self.rates)

    def train(self, module: nn.Module) -> None:
        """Turn to training mode, in which frozen normalisation layers keep the statistics that they have."""
        module.train()
        for path, layer in module.named_modules():
            if path in self.frozen and isinstance(layer, nn.modules.batchnorm._NormBase):
                layer.eval()


def stages_of(recipe: Recipe, graph: Graph) -> tuple[Stage, ...]:
    """The stages of a recipe, one after the other."""
    stages: list[Stage] = []
    for number, phase in enumerate(recipe.plan, 1):
        first = stages[-1].last + 1 if stages else 1
        layers, rates = set(matching(phase.train, graph)), learning_rates(phase.rates, graph)
        trained = {
            key: rates.get(node.owner, phase.optimizer.lr)
            for key, node, tensor in graph.owned()
            if node.owner in layers and tensor.trainable and not tensor.buffer
        }
        frozen = frozenset(node.owner for node in graph.nodes if node.owner not in layers)
        stages.append(Stage(number, first, first + phase.epochs - 1, phase, trained, frozen))
    return tuple(stages)
