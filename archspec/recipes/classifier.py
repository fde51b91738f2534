"""What a network is as a classifier of images: what it reads, and how many classes it tells apart."""

from __future__ import annotations

from typing import NamedTuple

from archspec.diagnostics import Diagnostics
from archspec.dims import Dim, evaluate, symbol, symbols
from archspec.graph import Graph
from archspec.recipes.data_facts import DataFacts
from archspec.source import Span


class ImageType(NamedTuple):
    """The images that a network reads, and is trained on."""

    channels: int
    height: int
    width: int


class Classifier(NamedTuple):
    """A network that reads images [N, channels, height, width], and gives [N, classes]. Sizes that it leaves open are
    symbols."""

    channels: Dim
    height: Dim
    width: Dim
    classes: int

    def sizes(self, facts: DataFacts) -> dict[str, int]:
        """What its symbols are for such data: its own channels, height and width."""
        own = (facts.channels, *(facts.size or (None, None)))
        return {name: size for dim, size in zip(self, own, strict=False) for name in symbols(dim) if size is not None}

    def image(self, facts: DataFacts) -> ImageType | None:
        """What it reads of such data: a size that it leaves open is the data's own. None where that has none."""
        found = [evaluate(dim, self.sizes(facts)) for dim in (self.channels, self.height, self.width)]
        known = [size for size in found if isinstance(size, int)]
        return ImageType(known[0], known[1], known[2]) if len(known) == 3 else None


def classifier_of(graph: Graph, diagnostics: Diagnostics, place: Span) -> Classifier | None:
    """The network as a classifier; None, and a diagnostic at the place that names it, where it is none."""
    wrong = _why_not(graph)
    if wrong is not None:
        diagnostics.add("A705", f"`{graph.name}` is no image classifier: {wrong}", place)
        return None
    _, channels, height, width = graph.inputs[0].type.shape
    _, classes = next(output.value.type.shape for output in graph.outputs if not output.training)
    assert isinstance(classes, int)
    return Classifier(channels, height, width, classes)


def _why_not(graph: Graph) -> str | None:
    if len(graph.inputs) != 1:
        return f"it reads {' and '.join(f'`{value.name}`' for value in graph.inputs)}, and not one image"
    image = graph.inputs[0].type
    if image.rank != 4 or not image.dtype.is_floating:
        return f"it reads [{_listed(image.shape)}] of {image.dtype}, and not [N, C, H, W] of float32"
    batch, *sizes = image.shape
    elsewhere = {name for size in sizes for name in symbols(size)}
    if batch not in [symbol(name) for name in symbols(batch) - elsewhere]:
        return f"it reads [{_listed(image.shape)}], and not batches of any size"
    output = next((output.value.type for output in graph.outputs if not output.training), None)
    if output is None:
        return "it gives nothing in evaluation"
    if output.rank != 2 or not output.dtype.is_floating or not isinstance(output.shape[1], int):
        return f"it gives [{_listed(output.shape)}], and not [N, classes]"
    if output.shape[0] != batch:
        return f"it gives [{_listed(output.shape)}] for {batch} images"
    return None


def _listed(shape: tuple[Dim, ...]) -> str:
    return ", ".join(map(str, shape))
