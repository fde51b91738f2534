"""Collections: folders with architectures in `specs/` and published networks of them in `zoo/`.

archspec brings one of its own. Others are told of by their folder, or come with an installed package that names
itself in the entry point group `archspec.zoo`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from archspec.syntax.library import packaged
from archspec.zoo.files import mentioned, read_models
from archspec.zoo.models import ZooError, ZooModel

GROUP = "archspec.zoo"


@dataclass(frozen=True, slots=True)
class Collection:
    """Where specs and zoo files lie. `package`: the installed one that brings them."""

    name: str
    specs: Path
    zoo: Path
    package: str = ""

    def models(self) -> Iterator[ZooModel]:
        """All networks, family by family. Raises ZooError, also for a name that two files have."""
        homes: dict[str, Path] = {}
        for path in self._files():
            for model in read_models(path):
                if model.name in homes:
                    raise ZooError(f"{path}: `{model.name}` stands in {homes[model.name].name} already")
                homes[model.name] = path
                yield model

    def model_named(self, name: str) -> ZooModel | None:
        """One of the networks; only files that mention it are parsed. Raises ZooError."""
        for path in sorted(self._files(), key=lambda path: not name.startswith(path.stem)):  # its family first
            if mentioned(name, path) and (found := next((m for m in read_models(path) if m.name == name), None)):
                return found
        return None

    def spec_names(self) -> list[str]:
        """The names of the specs."""
        return sorted(path.stem for path in self.specs.glob("*.yaml"))

    def names(self) -> list[str]:
        """What a TARGET may be here: models, and specs. Raises ZooError."""
        return [*(model.name for model in self.models()), *self.spec_names()]

    def has_spec(self, name: str) -> bool:
        """Whether a spec has this name."""
        return os.path.isfile(self.specs / f"{name}.yaml")

    def _files(self) -> Sequence[Path]:
        try:
            status = self.zoo.stat()
            return _files_in(self.zoo, status.st_mtime_ns, status.st_ino)
        except OSError:
            return ()


@lru_cache(maxsize=16)
def _files_in(folder: Path, *signature: int) -> Sequence[Path]:
    """The zoo files of a folder; `signature`: which folder it is, and when a file was added to it or taken from it."""
    return sorted(folder.glob("*.yaml"))


@cache
def own() -> Collection:
    """The collection that archspec brings."""
    return Collection("archspec", packaged("specs"), packaged("zoo"))


def models() -> Iterator[ZooModel]:
    """All networks of archspec's own zoo, family by family. Raises ZooError."""
    return own().models()


def model_named(name: str) -> ZooModel | None:
    """One network of archspec's own zoo. Raises ZooError."""
    return own().model_named(name)


def spec_names() -> list[str]:
    """The names of archspec's own specs."""
    return own().spec_names()


def collection_at(folder: str | Path) -> Collection:
    """The collection in a folder. Raises ZooError where it holds none."""
    root = Path(folder)
    specs, zoo = root / "specs", root / "zoo"
    if not specs.is_dir() and not zoo.is_dir():
        what = "has neither specs/ nor zoo/" if root.is_dir() else "is no directory"
        raise ZooError(f"{root} {what}: a collection has its specs in specs/, and what is published of them in zoo/")
    return Collection(root.resolve().name, specs, zoo)


def collection_called(name: str) -> Collection:
    """The collection in a folder, or the installed one of this name. Raises ZooError where there is none."""
    if not Path(name).is_dir():
        for collection in installed():
            if collection.name == name:
                return collection
    return collection_at(name)


def installed() -> list[Collection]:
    """The collections of installed packages, by name. No package is imported for that. Raises ZooError for an entry
    point that leads to none."""
    from importlib.metadata import entry_points

    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return [_of_package(point.name, point.module, point.dist.name if point.dist else "") for point in points]


def _of_package(name: str, module: str, package: str) -> Collection:
    from importlib.util import find_spec

    try:
        found = find_spec(module)
    except ImportError:  # of the package around it
        found = None
    for folder in (found.submodule_search_locations if found else None) or ():
        root = Path(folder)
        if (root / "specs").is_dir() or (root / "zoo").is_dir():
            return Collection(name, root / "specs", root / "zoo", package)
    what = "has neither specs/ nor zoo/" if found else "is not there"
    raise ZooError(f"the collection `{name}` of the package {package} cannot be used: {module} {what}")
