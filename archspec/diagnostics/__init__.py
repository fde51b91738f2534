"""What archspec says about a spec: diagnostics, and the list that a run collects them in. `codes` is the registry of
their kinds; `suggestion` proposes ways out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from archspec.diagnostics.codes import CODES as CODES
from archspec.diagnostics.codes import Code as Code
from archspec.diagnostics.codes import Severity as Severity
from archspec.diagnostics.suggestion import Help as Help
from archspec.diagnostics.suggestion import comparisons_bounded as comparisons_bounded
from archspec.diagnostics.suggestion import in_words as in_words
from archspec.diagnostics.suggestion import near as near
from archspec.source import SourceFile, Span


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that belongs to the message."""

    span: Span
    text: str


class Replacement(NamedTuple):
    """Text that belongs in the place of a span."""

    span: Span
    text: str


class Use(Protocol):
    """One use of a block, in whose body a mistake may stand: the block's whole declaration, its name, the path of the
    layer that it is there, and who asked for it."""

    @property
    def body(self) -> Span: ...
    @property
    def name(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def span(self) -> Span: ...

    def values(self) -> Mapping[str, object]:
        """The block's arguments, and the indices of the loops around this use."""

    def written(self, name: str) -> Span | None:
        """Where the caller wrote an argument."""


def _label(use: Use) -> Label:
    """Where a block was instantiated, and as what."""
    values = ", ".join(f"{name}={value}" for name, value in use.values().items())
    return Label(use.span, f"instantiated here as {use.path} ({use.name}{': ' if values else ''}{values})")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: the fact, its place, where disagreeing facts come from, and ways out; `fix` does what one of `helps`
    says. `inside` is the declaration of the block that the mistake stands in, where it depends on the block's use."""

    code: Code
    message: str
    span: Span
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    fix: Replacement | None = None
    inside: Span | None = None

    @property
    def severity(self) -> Severity:
        return self.code.severity

    def as_dict(self) -> dict[str, object]:
        """The JSON form: lines and columns from 1, columns in code points."""
        return {
            "code": self.code.name,
            "severity": str(self.severity),
            "message": self.message,
            **place(self.span),
            "labels": [{"message": label.text, **place(label.span)} for label in self.labels],
            "notes": list(self.notes),
            "helps": list(self.helps),
            **({"fix": {"text": self.fix.text, **place(self.fix.span)}} if self.fix is not None else {}),
        }


def place(span: Span) -> dict[str, object]:
    """A span as JSON: its own file's path, lines and columns."""
    return {
        "path": span.file.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


MOST_ERRORS = 1_000
_LONGEST_MESSAGE = 1_000  # characters; what a spec says itself may stand in it


@dataclass(slots=True)
class Diagnostics:
    """The diagnostics of one run. One mistake is kept once: a second message of the same code at the
    same place (a block that is used twice, say) is dropped, and so are errors beyond a limit."""

    _items: dict[tuple[str, str, int, int], Diagnostic] = field(default_factory=dict)
    uses: tuple[Use, ...] = ()  # of blocks, outermost first, around what is being read
    _errors: int = 0

    def add(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        labels: Iterable[Label] = (),
        notes: Iterable[str] = (),
        helps: Iterable[Help | str] = (),
        uses: tuple[Use, ...] | None = None,
    ) -> None:
        """Keep a mistake. `uses`: the blocks around it, where they are not those that are being read."""
        key = (code, span.file.path, span.start, span.end)
        if key in self._items:
            return
        if len(message) > _LONGEST_MESSAGE:
            message = f"{message[:_LONGEST_MESSAGE]}..."
        kind, said, helps = CODES[code], tuple(labels), tuple(helps)
        if kind.severity is Severity.ERROR:
            self._errors += 1
            if self._errors > MOST_ERRORS:
                return
            if self._errors == MOST_ERRORS:
                notes = (*notes, f"{MOST_ERRORS:,} errors are told, and this is the last of them: there may be more")
        use = _around(span, self.uses if uses is None else uses) if kind.depends_on_use else None
        if use is not None:
            said = (*said, _label(use))
        fixes = [help for help in helps if isinstance(help, Help) and help.replacement is not None]
        fix = Replacement(fixes[0].span or span, fixes[0].replacement or "") if len(fixes) == 1 else None
        texts = tuple(in_words(helps))
        self._items[key] = Diagnostic(kind, message, span, said, tuple(notes), texts, fix, use.body if use else None)

    def keep(self, item: Diagnostic) -> None:
        """Keep a mistake that was found in another run."""
        key = (item.code.name, item.span.file.path, item.span.start, item.span.end)
        if key not in self._items:
            self._items[key] = item
            self._errors += item.severity is Severity.ERROR

    def inside(self, uses: tuple[Use, ...]) -> _Inside:
        """While the body of a block is read: mistakes in it are told with its use."""
        return _Inside(self, uses)

    def count_uses(self, uses: Counter[Span]) -> None:
        """Say of mistakes in the bodies of blocks how often these are used."""
        for key, item in self._items.items():
            count = uses[item.inside] if item.inside is not None else 0
            if count > 1:
                note = f"the block is used {count} times; the use shown is the first that has the mistake"
                self._items[key] = replace(item, notes=(*item.notes, note))

    def __iter__(self) -> Iterator[Diagnostic]:
        """In source order, file by file, in the order in which files were met."""
        files: dict[str, int] = {}
        for item in self._items.values():
            files.setdefault(item.span.file.path, len(files))
        return iter(sorted(self._items.values(), key=lambda d: (files[d.span.file.path], d.span.start)))

    def __len__(self) -> int:
        return len(self._items)

    @property
    def has_errors(self) -> bool:
        return self._errors > 0

    @property
    def is_full(self) -> bool:
        """Whether no more errors are kept."""
        return self._errors >= MOST_ERRORS

    def silence(self, codes: Iterable[str], file: SourceFile | None = None) -> None:
        """Drop the warnings of these codes, all of them or those that stand in one file; errors stay."""
        silenced = set(codes)
        self._items = {
            key: item
            for key, item in self._items.items()
            if item.severity is Severity.ERROR
            or item.code.name not in silenced
            or (file is not None and item.span.file is not file)
        }


class _Inside:
    """The context of the blocks around. A class, because every use of a block is one."""

    __slots__ = ("_before", "_diagnostics", "_uses")

    def __init__(self, diagnostics: Diagnostics, uses: tuple[Use, ...]) -> None:
        self._diagnostics, self._uses = diagnostics, uses

    def __enter__(self) -> None:
        self._before, self._diagnostics.uses = self._diagnostics.uses, self._uses

    def __exit__(self, *error: object) -> None:
        self._diagnostics.uses = self._before


def _around(span: Span, uses: tuple[Use, ...]) -> Use | None:
    """The innermost use of a block in whose body a place lies."""
    for use in reversed(uses):
        if use.body.file is span.file and use.body.start <= span.start and span.end <= use.body.end:
            return use
    return None


class SpecError(Exception):
    """A spec that has errors; `.diagnostics` holds all of them."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(map(_one_line, self.diagnostics)) or "the spec has errors")


def _one_line(item: Diagnostic) -> str:
    where = f"{item.span.file.path}:{item.span.line}:{item.span.column}"
    return "; ".join([f"{where}: {item.severity}[{item.code.name}]: {item.message}", *item.helps])


def whole_file(path: str) -> Span:
    """A place for what is wrong with a file as a whole: its first character."""
    return SourceFile(path, "").span(0, 0)
