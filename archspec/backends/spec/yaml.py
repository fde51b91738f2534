"""Values as YAML, written as people write them, so that our own reader gives just these values back."""

from __future__ import annotations

import re
from typing import Any

_NUMBER = re.compile(r"[\d_]+(\.[\d_]*)?([eE][-+]?\d+)?|0[box][\da-fA-F_]+", re.ASCII)
_COUNT = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)
_OTHERS = frozenset(["null", "true", "false", "yes", "no", "on", "off"])  # to some reader of YAML, no texts
_WORDS = re.compile(r"\w(?:[\w.+*/ -]*\w)?(\.\*)?")
_SENTENCE = re.compile(r"[^\W_](?:.*[^\s:])?")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def flow(value: Any) -> str:
    """A value in one line: `{op: Conv2d, kernel_size: [1, 3], bias: false}`."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str):
        return value if _is_plain(value) else quoted(value)
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return number(value)


def name(text: str) -> str:
    """A name, as a key or behind `from`: what reads as a count stands as it is, for children of lists."""
    return text if _COUNT.fullmatch(text) or _is_plain(text) else quoted(text)


def sentence(text: str) -> str:
    """A text that has a line to itself, where commas and brackets mean nothing."""
    plain = _SENTENCE.fullmatch(text) and text.isprintable() and not re.search(r":\s|\s#", text)
    return text if plain and not _means_no_text(text) else quoted(text)


def number(value: float) -> str:
    """The shortest text that reads back as the same number: `1e-5` for Python's `1e-05`."""
    return re.sub(r"e(?:\+|(-))0*", r"e\1", repr(value))


def quoted(text: str) -> str:
    """A text in double quotes."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _is_plain(text: str) -> bool:
    return bool(_WORDS.fullmatch(text)) and text.isprintable() and not _means_no_text(text)


def _means_no_text(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text)) or text.lower() in _OTHERS


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
