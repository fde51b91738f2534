"""What is known of weights beside their tensors, and travels with them: what they expect of images, what their classes
are called, whose they are. The same keys tell it in a safetensors file and in an ONNX file; docs/weights.md has them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from archspec.deployment import Preprocessing
from archspec.weights import WeightsError
from archspec.weights.checkpoint import file_meant, is_safetensors_file, read_header

_PREFIX = "archspec."


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of weights; empty is what is not.

    `title` says whose they are, `prepared_for` whose `preprocessing` it is, which may be that of others: of the weights
    that these were fine-tuned from, say. Raises TypeError for classes that are no names.
    """

    preprocessing: Preprocessing | None = None
    prepared_for: str = ""
    classes: tuple[str, ...] = ()
    title: str = ""
    license: str = ""

    def __post_init__(self) -> None:
        classes: object = self.classes
        if not isinstance(classes, tuple) or not all(isinstance(name, str) for name in classes):
            raise TypeError(f"classes are a tuple of names, and not {classes}")

    def or_else(self, others: Facts) -> Facts:
        """These facts, and those of others where these say nothing."""
        images = self if self.preprocessing is not None else others
        return Facts(
            images.preprocessing,
            images.prepared_for,
            self.classes or others.classes,
            self.title or others.title,
            self.license or others.license,
        )

    def as_metadata(self) -> dict[str, str]:
        """By key, as text or JSON, without what is not known. Class names come back from it whatever they hold."""
        found = {"weights": self.title, "classes": _json(self.classes), "license": self.license}
        if images := self.preprocessing:
            found |= {
                "preprocessing_of": self.prepared_for,
                "mean": _json(images.mean),
                "std": _json(images.std),
                "resize": _json(images.resize),
                "crop": _json(images.crop),
                "interpolation": images.interpolation,
            }
        return {f"{_PREFIX}{key}": _encodable(text) for key, text in found.items() if text}


def facts_of(metadata: Mapping[str, str], name: str = "the file") -> Facts:
    """What metadata tell, of a safetensors file or of an ONNX file. Keys of others, and those that tell of more than
    weights, are left aside. Raises WeightsError for what archspec does not write, with the name of the file."""
    found = {key.removeprefix(_PREFIX): text for key, text in metadata.items() if key.startswith(_PREFIX)}
    read = _Reading(found, name)
    facts = Facts(
        prepared_for=read.text("preprocessing_of"),
        classes=tuple(read.listed("classes", str)),
        title=read.text("weights"),
        license=read.text("license"),
    )
    mean, std = read.numbers("mean"), read.numbers("std")
    resize, crop = read.listed("resize", int), read.listed("crop", int)
    if not mean and not std:
        return replace(facts, prepared_for="")
    try:
        images = Preprocessing(tuple(resize), tuple(crop), mean, std, read.text("interpolation"))
    except ValueError as error:
        raise WeightsError(f"{name} has metadata on images that cannot be meant: {error}") from None
    return replace(facts, preprocessing=images)


def read_facts(path: Path) -> Facts:
    """What a file of weights tells of itself, or the one in a folder that `archspec.save` has written: nothing, unless
    it is safetensors, of which the header alone is read, without torch. Raises WeightsError."""
    path = file_meant(path)
    if not is_safetensors_file(path):
        return Facts()
    return facts_of(read_header(path).metadata, str(path))


class _Reading:
    """Texts by key, as what they have to be. Raises WeightsError for all else."""

    def __init__(self, texts: Mapping[str, str], name: str) -> None:
        self._texts = texts
        self._name = name

    def text(self, key: str) -> str:
        return self._texts.get(key, "")

    def numbers(self, key: str) -> tuple[float, ...]:
        try:
            return tuple(float(number) for number in self.listed(key, int | float))
        except OverflowError:
            raise self._malformed(key, "numbers") from None

    def listed(self, key: str, kind: Any) -> list[Any]:
        """A JSON list, all of a kind; empty, where there is none."""
        what = "text" if kind is str else "numbers"
        try:
            found = json.loads(self.text(key) or "[]")
        except (ValueError, RecursionError):
            raise self._malformed(key, what) from None
        if not isinstance(found, list) or any(isinstance(each, bool) or not isinstance(each, kind) for each in found):
            raise self._malformed(key, what)
        return found

    def _malformed(self, key: str, what: str) -> WeightsError:
        text = self.text(key)
        shown = text if len(text) <= 60 else f"{text[:57]}..."
        return WeightsError(f"{self._name} has metadata `{_PREFIX}{key}` that is no JSON list of {what}: {shown!r}")


def _json(several: tuple[object, ...]) -> str:
    return json.dumps(several, ensure_ascii=False) if several else ""


def _encodable(text: str) -> str:
    """Text that is UTF-8: a lone surrogate, which names of files may hold, becomes the escape that JSON has for it."""
    return text.encode("utf-8", errors="backslashreplace").decode()
