"""What may never be, whatever the input. Places and forms are judged from the bytes of the files and from what was
printed, by code of its own."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise, zip_longest
from pathlib import Path
from traceback import extract_tb
from typing import Any, NamedTuple

from archspec import render
from archspec.diagnostics import Diagnostic
from tests.proof.front_run import Outcome

SECONDS, MEGABYTES, LAYERS = 2.0, 300.0, 10_000
PACKAGED = Path(__file__).parents[2] / "specs"
LEAKS = (
    "None", "True", "False", "object at 0x", "<class", "Traceback", "Error:", "NoneType", "pydantic", "Input should be",
    "ruamel", "validation error", "value_error", "<block end>", "<document start>", "mapping values are not allowed",
    "could not find expected", "found character", "while scanning", "while parsing", "did not find expected", "codec",
    "unacceptable character", "__", " dict", "tuple", "NotImplemented", "Exception", "lambda", "SymInt",
)  # fmt: skip


class Finding(NamedTuple):
    """What was found: its kind, where (equal for findings of one cause), and what exactly."""

    kind: str
    place: str
    text: str


def findings(outcome: Outcome) -> list[Finding]:
    """Everything that is wrong with an answer."""
    if outcome.error is not None:
        return [raised("check", outcome.error)]
    if outcome.code not in (0, 1, 2):
        return [Finding("exit code", str(outcome.code), outcome.complaints)]
    found = [*_cost(outcome), *_code(outcome)]
    _lines.cache_clear()
    as_json = json.loads(render.json_([(outcome.target, outcome.items)]))["files"][0]["diagnostics"]
    found += _documents(outcome.items)
    found += _places(as_json)
    found += _order(as_json)
    found += _twice(as_json)
    found += _words(as_json, outcome.data.decode(errors="replace"))
    found += _forms(outcome, as_json)
    return found


def raised(what: str, error: BaseException) -> Finding:
    """An exception: the innermost place in archspec tells causes apart."""
    frames = [frame for frame in extract_tb(error.__traceback__) if "/archspec/" in frame.filename]
    at = f"{frames[-1].filename.rpartition('/archspec/')[2]}:{frames[-1].name}" if frames else "?"
    return Finding(f"{what} raises", f"{type(error).__name__} in {at}", f"{type(error).__name__}: {str(error)[:300]}")


def _cost(outcome: Outcome) -> Iterator[Finding]:
    codes = ",".join(sorted({item.code.name for item in outcome.items})[:3])
    if outcome.seconds > SECONDS and outcome.layers < LAYERS:
        yield Finding("slow", codes, f"{outcome.seconds:.1f} s for {outcome.layers} layers")
    if outcome.megabytes > MEGABYTES and outcome.layers < LAYERS:
        yield Finding("memory", codes, f"{outcome.megabytes:.0f} MB for {outcome.layers} layers")


def _code(outcome: Outcome) -> Iterator[Finding]:
    wanted = (1, 2) if outcome.errors else (0,)
    if outcome.code not in wanted:
        yield Finding("exit code", str(outcome.code), f"{len(outcome.errors)} errors, and the code is {outcome.code}")
    if (outcome.graph is not None) and outcome.errors:
        yield Finding("exit code", "graph", "a network with errors is given")


# --- places

Place = Mapping[str, Any]
_LINE_END = re.compile(r"\r\n|\r|\n")


@cache
def _lines(path: str) -> list[str] | None:
    """The lines of a file as editors count them; None where there is no such file, or no text."""
    place = Path(path)
    if not place.is_file():
        return None
    data = place.read_bytes().removeprefix(BOM_UTF8)
    try:
        return _LINE_END.split(data.decode())
    except UnicodeDecodeError as error:
        return _LINE_END.split(data[: error.start].decode())


def _documents(items: Iterable[Diagnostic]) -> Iterator[Finding]:
    """A place belongs to the file that it names: it was found in that file's text."""
    for item in items:
        for span in (item.span, *(label.span for label in item.labels), *([item.fix.span] if item.fix else [])):
            path, text = span.file.path, span.file.text
            if text and (lines := _lines(path)) is not None and _LINE_END.split(text) != lines:
                yield Finding("place", f"{item.code.name} document", f"{item.message}: its text is not that of {path}")


def _places(items: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    for item in items:
        marked = [("span", item), *(("label", label) for label in item["labels"])]
        if "fix" in item:
            marked.append(("fix", item["fix"]))
        for what, place in marked:
            wrong = _misplaced(place)
            if wrong:
                yield Finding("place", f"{item['code']} {what}", f"{item['message']}: {what} {wrong}")


def _misplaced(place: Place) -> str:
    """What is wrong with a place, if anything."""
    path, start, end = place["path"], (place["line"], place["column"]), (place["end_line"], place["end_column"])
    if start > end:
        return f"ends before it starts: {start} to {end}"
    if path.startswith(("--set ", "--input")):
        return ""
    lines = _lines(path)
    if lines is None:  # a file that cannot be read: its start
        return "" if start == end == (1, 1) else f"lies at {start} in {path}, which cannot be read"
    if not _is_within_reach(path):
        return f"lies in {path}, which is no file of this spec"
    for line, column in (start, end):
        if not 1 <= line <= len(lines):
            return f"lies on line {line} of {len(lines)}"
        if not 1 <= column <= len(lines[line - 1]) + 2:  # a line end of two characters may be pointed at
            return f"lies in column {column} of a line of {len(lines[line - 1])}"
    return ""


def _is_within_reach(path: str) -> bool:
    whole = Path(path).resolve()
    return any(whole.is_relative_to(root) for root in (Path.cwd(), PACKAGED))


def _order(items: list[Mapping[str, Any]]) -> Iterator[Finding]:
    for before, item in pairwise(items):
        if before["path"] == item["path"] and (before["line"], before["column"]) > (item["line"], item["column"]):
            told = f"{before['message']} is told before {item['message']}"
            yield Finding("order", f"{before['code']} {item['code']}", told)
    paths = [item["path"] for item in items]
    if len(set(paths)) < sum(one != two for one, two in pairwise([None, *paths])):
        yield Finding("order", "files", f"files are mixed: {paths}")


def _twice(items: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    keys = ("code", "path", "line", "column", "end_line", "end_column")
    seen = Counter(tuple(item[key] for key in keys) for item in items)
    yield from (Finding("twice", key[0], f"{key}") for key, count in seen.items() if count > 1)


# --- words


def _words(items: Iterable[Mapping[str, Any]], spec: str) -> Iterator[Finding]:
    for item in items:
        texts = [item["message"], *item["notes"], *item["helps"], *(label["message"] for label in item["labels"])]
        for text in texts:
            ours = _without_quotations(text)
            for leak in LEAKS:
                if leak in ours and leak not in spec:
                    yield Finding("words", f"{item['code']} {leak}", text)
            if text.rstrip().endswith(".") and not text.endswith(("...", "..")):
                yield Finding("full stop", item["code"], text)
            if not text.strip():
                yield Finding("words", f"{item['code']} nothing", f"{item['message']!r}")


def _without_quotations(text: str) -> str:
    """A message without what it quotes of the spec."""
    return re.sub(r"`[^`]*`|\"[^\"]*\"|'[^']*'|\S*=\S*", "", text)


# --- forms


def _forms(outcome: Outcome, items: list[Mapping[str, Any]]) -> Iterator[Finding]:
    """Text, JSON, GitHub's commands and SARIF tell the same."""
    told = [(item["severity"], item["code"], item["path"], item["line"], item["column"]) for item in items]
    checked = [(outcome.target, outcome.items)]
    text = outcome.printed or outcome.complaints
    for form, read in (
        ("text", _of_text(text)),
        ("github", _of_github(render.github(checked))),
        ("sarif", _of_sarif(render.sarif(checked))),
    ):
        wanted = [_as_told(form, fact, item) for fact, item in zip(told, items, strict=True)]
        if read != wanted:
            other = next((one, two) for one, two in zip_longest(read, wanted) if one != two)
            yield Finding("forms", form, f"{form} says {other[0]}, and JSON {other[1]}")


Fact = tuple[Any, ...]


def _as_told(form: str, fact: Fact, item: Mapping[str, Any]) -> Fact:
    """A fact as a form tells it: GitHub takes columns of one line only."""
    severity, code, path, line, column = fact
    if form == "github" and item["end_line"] > line:
        return severity, code, path, line, None
    if form == "sarif":
        return severity, code, line, column
    if form == "text":
        return severity, code, render.printable(path), line, column
    return severity, code, path, line, column


def _of_text(text: str) -> list[Fact]:
    """Head and arrow of every diagnostic. Of a file without text the arrow gives no line."""
    found: list[Fact] = []
    head: Fact | None = None
    for line in text.split("\n"):
        if match := re.match(r"(error|warning)\[(A\d+)\]: ", line):
            head = match.groups()
        elif head is not None and (match := re.match(r" *--> (.*?)(?::(\d+):(\d+))?$", line)):
            found.append((*head, match[1], int(match[2] or 1), int(match[3] or 1)))
            head = None
    return found


def _of_github(text: str) -> list[Fact]:
    found: list[Fact] = []
    for severity, properties, _ in re.findall(r"^::(error|warning) (.*?)::(.*)$", text, re.MULTILINE):
        said = {name: _unescaped(value) for name, value in (part.split("=", 1) for part in properties.split(","))}
        column = int(said["col"]) if "col" in said else None
        found.append((severity, said["title"], said["file"], int(said["line"]), column))
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"%([0-9A-F]{2})", lambda match: chr(int(match[1], 16)), text)


def _of_sarif(text: str) -> list[Fact]:
    found: list[Fact] = []
    for result in json.loads(text)["runs"][0]["results"]:
        region = result["locations"][0]["physicalLocation"]["region"]
        found.append((result["level"], result["ruleId"], region["startLine"], region["startColumn"]))
    return found


def same(one: Iterable[Diagnostic], two: Iterable[Diagnostic]) -> bool:
    """Whether two answers tell the same at the same lines and columns."""
    return [_fact(item) for item in one] == [_fact(item) for item in two]


def _fact(item: Diagnostic) -> tuple[str, int, int, str]:
    return item.code.name, item.span.line, item.span.column, item.message
