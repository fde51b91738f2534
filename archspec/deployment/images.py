"""What stands in front of a network: from an image as it is to one as the network wants it."""

from __future__ import annotations

from typing import Any

from archspec.deployment.layers import DeployError, Layers
from archspec.deployment.preprocessing import Preprocessing
from archspec.graph import Graph, Value
from archspec.ops.conversion import ToDtype
from archspec.ops.ordering import Permute
from archspec.ops.rescaling import Normalize
from archspec.types import DType, TensorType, default_axes

_GREATEST = 255  # of a pixel
_CHANNELS = (1, 3)  # grey, and colours
_IMAGE = default_axes(4)


def in_front(graph: Graph, pixels: bool, facts: Preprocessing | None, name: str) -> tuple[Value, Layers]:
    """The image that a network reads, and the layers that make it: of `pixels`, or of what is scaled to 0..1."""
    image = image_of(graph)
    if facts is None:
        raise DeployError(f"the mean and std of the images that `{graph.name}` reads are not known")
    if len(facts.mean) != image.type.shape[1]:
        known = f"the mean and std that are known are of {len(facts.mean)}"
        raise DeployError(f"the images that `{graph.name}` reads have {image.type.shape[1]} channels, and {known}")
    origin = next((node.origin for node in graph.nodes if image in node.inputs), graph.nodes[0].origin)
    if not pixels:
        layers = Layers(name, Value(image.name, image.type), origin)
        layers.add("normalize", Normalize(mean=facts.mean, std=facts.std))
        return image, layers
    source = TensorType(_channels_last(image.type.shape), _channels_last(image.type.axes), DType.uint8)
    layers = Layers(name, Value(image.name, source), origin)
    layers.add("to_dtype", ToDtype())
    layers.add("permute", Permute(dims=(0, 3, 1, 2)))
    mean, std = (tuple(_GREATEST * number for number in numbers) for numbers in (facts.mean, facts.std))
    layers.add("normalize", Normalize(mean=mean, std=std))
    return image, layers


def _channels_last(sizes: tuple[Any, ...]) -> tuple[Any, ...]:
    batch, channels, *rest = sizes
    return (batch, *rest, channels)


def image_of(graph: Graph) -> Value:
    """The only input that is an image, grey or in colours: [N, 1, H, W] or [N, 3, H, W]. Raises DeployError where that
    is none, or not one."""
    images = [value for value in graph.inputs if _is_image(value.type) and value.type.shape[1] in _CHANNELS]
    if not images:
        read = ", ".join(f"{value.name} [{', '.join(map(str, value.type.shape))}]" for value in graph.inputs)
        raise DeployError(f"`{graph.name}` reads no image [N, 1, H, W] or [N, 3, H, W] to preprocess, but {read}")
    if len(images) > 1:
        which = " and ".join(f"`{value.name}`" for value in images)
        raise DeployError(f"`{graph.name}` reads {len(images)} images, {which}: only one can be preprocessed")
    return images[0]


def channels_of(graph: Graph) -> int | None:
    """How many channels the images have that a network reads; None where they differ, or it reads none."""
    found = {value.type.shape[1] for value in graph.inputs if _is_image(value.type)}
    channels = next(iter(found), None)
    return channels if len(found) == 1 and isinstance(channels, int) else None


def _is_image(type_: TensorType) -> bool:
    return type_.axes == _IMAGE and type_.dtype is DType.float32
