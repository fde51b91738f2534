"""Ways out: what a message proposes, in words and, where exactly one thing is sensible, as a replacement of text that
`archspec check --fix` makes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import NamedTuple

from archspec.source import Span

_MOST_NAMED = 3  # words that are equally near
_LONGEST_WORD = 200  # of those that others are compared with
_MOST_COMPARED = 50_000  # names in one run: ten mistakes among 5,000 layers; thousands would take minutes
_CAN_BE_MEANT = re.compile(r"[\w.*/-]+", re.ASCII)  # others are mistakes themselves, or no names
_compared: ContextVar[list[int] | None] = ContextVar("compared", default=None)


@contextmanager
def comparisons_bounded() -> Iterator[None]:
    """Where there are mistakes by the thousand, only the first ones of a run get a near name."""
    token = _compared.set([0])
    try:
        yield
    finally:
        _compared.reset(token)


class Help(NamedTuple):
    """A way out. `replacement` is the text that belongs in the place of `span`, or, without one, in the place of what
    the diagnostic underlines."""

    text: str
    replacement: str | None = None
    span: Span | None = None

    def __str__(self) -> str:
        return self.text


def near(word: str, known: Iterable[str], otherwise: str = "") -> list[Help]:
    """`did you mean` help for a misspelt word that is underlined, without a replacement where several known words are
    equally near; where none is, what to say `otherwise`, or nothing."""
    matches = _nearest(word, known) if len(word) <= _LONGEST_WORD else []
    if len(matches) == 1:
        return [Help(f"did you mean `{matches[0]}`?", matches[0])]
    if matches:
        *others, last = (f"`{match}`" for match in sorted(matches))
        return [Help(f"did you mean {', '.join(others)} or {last}?")]
    return [Help(otherwise)] if otherwise else []


def _nearest(word: str, known: Iterable[str]) -> list[str]:
    """The known word that is nearest, or those that are equally near."""
    from difflib import SequenceMatcher, get_close_matches  # which a good spec has no use for

    compared = _compared.get() or [0]
    candidates = list(islice(known, _MOST_COMPARED - compared[0]))
    compared[0] += len(candidates)
    candidates = [name for name in candidates if _CAN_BE_MEANT.fullmatch(name)]
    lowered = {name.lower(): name for name in candidates}
    if (match := lowered.get(word.lower())) is not None:
        return [match]
    matches = get_close_matches(word, set(candidates), n=_MOST_NAMED, cutoff=0.7)
    scores = {match: SequenceMatcher(None, match, word).ratio() for match in matches}
    return [match for match in matches if scores[match] == scores[matches[0]]]


def in_words(helps: Iterable[Help | str]) -> list[str]:
    """The helps without their replacements, for a message that underlines more, or less, than what they replace."""
    return [str(help) for help in helps]
