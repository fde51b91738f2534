"""What a network expects of an image: as its weights tell, or as a user states in their place. Nothing is guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from archspec.deployment import Preprocessing
from archspec.parity.ports import Port, Size
from archspec.prediction import PredictionError
from archspec.samples.images import CHANNELS, Picture
from archspec.types import Axes, DType
from archspec.weights.facts import Facts


class Stated(NamedTuple):
    """What a user states in place of what the weights tell: the shorter side to resize to, the side of the square that
    is cropped, mean and std, of which one number is for all channels, and the interpolation."""

    resize: int | None = None
    crop: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    interpolation: str | None = None

    @classmethod
    def of(
        cls,
        resize: int | None,
        crop: int | None,
        mean: Sequence[float] | None,
        std: Sequence[float] | None,
        interpolation: str | None,
    ) -> Stated:
        """The same of any sequences."""
        means, stds = (None if each is None else tuple(each) for each in (mean, std))
        return cls(resize, crop, means, stds, interpolation)


class ImageInput(NamedTuple):
    """The one input of a network, which is an image, and what is known of it. Sizes that are open have no number."""

    name: str  # of the network, for messages
    weights: str  # whose weights it has, if that is known
    batch: int | None
    channels: int
    height: int | None
    width: int | None
    dtype: DType  # of images as they are read; floats become those of the network
    channels_last: bool
    normalized_inside: bool  # by the network: it takes pixels as they are, or scaled to 0..1
    facts: Preprocessing | None
    untrained: bool  # its weights expect nothing


def image_input(
    name: str,
    facts: Facts,
    port: Port,
    axes: Axes,
    *,
    normalized_inside: bool,
    untrained: bool,
) -> ImageInput:
    """An input by its axes. Raises PredictionError where that is no image."""
    sizes = {axis: _number(size) for axis, size in zip(axes, port.shape or (), strict=False)}
    channels = sizes.get("C")
    is_number = "float" in port.kind or port.kind == DType.uint8
    if {*sizes} != {*"NCHW"} or channels not in CHANNELS or 0 in sizes.values() or not is_number:
        raise PredictionError(f"{name} reads no image of 1, 3 or 4 channels, but {port}")
    return ImageInput(
        name,
        facts.title,
        sizes["N"],
        channels,
        sizes["H"],
        sizes["W"],
        DType.uint8 if port.kind == DType.uint8 else DType.float32,
        channels_last=axes[-1] == "C",
        normalized_inside=normalized_inside or port.kind == DType.uint8,
        facts=facts.preprocessing,
        untrained=untrained,
    )


def _number(size: Size) -> int | None:
    return size if isinstance(size, int) else None


def picture_for(image: ImageInput, stated: Stated) -> tuple[Picture, list[str]]:
    """How an image file is read for a network, and what there is to know about that. Raises PredictionError where
    nobody knows what it expects, and for statements that contradict each other or the network."""
    facts = _expected(image, stated)
    if len(facts.mean) not in (1, image.channels):
        raise PredictionError(
            f"{image.name} reads {image.channels} channels, and mean and std are of {len(facts.mean)}: state others by"
            " `--mean` and `--std`"
        )
    side = facts.crop or facts.resize
    if not side and (image.height is None or image.width is None):
        raise PredictionError(f"{image.name} reads images of any size: state one by `--resize 256 --crop 224`")
    height, width = image.height or side[0], image.width or side[-1]
    is_guessed = not facts.resize and image.facts is None
    notes = [f"images are resized to {height} x {width} as a whole, whatever their proportions"] if is_guessed else []
    picture = Picture(
        image.channels,
        height,
        width,
        image.dtype,
        channels_last=image.channels_last,
        facts=facts,
        normalized=not image.normalized_inside,
    )
    return picture, notes


def _expected(image: ImageInput, stated: Stated) -> Preprocessing:
    """What is stated, and for the rest what is known."""
    known = image.facts
    if stated.crop is not None and stated.resize is None and not (known and known.resize):
        cut = f"`--crop {stated.crop}` is cut out of a resized image"
        raise PredictionError(f"{cut}: `--resize` says how large that is")
    if image.normalized_inside and (stated.mean is not None or stated.std is not None):
        raise PredictionError(f"{image.name} normalises images itself: leave `--mean` and `--std` out")
    is_stated = stated.mean is not None and stated.std is not None
    if known is None and not (is_stated or image.normalized_inside or image.untrained):
        whose = f"the weights {image.weights}" if image.weights else f"the weights of {image.name}"
        raise PredictionError(
            f"nobody knows how {whose} want images normalised, which has to be as in their training: state it by"
            " `--mean 0.485,0.456,0.406 --std 0.229,0.224,0.225`, say, or by `--mean 0 --std 1` for pixels from 0 to 1;"
            " perhaps with `--resize 256 --crop 224`"
        )
    found = _with(known or _unchanged(image.channels), stated)
    if stated.resize is not None and not found.crop and image.height is not None and image.width is not None:
        return replace(found, crop=(image.height, image.width))  # the resized image is cut to it, and not resized again
    return found


def _unchanged(channels: int) -> Preprocessing:
    """Pixels from 0 to 1, of the whole image."""
    return Preprocessing((), (), (0.0,) * channels, (1.0,) * channels, "bilinear")


def _with(known: Preprocessing, stated: Stated) -> Preprocessing:
    mean, std = stated.mean or known.mean, stated.std or known.std
    channels = max(len(mean), len(std))
    try:
        return replace(
            known,
            resize=known.resize if stated.resize is None else (stated.resize,),
            crop=known.crop if stated.crop is None else (stated.crop,),
            mean=mean * channels if len(mean) == 1 else mean,
            std=std * channels if len(std) == 1 else std,
            interpolation=stated.interpolation or known.interpolation or "bilinear",
        )
    except ValueError as error:
        raise PredictionError(str(error)) from error
