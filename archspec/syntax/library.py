"""Spec files: reading them, and finding those that a spec names (`import`, `extends`, `spec`).

A spec reaches files under its own root, the folder of the file that the user named, and the packaged
`specs/`; nothing else, also not through `..` or a symbolic link.
"""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import TypeAlias

from archspec.diagnostics import Diagnostics, Help, near, whole_file
from archspec.source import SourceFile, Span
from archspec.syntax.contents import TooLong, Unreadable, contents
from archspec.syntax.document import Spec, read_spec
from archspec.syntax.reader import MAX_BYTES, read
from archspec.syntax.tree import shortened

_SUFFIXES = (".yaml", ".yml")
_PUBLISHED = re.compile(r"^  (\w+):\n +spec: *(\S+)\n(?: +args: *(.*)\n)?", re.MULTILINE)
_LONGEST_SHOWN = 300  # characters of a path in a message
_MOST_BESIDE = 1_000  # files of a folder that are looked at for a misspelt name
RECIPES = "recipes"  # the folder of specs/ that holds no specs
_MOST_KEPT = 1 << 20  # characters of the texts that were read without a fault


@cache
def packaged(folder: str) -> Path:
    """`specs` or `zoo` as they travel with the package: inside an installed one, beside it in a clone."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_data" / folder
    return installed if installed.is_dir() else package.parent / folder


def recipe_called(name: str) -> Path | None:
    """The recipe of this name that comes with archspec."""
    path = packaged("specs") / RECIPES / f"{name}.yaml"
    return path if os.path.isfile(path) else None


def recipe_names() -> list[str]:
    """The names of the recipes that come with archspec."""
    return sorted(path.stem for path in (packaged("specs") / RECIPES).glob("*.yaml"))


@dataclass(slots=True, eq=False)
class Library:
    """The files of one run, each read once. `unsaved` are texts that stand for what files hold, by resolved path."""

    diagnostics: Diagnostics
    root: Path
    max_bytes: int = MAX_BYTES
    unsaved: Mapping[Path, str] = field(default_factory=dict)
    _specs: dict[Path, Spec | None] = field(default_factory=dict)
    _found: dict[str, tuple[Path, str] | None] = field(default_factory=dict)

    def read(self, path: Path, shown: str | None = None, blame: Span | None = None) -> Spec | None:
        """The spec in a file, which diagnostics call `shown`; None, and diagnostics, where it cannot be read.
        `blame`: who named the file."""
        key = _identity(path)
        if key not in self._specs:
            name = shown or str(path)
            text = self.text(path, name, blame)
            self._specs[key] = None if text is None else self.parse(SourceFile(name, text))
        return self._specs[key]

    @property
    def specs(self) -> Iterator[Spec]:
        """Those that were read so far."""
        return (spec for spec in self._specs.values() if spec is not None)

    def parse(self, file: SourceFile) -> Spec | None:
        """The spec in a text. A text that says nothing wrong is read once in a process: specs stay as they were read,
        and many networks stand on the same files."""
        key = (file.path, file.text, self.max_bytes)
        if key in _faultless:
            return _faultless[key]
        said = len(self.diagnostics)
        root = read(file, self.diagnostics, max_bytes=self.max_bytes)
        spec = None if root is None else read_spec(root, file, self.diagnostics)
        if spec is not None and len(self.diagnostics) == said and not self.diagnostics.is_full:
            _keep(key, spec)
        return spec

    def find(self, name: str) -> tuple[Path, str] | None:
        """The file that a spec means by a name (`resnet`) or a relative path (`blocks/conv.yaml`), and what
        to call it; None where there is none within reach."""
        if name not in self._found:
            self._found[name] = self._search(name)
        return self._found[name]

    def lineage(self, spec: Spec) -> list[Spec]:
        """A spec behind those that it extends, base first, as far as they can be read."""
        line = [spec]
        while (reference := line[0].extends) is not None and (found := self.find(reference.text)) is not None:
            base = self.read(*found)
            if base is None or base in line:
                break
            line.insert(0, base)
        return line

    def _search(self, name: str) -> tuple[Path, str] | None:
        relative = _with_suffix(name)
        for root in (self.root, packaged("specs")):
            path = root / relative
            if os.path.exists(path) and _identity(path).is_relative_to(_identity(root)):
                return path, str(path)
        return None

    def within_reach(self, name: str) -> Iterator[str]:
        """What a misspelt name may have meant: the packaged specs, and the files beside the one that it would be;
        with a suffix where it has one."""
        folder = Path(name).parent
        beside = self.root / folder
        within = _identity(beside).is_relative_to(_identity(self.root))
        for path in chain(_packaged_specs(), (folder / each for each in _names_in(beside) if within)):
            if path.suffix in _SUFFIXES:
                yield path.as_posix() if name.endswith(_SUFFIXES) else path.with_suffix("").as_posix()

    def text(self, path: Path, name: str, blame: Span | None = None) -> str | None:
        """What a file holds, which diagnostics call `name`; None, and diagnostics, where it cannot be read."""
        unsaved = self.unsaved.get(_identity(path))
        if unsaved is not None:
            return unsaved
        place = blame or whole_file(name)
        try:
            data = contents(path, self.max_bytes, pipes=blame is None)
        except TooLong as error:
            subject = "the file" if blame is None else f"`{shortened(name, _LONGEST_SHOWN)}`"
            self.diagnostics.add("A601", f"{subject} {error}", place, helps=["`--max-bytes` raises the limit"])
            return None
        except Unreadable as error:
            helps = _instead(path) if blame is None else []
            self.diagnostics.add("A001", f"`{shortened(name, _LONGEST_SHOWN)}` {error}", place, helps=helps)
            return None
        try:
            return data.removeprefix(BOM_UTF8).decode("utf-8")
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode("utf-8")
            place = SourceFile(name, before).span(len(before), len(before))
            at = error.start + len(data) - len(error.object)
            self.diagnostics.add("A002", f"byte {at} is not UTF-8 (0x{data[at]:02x})", place)
            return None


_Text: TypeAlias = tuple[str, str, int]
"""What is read: its name in messages, the text, and how many bytes it may have."""
_faultless: dict[_Text, Spec] = {}


def _keep(text: _Text, spec: Spec) -> None:
    if sum(len(each) for _, each, _ in (*_faultless, text)) > _MOST_KEPT:
        _faultless.clear()
    _faultless[text] = spec


def published_as(name: str) -> tuple[str, str] | None:
    """The spec and the args of the zoo model of this name, as its file writes them; None: there is no such model."""
    return _published().get(name)


@cache
def _published() -> dict[str, tuple[str, str]]:
    found = {}
    for path in packaged("zoo").glob("*.yaml"):
        for name, spec, args in _PUBLISHED.findall(path.read_text(encoding="utf-8")):
            found[name] = spec, args
    return found


@cache
def _packaged_specs() -> list[Path]:
    root = packaged("specs")
    found = (path.relative_to(root) for path in sorted(root.rglob("*.yaml")))
    return [path for path in found if path.parts[0] != RECIPES]


def _with_suffix(name: str) -> str:
    return name if name.endswith(_SUFFIXES) else f"{name}.yaml"


def _instead(path: Path) -> list[Help]:
    """What else may have been meant by a path that cannot be read."""
    if os.path.isdir(path):
        return [Help("name a .yaml file in it")]
    beside = [str(path.with_name(name)) for name in _names_in(path.parent) if name.endswith(_SUFFIXES)]
    return near(str(path), [each for each in beside if each != str(path)])


def _names_in(folder: Path) -> list[str]:
    """What stands in a folder, as far as one may look."""
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in islice(entries, _MOST_BESIDE)]
    except (OSError, ValueError):
        return []


def _identity(path: Path) -> Path:
    """The one path of a file, however it is named; of what is no path, itself."""
    try:
        return path.resolve()
    except (OSError, ValueError):
        return path
