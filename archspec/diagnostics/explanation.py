"""The page of each code: what the mistake is, why it is one, and an example of it, wrong and right."""

from __future__ import annotations

from pathlib import Path

from archspec.diagnostics.codes import CODES
from archspec.diagnostics.suggestion import in_words, near

PAGES = Path(__file__).with_name("pages")


class UnknownCodeError(LookupError):
    """A code that no diagnostic has; the message tells the nearest one."""


def page(code: str) -> str:
    """The page of a code, in markdown; `a301` will do for `A301`. Raises UnknownCodeError."""
    name = code.upper()
    if name not in CODES:
        helps = near(name, CODES, "`archspec explain` lists them all; a layer has a TARGET and a PATH")
        raise UnknownCodeError("; ".join([f"there is no code `{code}`", *in_words(helps)]))
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")
