"""What happens to training images alone. torchvision's transforms, in the order of a recipe's keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import InterpolationMode, v2

from archspec.data.drawing import undisturbed
from archspec.recipes.recipe import Augmentation
from archspec.samples.images import Picture


def image_transform(augmentation: Augmentation, picture: Picture) -> Callable[[Image.Image], Image.Image] | None:
    """From an image in its own size to one that the network reads; None where it is as in evaluation."""
    size = (picture.height, picture.width)
    found: list[Callable[[Any], Any]] = [picture.sized]
    if least := augmentation.resized_crop:
        mode = InterpolationMode(picture.facts.interpolation if picture.facts else "bilinear")
        found = [v2.RandomResizedCrop(size, scale=(least, 1.0), interpolation=mode)]
    if augmentation.crop is not None:
        found.append(v2.RandomCrop(size, padding=augmentation.crop))
    if augmentation.flip:
        found.append(v2.RandomHorizontalFlip(augmentation.flip))
    if jitter := augmentation.jitter:
        found.append(v2.ColorJitter(jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue))
    if randaugment := augmentation.randaugment:
        found.append(v2.RandAugment(randaugment.num_ops, randaugment.magnitude))
    if found == [picture.sized]:
        return None
    whole: Callable[[Image.Image], Image.Image] = v2.Compose(found)
    return whole


def mixed(
    images: Tensor, labels: Tensor, augmentation: Augmentation, classes: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """A batch by mixup or cutmix, one of the two where there are both: images [N, C, H, W], and the part that each
    class has in each, [N, classes]. As it was, labels [N], without both."""
    ways: list[Any] = []
    if augmentation.mixup:
        ways.append(v2.MixUp(alpha=augmentation.mixup, num_classes=classes))
    if augmentation.cutmix:
        ways.append(v2.CutMix(alpha=augmentation.cutmix, num_classes=classes))
    if not ways:
        return images, labels
    with undisturbed() as own:
        own.manual_seed(int(torch.randint(2**32, (), generator=generator)))
        found: tuple[Tensor, Tensor] = v2.RandomChoice(ways)(images, labels)
    return found
