"""A recipe against its network: all that can be known before the first batch."""

from __future__ import annotations

import os

from archspec.architecture import Architecture
from archspec.diagnostics import Diagnostics, Help, Label
from archspec.graph import Graph
from archspec.recipes.classifier import Classifier, classifier_of
from archspec.recipes.coverage import check_globs
from archspec.recipes.data_facts import DataFacts, facts_of
from archspec.recipes.heads import way_to_classes
from archspec.recipes.written import Written
from archspec.source import Span
from archspec.syntax.tree import shortened


def check_recipe(
    written: Written, architecture: Architecture, diagnostics: Diagnostics, facts: DataFacts | None = None
) -> None:
    """Tell of everything that does not go together: the classes and images of the data and those of the network, globs
    and layers. `facts`: what the data turned out to be; without them, what is known of its name."""
    classifier = classifier_of(architecture.graph, diagnostics, written.span("model", "target"))
    if classifier is not None and not written.is_wrong("data"):
        known = facts or facts_of(written.recipe.data, classifier.classes)
        if known.classes != classifier.classes:
            _tell_classes(written, architecture, classifier, known, diagnostics)
        _check_images(written, architecture.graph, classifier, known, diagnostics)
    _check_folder(written, diagnostics)
    check_globs(written, architecture.graph, diagnostics)
    has_weights = written.recipe.model.weights or architecture.compilation.target.weights
    if written.recipe.normalization == "weights" and not has_weights:
        message = "the normalization is that of the weights, and the model has none"
        helps = [Help("write `data`, for that of the data set", "data")]
        diagnostics.add("A711", message, written.span("normalization"), helps=helps)


def _tell_classes(
    written: Written, architecture: Architecture, classifier: Classifier, facts: DataFacts, diagnostics: Diagnostics
) -> None:
    message = f"`{architecture.name}` tells {classifier.classes} classes apart, and {facts.name} has {facts.classes}"
    diagnostics.add(
        "A706",
        message,
        written.span("model", "target"),
        labels=[Label(_data(written), f"{facts.classes} classes")],
        helps=way_to_classes(written, architecture, facts.classes),
    )


def _check_images(
    written: Written, graph: Graph, classifier: Classifier, facts: DataFacts, diagnostics: Diagnostics
) -> None:
    """Channels have to agree. Images are resized to what a network reads; where it leaves a size open they keep their
    own, which its layers have to take."""
    target, label = written.span("model", "target"), [Label(_data(written), "the data")]
    name, wanted = graph.inputs[0].name, classifier.channels
    if facts.channels is not None and isinstance(wanted, int) and wanted != facts.channels:
        message = f"`{graph.name}` reads images of {_channels(wanted)}, and those of {facts.name} have {facts.channels}"
        read = f"{name}: [N, {facts.channels}, {classifier.height}, {classifier.width}]"
        helps = [f"`inputs: {{{read}}}` of the model has it read them"]
        diagnostics.add("A707", message, target, labels=label, helps=helps)
        return
    if classifier.image(facts) is None:
        message = f"`{graph.name}` reads images of any size, and those of {facts.name} have none of their own"
        helps = [f"`inputs: {{{name}: [N, {facts.channels or wanted}, 224, 224]}}` of the model says one"]
        diagnostics.add("A707", message, target, labels=label, helps=helps)
        return
    sizes = classifier.sizes(facts) | {str(graph.inputs[0].type.shape[0]): written.recipe.batch_size}
    for layer, condition in ((each.layer, each.condition) for each in graph.requirements):
        if condition.symbols <= sizes.keys() and not condition.at(**sizes):
            own = " and ".join(f"{symbol} = {sizes[symbol]}" for symbol in sorted(condition.symbols))
            message = f"`{layer}` asks for {condition}, and {facts.name} has {own}"
            diagnostics.add("A707", message, target, labels=label)
            return


def _check_folder(written: Written, diagnostics: Diagnostics) -> None:
    folder = written.recipe.data.image_folder
    if folder is not None and not os.path.isdir(folder):
        what = "is no directory" if os.path.exists(folder) else "cannot be read: no such file or directory"
        place = written.span("data", "image_folder")
        diagnostics.add("A001", f"`{shortened(place.text)}` {what}", place)


def _channels(count: int) -> str:
    return "1 channel" if count == 1 else f"{count} channels"


def _data(written: Written) -> Span:
    return written.span("data", "image_folder" if written.recipe.data.image_folder is not None else "source")
