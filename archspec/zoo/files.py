"""Zoo files: one for each family of networks.

A zoo file has `models`, each a spec with args, weights and the facts it is held against, and may have `rename`, which
says what earlier checkpoints of the family called their tensors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from archspec.diagnostics import Diagnostics, in_words, near
from archspec.source import SourceFile, Span
from archspec.syntax.reader import read
from archspec.syntax.skeleton import Kept, Section, Skeleton, Text
from archspec.syntax.tree import Mapping as MappingNode
from archspec.syntax.tree import Node, Scalar, kind
from archspec.zoo.models import ZooError, ZooModel

_FACTS = ("params", "gmacs", "min_size")
_weights = Kept(
    "`torchvision NAME_Weights`, or a mapping of names to files",
    lambda node: isinstance(node, MappingNode) or (isinstance(node, Scalar) and _is_of_torchvision(node)),
    {"type": ["string", "object"]},
)


def _is_of_torchvision(node: Scalar) -> bool:
    return node.is_text and re.fullmatch(r"torchvision \w+", node.text) is not None


class ZooFileSkeleton(Skeleton):
    """A whole file."""

    models: Section
    rename: Section | None = None


class ZooModelSkeleton(Skeleton):
    """One published network."""

    spec: Text
    args: Section | None = None
    weights: Annotated[Node, _weights] | None = None
    weights_args: Section | None = None
    expect: Section | None = None


def read_models(path: Path) -> Iterator[ZooModel]:
    """The networks of one zoo file. Raises ZooError, with the line of the first problem."""
    return iter(_models(path, _text(path)))


def mentioned(name: str, path: Path) -> bool:
    """Whether a zoo file may have a network of this name: for that, it is not parsed. Raises ZooError."""
    text = _text(path)
    return name in text and re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", text) is not None


def _text(path: Path) -> str:
    """What a file holds; read again only where it is another one than before."""
    try:
        status = path.stat()
        return _text_of(path, status.st_mtime_ns, status.st_size, status.st_ino)
    except OSError as error:
        raise ZooError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ZooError(f"{path}: byte {error.start} is not UTF-8") from error


@lru_cache(maxsize=64)
def _text_of(path: Path, *signature: int) -> str:
    return path.read_text(encoding="utf-8")


@lru_cache(maxsize=64)  # the networks of a family are asked for one after the other
def _models(path: Path, text: str) -> tuple[ZooModel, ...]:
    if not text.strip():
        raise ZooError(f"{path} is empty, and a zoo file has `models`")
    reading = _Reading(path, text)
    found = tuple(reading.models())
    if said := next(iter(reading.diagnostics), None):
        raise ZooError("; ".join([f"{path}:{said.span.line}: {said.message}", *in_words(said.helps)]))
    return found


class _Reading:
    """Reads one file. What is wrong goes to `diagnostics`, of which the first is told."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.file = SourceFile(str(path), text)
        self.diagnostics = Diagnostics()

    def models(self) -> Iterator[ZooModel]:
        root = read(self.file, self.diagnostics)
        if root is not None and not isinstance(root, MappingNode):
            self.wrong(f"a zoo file has to be a mapping with `models`, and is {kind(root)}", root.span)
        skeleton = (
            ZooFileSkeleton.read(root, self.diagnostics, "a zoo file") if isinstance(root, MappingNode) else None
        )
        if skeleton is None:
            return
        rename = dict(self.renamed(skeleton.rename))
        for key, node in skeleton.models:
            if not re.fullmatch(r"[\w.-]+", key.text) or key.text.endswith((".yaml", ".yml")):
                self.wrong(f"`{key.text}` cannot name a model: letters, digits, `_`, `.` and `-` can", key.span)
            if not isinstance(node, MappingNode):
                self.wrong(f"the model `{key.text}` has to be a mapping with `spec`, and is {kind(node)}", node.span)
            elif (model := ZooModelSkeleton.read(node, self.diagnostics, "a zoo model")) is not None:
                files = dict(self.files(model.weights))
                yield ZooModel(
                    name=key.text,
                    family=self.path.stem,
                    spec=model.spec.text,
                    args=dict(model.args.entries) if model.args else {},
                    weights=model.weights.text if isinstance(model.weights, Scalar) else "",
                    files=files,
                    weights_args=dict(self.weights_args(model.weights_args, files, key.text)),
                    expect=dict(self.expected(model.expect)),
                    rename=rename,
                )

    def files(self, weights: Node | None) -> Iterator[tuple[str, Path]]:
        for name, file in weights if isinstance(weights, MappingNode) else ():
            if isinstance(file, Scalar) and file.is_text:
                yield name.text, self.path.parent / file.text
            else:
                self.wrong(f"the weights `{name.text}` have to be the name of a file, and are {kind(file)}", file.span)

    def weights_args(
        self, section: MappingNode | None, files: Iterable[str], model: str
    ) -> Iterator[tuple[str, dict[str, tuple[Scalar, Node]]]]:
        known = list(files)  # of torchvision's weights, torchvision alone knows the names
        for name, args in section or ():
            if known and name.text not in known:
                helps = near(name.text, known, f"it has {', '.join(known)}")
                self.wrong("; ".join([f"`{model}` has no weights `{name.text}`", *in_words(helps)]), name.span)
            elif isinstance(args, MappingNode):
                yield name.text, dict(args.entries)
            else:
                self.wrong(f"the args of `{name.text}` have to be a mapping, and are {kind(args)}", args.span)

    def expected(self, section: MappingNode | None) -> Iterator[tuple[str, int | float]]:
        for fact, value in section or ():
            if fact.text not in _FACTS:
                helps = near(fact.text, _FACTS, f"it has {', '.join(_FACTS)}")
                self.wrong("; ".join([f"`expect` has no `{fact.text}`", *in_words(helps)]), fact.span)
                continue
            number = value.value if isinstance(value, Scalar) else None
            if isinstance(number, int | float) and not isinstance(number, bool):
                yield fact.text, number
            else:
                self.wrong(f"`{fact.text}` has to be a number, and is {kind(value)}", value.span)

    def renamed(self, section: MappingNode | None) -> Iterator[tuple[str, str | None]]:
        for old, new in section or ():
            if not isinstance(new, Scalar) or not (new.is_text or new.value is None):
                self.wrong(f"`{old.text}` has to get another name, or null, and gets {kind(new)}", new.span)
                continue
            try:
                pattern = re.compile(old.text)
            except re.error as error:
                self.wrong(f"`{old.text}` is no regular expression: {error}", old.span)
                continue
            groups = {*map(str, range(pattern.groups + 1)), *pattern.groupindex}
            used = [number or name for number, name in re.findall(r"\\(?:(\d+)|g<(\w+)>)", new.text)]
            if unknown := [group for group in used if group not in groups]:
                self.wrong(f"`{new.text}` speaks of group {unknown[0]}, which `{old.text}` does not have", new.span)
            else:
                yield old.text, new.text if new.is_text else None

    def wrong(self, message: str, place: Span) -> None:
        self.diagnostics.add("A203", message, place)
