"""Mistakes that mend themselves: the replacements that diagnostics carry, made in the user's files.

All is tried on texts in memory, which the compiler reads in place of the files; when nothing is left to fix, each file
is written once. Only replaced characters change: comments, layout, line ends and a byte order mark stay.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from archspec.compilation import Compilation
from archspec.diagnostics import Severity
from archspec.source import Span
from archspec.staging import replace

_ROUNDS = 50  # each keeps fixes, or finds one that does harm

Compile = Callable[[Mapping[Path, str]], Compilation]


class Fix(NamedTuple):
    """A text that belongs in the place of another, and that place when it was found."""

    span: Span
    text: str
    code: str

    @property
    def identity(self) -> tuple[str, int, int, str, str]:
        """What it has in common with the same fix in a later round."""
        return self.span.file.path, self.span.line, self.span.column, self.span.text, self.text


@dataclass(slots=True)
class Fixer:
    """What one run fixes, in order; `texts` is what the changed files will hold, by resolved path."""

    fixes: list[Fix] = field(default_factory=list)
    texts: dict[Path, str] = field(default_factory=dict)
    _files: dict[str, _File | None] = field(default_factory=dict)

    def fix(self, compile_: Compile) -> Compilation:
        """Fix a target's mistakes, in `texts`, as far as that does no harm; gives what remains. `compile_` compiles the
        target with texts in place of files. One mistake may hide another: hence in rounds."""
        compilation = compile_(self.texts)
        tried: set[object] = set()
        for _ in range(_ROUNDS):
            fixes = [fix for fix in self.possible(compilation) if fix.identity not in tried]
            if not fixes:
                break
            for some in _fewer(_apart(fixes)):
                texts = self._with(some)
                after = compile_(texts)
                if not _does_harm(some, compilation, after):
                    compilation, self.texts = after, texts
                    self.fixes += some
                    break
            tried |= {fix.identity for fix in some}  # those that were kept, or the one that does harm
        return compilation

    def write(self) -> None:
        """Put the texts into their files. Raises OSError, before anything is written, where one cannot be, or has been
        changed meanwhile."""
        files = {file.path: file for file in self._files.values() if file is not None and file.path in self.texts}
        for path, file in files.items():
            if path.read_bytes() != file.data:
                raise OSError(f"{path} has been changed while it was checked: nothing is fixed")
            if not os.access(path, os.W_OK):
                raise PermissionError(f"{path} cannot be written to: nothing is fixed")
        for path, file in files.items():
            mark = codecs.BOM_UTF8 if file.data.startswith(codecs.BOM_UTF8) else b""
            replace(path, mark + self.texts[path].encode("utf-8"))

    def possible(self, compilation: Compilation) -> Iterator[Fix]:
        """The fixes of a target's mistakes that are in the user's files."""
        for item in compilation.diagnostics:
            fix = item.fix
            if fix is not None and fix.text != fix.span.text and self._file(fix.span) is not None:
                yield Fix(*fix, item.code.name)

    def _file(self, span: Span) -> _File | None:
        """The file that a place is in, if it is the user's and still holds what was compiled."""
        shown = span.file.path
        if shown not in self._files:
            self._files[shown] = _users_file(shown)
        file = self._files[shown]
        return file if file is not None and self.texts.get(file.path, file.text) == span.file.text else None

    def _with(self, fixes: Sequence[Fix]) -> dict[Path, str]:
        """The texts with these fixes, made from the last to the first, so that none moves before its turn."""
        texts = dict(self.texts)
        for fix in reversed(fixes):
            file = self._file(fix.span)
            assert file is not None
            text = texts.get(file.path, file.text)
            texts[file.path] = text[: fix.span.start] + fix.text + text[fix.span.end :]
        return texts


class _File(NamedTuple):
    """A file as it was found."""

    path: Path
    data: bytes
    text: str


def _users_file(shown: str) -> _File | None:
    """A file that is the user's to change: no text of the command line, and no spec that came with the package."""
    try:
        path = Path(shown).resolve()
        if not path.is_file() or path.is_relative_to(Path(__file__).resolve().parent):
            return None
        data = path.read_bytes()
        return _File(path, data, data.decode("utf-8-sig"))
    except (OSError, ValueError):  # ValueError: no path, or not UTF-8
        return None


def _apart(fixes: Sequence[Fix]) -> list[Fix]:
    """In the order of their places, those that neither overlap nor touch: what is left out has its turn later."""
    found: list[Fix] = []
    for fix in sorted(fixes, key=lambda fix: (fix.span.file.path, fix.span.start, fix.span.end)):
        if not found or found[-1].span.file is not fix.span.file or found[-1].span.end < fix.span.start:
            found.append(fix)
    return found


def _fewer(fixes: list[Fix]) -> Iterator[list[Fix]]:
    """All, the first half, its first half: down to one."""
    while fixes:
        yield fixes
        fixes = fixes[: len(fixes) // 2]


def _does_harm(fixes: Sequence[Fix], before: Compilation, after: Compilation) -> bool:
    """Whether more is wrong now with the YAML; or, where more than words is fixed, whether there are more errors that
    nothing fixes. A misspelt word hides those of what belongs to it (nobody knows the arguments of an unknown op)."""
    of_words = all(fix.code < "A4" for fix in fixes)

    def wrong(compilation: Compilation) -> tuple[int, int]:
        errors = [item for item in compilation.diagnostics if item.severity is Severity.ERROR]
        return sum(item.code.name < "A2" for item in errors), sum(item.fix is None for item in errors)

    (unreadable, hopeless), (unreadable_before, hopeless_before) = wrong(after), wrong(before)
    return unreadable > unreadable_before or (hopeless > hopeless_before and not of_words)
