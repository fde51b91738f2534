"""Text on a terminal: which characters are safe to print, how many columns they take, and colour."""

from __future__ import annotations

from functools import cache

BOLD, DIM, RED, YELLOW, BLUE = "1", "2", "1;31", "1;33", "1;34"

_TAB = "    "
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # controls, escapes, bidi marks and joiners, surrogates, line ends
_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # letters and marks that show nothing
_SELECTORS = range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0), range(0x180B, 0x1810), range(0x1F3FB, 0x1F400)
_JAMO = range(0x1161, 0x1200), range(0xD7B0, 0xD800)  # vowels and finals, which join the consonant before them


def paint(text: str, style: str, color: bool) -> str:
    """The text in an ANSI style, where colour is wanted."""
    return f"\x1b[{style}m{text}\x1b[0m" if color and text else text


def printable(text: str) -> str:
    """The text without what moves the cursor, reorders a line or shows nothing, and without what joins characters
    (joiners, variation selectors, skin tones): terminals agree on the width of each alone, not on that of sequences."""
    return text if text.isascii() and text.isprintable() else "".join(map(_shown, text))


def cells(text: str) -> int:
    """How many terminal columns a printed text takes. Characters of ambiguous width take one, as Unicode advises
    outside of East Asian encodings (UAX 11)."""
    return len(text) if text.isascii() else sum(map(_cells, text))


@cache
def _shown(char: str) -> str:
    from unicodedata import category

    if char == "\t":
        return _TAB
    hidden = category(char) in _UNPRINTABLE or char in _FILLERS or any(ord(char) in each for each in _SELECTORS)
    return "?" if hidden else char


@cache
def _cells(char: str) -> int:
    from unicodedata import category, east_asian_width

    if category(char) in ("Mn", "Me") or any(ord(char) in each for each in _JAMO):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1
