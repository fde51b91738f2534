"""Images for training, validation and testing: each in one of them, every class in all, and always the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from archspec.data.errors import DataError
from archspec.render import count


class Split(NamedTuple):
    """Which images are used for what, by their number."""

    train: Sequence[int]
    validation: Sequence[int]
    test: Sequence[int]


class Parts(NamedTuple):
    """How large a part of the images is kept for what."""

    validation: float
    test: float


def split(
    names: Sequence[str],
    labels: Sequence[int],
    train: Iterable[int],
    parts: Parts,
    validation: Sequence[int] = (),
    test: Sequence[int] = (),
) -> Split:
    """What a data set has for training, with a part of it for testing, and a part of what is left then for validation:
    each only where the data set has nothing of its own for it."""
    if not test:
        train, test = taken(names, labels, train, parts.test)
    if not validation:
        train, validation = taken(names, labels, train, parts.validation)
    return Split([*train], validation, test)


def taken(
    names: Sequence[str], labels: Sequence[int], images: Iterable[int], part: float
) -> tuple[Sequence[int], Sequence[int]]:
    """What is left of images, and what is taken of them: the part of each class, rounded, but one image at least.

    Which these are follows from the images' names alone, and neither from their order nor from how many there are: a
    file that comes to a folder moves next to no other one from training to testing.
    """
    if not part:
        return [*images], []
    classes: dict[int, list[int]] = {}
    for image in images:
        classes.setdefault(labels[image], []).append(image)
    left, out = list[int](), list[int]()
    for members in classes.values():
        number = max(1, round(part * len(members)))
        members.sort(key=lambda image: blake2b(names[image].encode("utf-8", "surrogateescape")).digest())
        out.extend(members[:number])
        left.extend(members[number:])
    return sorted(left), sorted(out)


def require_every_class(found: Split, labels: Sequence[int], classes: Sequence[str], name: str) -> None:
    """Raise DataError where a class is missing in training, or in another part that has images."""
    for part, images in found._asdict().items():
        there = Counter(labels[image] for image in images)
        missing = next((label for label in range(len(classes)) if label not in there), None)
        if missing is None or (not images and part != "train"):
            continue
        total = sum(labels[image] == missing for each in found for image in each)
        wanted = " and ".join(each for each, those in found._asdict().items() if those or each == "train")
        raise DataError(
            f"{name} has {count(total, 'image')} of the class `{classes[missing]}`, and none of them is for {part}: it "
            f"takes one for each of {wanted}; `validation: 0` and `test: 0` do without those"
        )
