"""What mappings in brackets and in block style share: keys and their pairs, and the marks of YAML that are refused."""

from __future__ import annotations

import re

from archspec.diagnostics import Help, Label
from archspec.syntax.tree import Mapping, Node, Scalar, shortened
from archspec.syntax.yaml.cursor import Cursor

_TEMPLATE = r"\{[^{}\[\]:,\"\n]+\}"
_MARK = re.compile(r"[&*!][^ \t\n,\[\]{}\0]*+")
_NEGATED = r"![a-z]\w*"
_INVISIBLE = r"[\x85\xa0\xad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]"
_QUOTE_LIKE = r"[\u201c-\u201f\u2018-\u201b\xab\xbb`\xb4]"
_SMART_QUOTES = f"{_QUOTE_LIKE}(.*){_QUOTE_LIKE}"


def add_pair(cursor: Cursor, mapping: Mapping, key: Node, value: Node) -> None:
    """Keep a pair, unless its key is none."""
    if not isinstance(key, Scalar):
        text, start, end = key.span.text, key.span.start, key.span.end
        helps = [Help(f'write `"{shortened(text)}"`', f'"{text}"')] if re.fullmatch(_TEMPLATE, text) else []
        cursor.wrong("a key has to be a word, and this is a collection", start, end, code="A203", helps=helps)
        return
    if key.inner == key.span and key.text == "<<":
        _refuse(cursor, key.span.start, key.span.end, "a merge key", repaired=False)
    elif key.value is None and key.span.start == key.span.end:
        cursor.wrong("a key is missing here", key.span.start, key.span.end, code="A203", repaired=True)
    elif key.text in mapping.entries:
        first = mapping.entries[key.text][0]
        labels = [Label(first.span, "first given here")]
        message = f"`{shortened(key.text)}` stands twice in this mapping"
        cursor.wrong(message, key.span.start, key.span.end, code="A102", labels=labels, repaired=True)
    else:
        mapping.entries[key.text] = (key, value)


def skip_marks(cursor: Cursor) -> Scalar | None:
    """Refuse the anchors and tags that start here; what stands for an alias."""
    while (found := _MARK.match(cursor.text, cursor.pos)) is not None:
        start, end = found.span()
        cursor.pos = end
        if found.group().startswith("*"):
            _refuse(cursor, start, end, "an alias", repaired=False)
            span = cursor.span(start, end)
            return Scalar(None, span.text, span, span)
        what = "an anchor" if found.group().startswith("&") else "a tag"
        _refuse(cursor, start, end, what, repaired=True)
        cursor.skip_blanks()
    return None


def _refuse(cursor: Cursor, start: int, end: int, what: str, *, repaired: bool) -> None:
    text = cursor.text[start:end]
    help = "blocks are the language's own reuse"
    if re.fullmatch(_NEGATED, text):
        help = f"`not {shortened(text[1:])}` negates"
    message = f"`{shortened(text)}` is {what}, which specs don't use"
    cursor.wrong(message, start, end, code="A103", helps=[help], repaired=repaired)


def read_as_meant(cursor: Cursor, scalar: Scalar) -> Scalar:
    """A text without the look-alikes of quotes and blanks around it, which are reported."""
    if (scalar.text.isascii() and not scalar.text.startswith("`")) or not scalar.is_text:
        return scalar
    start, end = scalar.span.start, scalar.span.end
    if (found := re.fullmatch(_SMART_QUOTES, scalar.text, re.DOTALL)) is not None:
        meant, sign = found.group(1), scalar.text[0]
        helps = [Help(f'write `"{shortened(meant)}"`', f'"{meant}"' if '"' not in meant else None)]
        name = "a backtick" if sign == "`" else f"`{sign}` (U+{ord(sign):04X})"
        cursor.wrong(f"{name} is no quote to YAML", start, end, helps=helps, repaired=True)
        return Scalar(meant, meant, scalar.span, scalar.span.slice(1, end - start - 1))
    return scalar


def visible_key(cursor: Cursor, key: Scalar) -> Scalar:
    """A key without the blanks in it that only look like one, or like nothing; these are reported."""
    found = None if key.text.isascii() else re.search(_INVISIBLE, key.text)
    if found is None or key.inner.text != key.text:
        return key
    clean = re.sub(_INVISIBLE, "", key.text)
    helps = [Help(f"write `{shortened(clean)}`", clean, key.inner)]
    message = f"an invisible character (U+{ord(found.group()):04X}) stands in this key"
    cursor.wrong(message, key.span.start, key.span.end, helps=helps, repaired=True)
    return Scalar(clean, clean, key.span, key.inner)
