"""What archspec says about a spec: codes, diagnostics, and the list that a run collects them in.

Codes are grouped by the stage that finds the mistake: A0 files, A1 YAML, A2 the document's structure,
A3 names and expressions, A4 warnings, A5 layers and shapes, A6 limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum

from archspec.source import SourceFile, Span


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of mistake: its stable name and one line on what it means."""

    name: str
    title: str

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.name.startswith("A4") else Severity.ERROR


CODES = {
    name: Code(name, title)
    for name, title in {
        "A001": "a file cannot be read",
        "A002": "a file is not UTF-8 text",
        "A003": "no such spec or model",
        "A101": "the YAML does not parse",
        "A102": "a key stands twice in one mapping",
        "A103": "anchors, aliases, merge keys and tags are not part of the language",
        "A104": "an expression needs quotes",
        "A105": "a file holds one YAML document",
        "A106": "a number that is no number: .nan or .inf",
        "A201": "an unknown key",
        "A202": "a key is missing",
        "A203": "a value of the wrong kind",
        "A204": "an unknown language version",
        "A205": "a name that cannot be used here",
        "A206": "a layer says more than one thing, or none",
        "A207": "the declaration of an argument is not understood",
        "A208": "the repetition is not understood",
        "A301": "an unknown name",
        "A302": "an unknown op or block",
        "A303": "an unknown argument",
        "A304": "an argument is missing",
        "A305": "an argument has the wrong type",
        "A306": "the expression does not parse",
        "A307": "the expression has no value",
        "A308": "an unknown layer or value",
        "A309": "a value is read before its layer",
        "A310": "a value with several outputs is read as one",
        "A311": "a name is given twice",
        "A312": "a condition depends on a symbolic size",
        "A313": "a promise does not hold",
        "A314": "blocks or files contain each other without end",
        "A315": "a path of `extends`, `until` or `init` meets no layer",
        "A401": "an argument, `let` name or block that nothing mentions",
        "A402": "a Linear acts on the width of a feature map",
        "A403": "a condition on symbolic sizes that is not proved",
        "A404": "a model input that nothing reads",
        "A405": "attention or a recurrence runs along the batch",
        "A501": "the op refuses its input",
        "A502": "the op refuses its arguments",
        "A503": "shapes that do not agree",
        "A504": "the wrong number of inputs",
        "A505": "a layer reaches no output",
        "A506": "a layer does not fit where it is shared",
        "A507": "the network has no output",
        "A508": "a layer in place overwrites a value that is still needed",
        "A509": "what layers ask of a symbolic size contradicts itself",
        "A601": "the file is too large",
        "A602": "the file is nested too deeply",
        "A603": "the network has too many layers",
        "A604": "the expression is too large",
        "A605": "a tensor is too large",
    }.items()
}


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that belongs to the message."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: the fact, its place, where disagreeing facts come from, and ways out."""

    code: Code
    message: str
    span: Span
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()

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


@dataclass(slots=True)
class Diagnostics:
    """The diagnostics of one run. One mistake is kept once: a second message of the same code at the
    same place (a block that is used twice, say) is dropped."""

    _items: dict[tuple[str, str, int, int], Diagnostic] = field(default_factory=dict)

    def add(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        labels: Iterable[Label] = (),
        notes: Iterable[str] = (),
        helps: Iterable[str] = (),
    ) -> None:
        key = (code, span.file.path, span.start, span.end)
        if key not in self._items:
            self._items[key] = Diagnostic(CODES[code], message, span, tuple(labels), tuple(notes), tuple(helps))

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
        return any(item.severity is Severity.ERROR for item in self._items.values())

    def silence(self, codes: Iterable[str]) -> None:
        """Drop the warnings of these codes; errors stay."""
        silenced = set(codes)
        self._items = {
            key: item
            for key, item in self._items.items()
            if item.severity is Severity.ERROR or item.code.name not in silenced
        }


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


_MOST_COMPARED = 500  # among thousands of layers, as many misspelt names would take half a minute


def near(word: str, known: Iterable[str]) -> list[str]:
    """`did you mean` help for a misspelt word: one line, or nothing when no known word is near."""
    candidates = list(known)
    lowered = {name.lower(): name for name in candidates}
    match = lowered.get(word.lower())
    if match is None and len(candidates) <= _MOST_COMPARED:
        match = next(iter(get_close_matches(word, candidates, n=1, cutoff=0.7)), None)
    return [f"did you mean `{match}`?"] if match else []
