"""What is done to the images of a data set before a network sees them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from archspec.data.errors import DataError
from archspec.data.images import Images
from archspec.data.moments import Moments, moments_of
from archspec.data.sources import Source
from archspec.data.stores import Held
from archspec.deployment import Preprocessing
from archspec.recipes.classifier import ImageType
from archspec.render import count
from archspec.samples.images import Picture
from archspec.types import DType

_LOOKED_AT = 512  # images, at most, of which mean and std are computed where they have to be read


def picture_for(
    image: ImageType, source: Source, weights: Preprocessing | None, normalization: Literal["data", "weights"] | None
) -> Picture:
    """How the network reads the images of a data set: as its weights expect them where that is known and fits, and
    nothing else is asked for; else normalised by their own mean and std. Raises DataError where the weights are asked
    for and tell nothing that fits."""
    if normalization == "weights":
        _require_fit(image, weights)
    is_theirs = weights is not None and normalization != "data" and len(weights.mean) == image.channels
    facts = _sizes(image, source, weights if is_theirs else None)
    picture = Picture(*image, DType.float32, facts=facts, normalized=True)
    if is_theirs:
        return picture
    mean, std = _moments(source, picture)
    return picture._replace(facts=replace(facts, mean=mean, std=std))


def _require_fit(image: ImageType, weights: Preprocessing | None) -> None:
    way = "`normalization: data` takes the mean and std of the images"
    if weights is None:
        raise DataError(f"`normalization: weights`, but what the weights expect of images is not known: {way}")
    if len(weights.mean) != image.channels:
        raise DataError(f"`normalization: weights`, but those expect {count(len(weights.mean), 'channel')} and the "
                        f"network reads {image.channels}: {way}")


def _sizes(image: ImageType, source: Source, weights: Preprocessing | None) -> Preprocessing:
    """What the weights expect, in proportion to what the network reads; without weights such as changes no values.
    Images that all have the size that the network reads keep it, whatever the weights expect."""
    size = (image.height, image.width)
    facts = weights or Preprocessing((), (), (0.0,) * image.channels, (1.0,) * image.channels, "")
    if not facts.resize or source.size == size:
        return replace(facts, resize=(min(size),), crop=size, interpolation=facts.interpolation or "bilinear")
    crop = facts.crop or facts.resize
    if (crop[0], crop[-1]) == size:
        return facts
    scale = max(size[0] / crop[0], size[1] / crop[-1])
    return replace(facts, resize=tuple(round(side * scale) for side in facts.resize), crop=size)


def _moments(source: Source, picture: Picture) -> Moments:
    """Mean and std of each channel: those that are known; those of all training images, where these are in memory with
    the channels that the network reads; else of some, always the same ones, as it reads them. Raises DataError."""
    if source.moments is not None and len(source.moments[0]) == picture.channels:
        return source.moments
    store, train = source.store, source.split.train
    if isinstance(store, Held) and store.pixels.shape[-1] == picture.channels:
        return moments_of(store.tensor(train), source.name)
    looked_at = train[:: -(-len(train) // _LOOKED_AT)]
    images = Images(store, looked_at, source.labels, picture._replace(dtype=DType.uint8, normalized=False))
    return moments_of((images[place][0] for place in range(len(images))), source.name)
