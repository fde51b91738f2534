"""The globs of a recipe against the layers of its network: what each stage trains, and how fast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

from archspec.diagnostics import Diagnostics, Label, near
from archspec.graph import Graph
from archspec.recipes.globs import matching, matching_keys
from archspec.recipes.recipe import NO_DECAY_WORDS, Optimizer, Stage
from archspec.recipes.written import Loc, Written
from archspec.source import Span


def check_globs(written: Written, graph: Graph, diagnostics: Diagnostics) -> None:
    """Tell of globs that take nothing, of stages that train nothing, and of learning rates in vain."""
    check = _Check(written, graph, diagnostics)
    if not check.keys:
        message = f"`{graph.name}` has no parameters that could be trained"
        diagnostics.add("A709", message, written.span("model", "target"))
        return
    for number, stage in enumerate(written.recipe.stages):
        check.stage(number, stage)
        if stage.optimizer is not None:
            check.decay(("stages", number, "optimizer"), stage.optimizer)
    check.decay(("optimizer",), written.recipe.optimizer)


class _Check:
    def __init__(self, written: Written, graph: Graph, diagnostics: Diagnostics) -> None:
        self.written, self.graph, self.diagnostics = written, graph, diagnostics
        trainable = [(key, node.owner) for key, node, tensor in graph.owned() if tensor.trainable and not tensor.buffer]
        self.keys = [key for key, _ in trainable]
        self.layers = {owner for _, owner in trainable}  # that have parameters

    def stage(self, number: int, stage: Stage) -> None:
        loc = ("stages", number)
        for index, glob in enumerate(stage.train):
            self.taken(glob, self.written.span(*loc, "train", index))
        trained = self.layers.intersection(matching(stage.train, self.graph))
        if not stage.train:
            message = f"stage {number + 1} trains nothing: it names no layers"
            self.diagnostics.add("A709", message, self.written.span(*loc, "train"))
        rates = list(stage.lr) if isinstance(stage.lr, Mapping) else []
        for index, glob in enumerate(rates):
            place = self.written.key(*loc, "lr", glob)
            layers = self.taken(glob, place)
            if layers and not layers & trained:
                labels = [Label(self.written.span(*loc, "train"), "what is trained")] if trained else []
                message = f"`{glob}` takes nothing that this stage trains"
                self.diagnostics.add("A710", message, place, labels=labels)
            elif layers and layers & trained <= set(matching(rates[index + 1 :], self.graph)):
                message = f"`{glob}` has no effect: of the globs that take a layer the last one counts"
                self.diagnostics.add("A703", message, place)

    def taken(self, glob: str, place: Span) -> set[str]:
        """The layers with parameters that a glob takes; tells where there are none."""
        found = matching([glob], self.graph)
        if not found:
            helps = near(glob, self.paths(), "`archspec summary` lists the layers")
            self.diagnostics.add("A708", f"`{glob}` takes no layer of `{self.graph.name}`", place, helps=helps)
        elif not self.layers.intersection(found):
            which = f"`{found[0]}` has" if len(found) == 1 else f"the {len(found)} layers that `{glob}` takes have"
            self.diagnostics.add("A708", f"{which} no parameters", place)
        return self.layers.intersection(found)

    def decay(self, loc: Loc, optimizer: Optimizer) -> None:
        for index, glob in enumerate(optimizer.no_decay):
            if optimizer.weight_decay and glob not in NO_DECAY_WORDS and not matching_keys([glob], self.keys):
                otherwise = f"its parameters are {', '.join(self.keys[:3])}, ..., and `norms` and `biases` are words"
                helps = near(glob, [*NO_DECAY_WORDS, *self.paths(), *self.keys], otherwise)
                message = f"`{glob}` takes no parameter of `{self.graph.name}`"
                self.diagnostics.add("A708", message, self.written.span(*loc, "no_decay", index), helps=helps)

    def paths(self) -> Iterator[str]:
        """The layers and the scopes around them."""
        found = dict.fromkeys(
            path for node in self.graph.nodes for path in accumulate(node.path.split("."), "{}.{}".format)
        )
        return iter(found)
