"""Spec files: reading them, and finding those that a spec names (`import`, `extends`, `spec`).

A spec reaches files under its own root, the folder of the file that the user named, and the packaged
`specs/`; nothing else, also not through `..` or a symbolic link.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from archspec.diagnostics import Diagnostics, whole_file
from archspec.source import SourceFile, Span
from archspec.syntax.document import Spec, read_spec
from archspec.syntax.reader import MAX_BYTES, read


def packaged(folder: str) -> Path:
    """`specs` or `zoo` as they travel with the package: inside an installed one, beside it in a clone."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_data" / folder
    return installed if installed.is_dir() else package.parent / folder


@dataclass(slots=True, eq=False)
class Library:
    """The files of one run, each read once."""

    diagnostics: Diagnostics
    root: Path
    max_bytes: int = MAX_BYTES
    _specs: dict[Path, Spec | None] = field(default_factory=dict)
    _found: dict[str, tuple[Path, str] | None] = field(default_factory=dict)

    def read(self, path: Path, shown: str | None = None, blame: Span | None = None) -> Spec | None:
        """The spec in a file, which diagnostics call `shown`; None, and diagnostics, where it cannot be read.
        `blame`: who named the file."""
        key = _identity(path)
        if key not in self._specs:
            name = shown or str(path)
            text = self._text(path, name, blame or whole_file(name))
            self._specs[key] = None if text is None else self.parse(SourceFile(name, text))
        return self._specs[key]

    def parse(self, file: SourceFile) -> Spec | None:
        """The spec in a text."""
        root = read(file, self.diagnostics, max_bytes=self.max_bytes)
        return None if root is None else read_spec(root, file, self.diagnostics)

    def find(self, name: str) -> tuple[Path, str] | None:
        """The file that a spec means by a name (`resnet`) or a relative path (`blocks/conv.yaml`), and what
        to call it; None where there is none within reach."""
        if name not in self._found:
            self._found[name] = self._search(name)
        return self._found[name]

    def _search(self, name: str) -> tuple[Path, str] | None:
        relative = name if name.endswith((".yaml", ".yml")) else f"{name}.yaml"
        for root in (self.root, packaged("specs")):
            path = root / relative
            if os.path.isfile(path) and _identity(path).is_relative_to(_identity(root)):
                return path, str(path)
        return None

    def _text(self, path: Path, name: str, blame: Span) -> str | None:
        try:
            status = path.stat()
            if stat.S_ISDIR(status.st_mode):
                self.diagnostics.add("A001", f"`{name}` is a directory", blame, helps=["name a .yaml file in it"])
                return None
            if not stat.S_ISREG(status.st_mode):
                self.diagnostics.add("A001", f"`{name}` is no regular file", blame)
                return None
            if status.st_size > self.max_bytes:
                message = f"the file has {status.st_size:,} bytes, and {self.max_bytes:,} are the limit"
                self.diagnostics.add("A601", message, whole_file(name), helps=["`--max-bytes` raises the limit"])
                return None
            data = path.read_bytes()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            self.diagnostics.add("A001", f"`{name}` cannot be read: {reason}", blame)
            return None
        except ValueError:  # a null byte in the path
            self.diagnostics.add("A001", f"`{name!r}` is no path", blame)
            return None
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = data[: error.start].decode("utf-8", errors="replace")
            place = SourceFile(name, before).span(len(before), len(before))
            self.diagnostics.add("A002", f"byte {error.start} is not UTF-8 (0x{data[error.start]:02x})", place)
            return None


def _identity(path: Path) -> Path:
    """The one path of a file, however it is named; of what is no path, itself."""
    try:
        return path.resolve()
    except (OSError, ValueError):
        return path
