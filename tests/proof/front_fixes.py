"""A `fix` has to mend what it is for: applied, its mistake is gone, the YAML parses as well as before, and what was put
in is no mistake of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from archspec.diagnostics import Diagnostic
from archspec.source import SourceFile, Span
from tests.proof.front_corpus import Base
from tests.proof.front_oracle import Finding
from tests.proof.front_run import Outcome, check, command

SPELLING = {"A201", "A205", "A301", "A302", "A303", "A308"}
"""What names may be wrong with: a name that a fix proposes has none of it. Other mistakes may stand behind the mended
one, in the same place too (an op that is known at last lacks its arguments)."""


def findings(base: Base, outcome: Outcome) -> Iterator[Finding]:
    """What is wrong with a fix of an answer: the first, applied alone."""
    item = next((each for each in outcome.items if each.fix is not None), None)
    if item is not None:
        yield from _tried(base, outcome, item)


def all_at_once(base: Base, outcome: Outcome) -> Iterator[Finding]:
    """What is wrong with `archspec check --fix`."""
    if all(item.fix is None for item in outcome.items):
        return
    before = {path: path.read_bytes() for path in map(Path, {base.target, base.mutated})}
    ran = command(["check", "--fix", base.target, *base.settings])
    after = check(base, before[Path(base.mutated)])
    for path, data in before.items():
        path.write_bytes(data)
    if ran.error is not None or ran.code not in (0, 1, 2):
        yield Finding("fix", f"--fix {ran.code} {type(ran.error).__name__}", f"{ran.error!r} {ran.complaints}")
    elif after.error is not None or _unparsed(after) > _unparsed(outcome):
        told = f"{_unparsed(outcome)} mistakes of YAML before, and {_unparsed(after)} behind it"
        yield Finding("fix", "--fix harms", told)


def _tried(base: Base, outcome: Outcome, item: Diagnostic) -> Iterator[Finding]:
    assert item.fix is not None
    span, text = item.fix
    path = Path(span.file.path)
    if not path.is_file() or path.is_absolute():  # a setting of the command, or a packaged spec
        return
    before = path.read_bytes()
    whole = span.file.text[: span.start] + text + span.file.text[span.end :]
    path.write_bytes(whole.encode("utf-8"))
    try:
        after = check(base, path.read_bytes())
    finally:
        path.write_bytes(before)
    told = f"{item.message}: `{span.text}` -> `{text}`"
    if after.error is not None:
        yield Finding("fix", f"{item.code.name} raises", f"{told}: {after.error!r}")
    elif _unparsed(after) > _unparsed(outcome):
        yield Finding("fix", f"{item.code.name} YAML", f"{told}: the YAML parses worse than before")
    new = SourceFile(span.file.path, whole).span(span.start, span.start + len(text))
    followed_by_another = not text and whole.startswith(span.text, span.start)
    stays = _like(item, after) >= _like(item, outcome) and not followed_by_another
    for mistake in after.errors:
        if stays and mistake.code is item.code and mistake.span.start == item.span.start:
            yield Finding("fix", f"{item.code.name} stays", f"{told}: the mistake stays")
        elif mistake.code.name in SPELLING and _proposes_a_word(text, span.text) and _is_within(mistake, new):
            yield Finding("fix", f"{item.code.name} {mistake.code.name}", f"{told}: {mistake.message}")


def _like(item: Diagnostic, outcome: Outcome) -> int:
    """How often a mistake is told: the next one may stand where it stood."""
    return sum((each.code, each.message) == (item.code, item.message) for each in outcome.items)


def _unparsed(outcome: Outcome) -> int:
    """How many mistakes of YAML there are: a mended one may hide others of its kind only in turn."""
    return sum(item.code.name.startswith("A1") for item in outcome.errors)


def _proposes_a_word(text: str, before: str) -> bool:
    """Whether a fix proposes a word, rather than quotes around the user's, or a sign."""
    letters = re.sub(r"\W", "", before)
    return any(word not in letters for word in re.findall(r"\w+", text))


def _is_within(mistake: Diagnostic, span: Span) -> bool:
    found = mistake.span
    return found.file.path == span.file.path and span.start <= found.start and found.end <= span.end
