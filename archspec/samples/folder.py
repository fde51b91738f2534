"""A folder of inputs for a network."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from torch import Tensor

from archspec.deployment import Deployment
from archspec.dims import Dim, evaluate
from archspec.graph import Graph
from archspec.samples.arrays import read_array
from archspec.samples.files import ARRAY, SamplesError, files_of
from archspec.types import DType

if TYPE_CHECKING:
    from archspec.samples.images import Picture


class Samples(NamedTuple):
    """Batches for a network, each a list with the one tensor that it reads; and what was done to images, in words."""

    batches: list[list[Tensor]]
    note: str


def read_samples(
    folder: str | os.PathLike[str], graph: Graph, deployment: Deployment, sizes: Mapping[str, int]
) -> Samples:
    """The images (one sample each) and .npy files (a sample or a batch each) of a folder, for a graph that was deployed
    so. `sizes` are for symbols in the shape of the image. All of them are held in memory.

    Raises SamplesError, also where the graph reads several inputs or, if there are images, none; OSError.
    """
    require_one_input(graph)
    files, type_ = files_of(folder), graph.inputs[0].type
    images = {path for path in files if path.suffix.lower() != ARRAY}
    picture = picture_of(graph, deployment, sizes) if images else None
    batches = [[picture.read(path) if picture and path in images else read_array(path, type_)] for path in files]
    return Samples(batches, _note(picture, deployment))


def require_one_input(graph: Graph) -> None:
    """Raise SamplesError for a graph that a single file does not feed."""
    if len(graph.inputs) != 1:
        names = ", ".join(f"`{value.name}`" for value in graph.inputs)
        raise SamplesError(f"{graph.name} reads {len(graph.inputs)} inputs, {names}: a file holds one")


def picture_of(graph: Graph, deployment: Deployment, sizes: Mapping[str, int]) -> Picture:
    """How a graph that was deployed so reads an image, its only input. `sizes` are for symbols in the shape. Raises
    SamplesError where it doesn't."""
    from archspec.samples.images import CHANNELS, Picture  # by torchvision, whose import takes a second

    type_, facts = graph.inputs[0].type, deployment.preprocessing
    places = dict(zip(type_.axes, type_.shape, strict=True))
    channels = places.get("C")
    image = {*places} == {"N", "C", "H", "W"} and type_.dtype in (DType.float32, DType.uint8)
    if not image or not isinstance(channels, int) or channels not in CHANNELS:
        raise SamplesError(f"{graph.name} reads no image: its input `{graph.inputs[0].name}` is {type_}, {type_.dtype}")
    if facts and len(facts.mean) not in (1, channels):  # of the same model, with another first layer
        facts = None
    crop = facts.crop if facts else ()
    return Picture(
        channels,
        _length(places["H"], crop[:1], sizes),
        _length(places["W"], crop[-1:], sizes),
        type_.dtype,
        channels_last=type_.axes[-1] == "C",
        facts=facts,
        normalized=deployment.preprocess == "none" and type_.dtype.is_floating,
    )


def _length(size: Dim, crop: tuple[int, ...], sizes: Mapping[str, int]) -> int:
    """Of an axis: a symbol is what the weights' images are cropped to."""
    if isinstance(size, int):
        return size
    found = evaluate(size, sizes)
    assert isinstance(found, int), "there is a size for every symbol"
    return crop[0] if crop else found


def _note(picture: Picture | None, deployment: Deployment) -> str:
    if picture is None:
        return ""
    size = f"{picture.height} x {picture.width}"
    if picture.facts is not None:
        return f"images prepared as for {deployment.prepared_for}, {size}"
    return f"images resized to {size}, scaled to 0..1: what these weights expect is not known"
