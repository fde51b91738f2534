"""Mutations of bytes, whatever they mean."""

from __future__ import annotations

from collections.abc import Callable

from tests.proof.front_corpus import drawn, text_of
from tests.proof.source import Source

ODD = (
    b"\x00", b"\x01", b"\x07", b"\x08", b"\x0b", b"\x0c", b"\x1b[31m", b"\x7f", b"\t", b"\r", b"\r\n", b"\n\n",
    b"\xff", b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf",
    b"\xfe\xff", b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud83d\\ude00"', b'"\\U00110000"', b'"\\x"', b'"\\u12"', b"'",
)
STRANGE = (
    "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\x85", "\u2028", "\u2029", "\xa0", "\u3000", "\u0301",
    "e\u0301", "\u6f22\u5b57", "\uff21", "\U0001f600", "\U0001f468\u200d\U0001f469", "\u0130", "\u0661", "\xb2",
    "\u2460", "\uffff", "\U0010ffff", "\ue000", "\u0e33", "\u1160", "\u00df", "\u02b0", "\ufb01",
)


def mutate(data: bytes, source: Source) -> bytes:
    """The data with one thing broken."""
    return source.choice(WAYS)(data, source)


def _at(data: bytes, source: Source) -> int:
    return source.integer(0, max(0, len(data) - 1))


def _flip(data: bytes, source: Source) -> bytes:
    at = _at(data, source)
    return data[:at] + bytes(byte ^ 1 << source.integer(0, 7) for byte in data[at : at + 1]) + data[at + 1 :]


def _insert(data: bytes, source: Source) -> bytes:
    at = _at(data, source)
    return data[:at] + bytes([source.integer(0, 255)]) + data[at:]


def _put(data: bytes, source: Source) -> bytes:
    at = _at(data, source)
    return data[:at] + source.choice(ODD) * source.choice((1, 1, 1, 3)) + data[at:]


def _put_strange(data: bytes, source: Source) -> bytes:
    at = _at(data, source)
    return data[:at] + source.choice(STRANGE).encode() * source.choice((1, 1, 1, 40)) + data[at:]


def _delete(data: bytes, source: Source) -> bytes:
    at = _at(data, source)
    return data[:at] + data[at + source.choice((1, 1, 2, 8, 64)) :]


def _duplicate(data: bytes, source: Source) -> bytes:
    at = _at(data, source)
    end = at + source.choice((1, 4, 16, 200))
    return data[:end] + data[at:end] * source.choice((1, 1, 2, 50)) + data[end:]


def _truncate(data: bytes, source: Source) -> bytes:
    at = _at(data, source)
    return data[at:] if source.chance(4) else data[:at]


def _splice(data: bytes, source: Source) -> bytes:
    """The start of one spec and the end of another."""
    other = text_of(drawn(source)).encode("utf-8", errors="surrogateescape")
    return data[: _at(data, source)] + other[_at(other, source) :]


def _mark(data: bytes, source: Source) -> bytes:
    return b"\xef\xbb\xbf" * source.choice((1, 1, 2)) + data


def _line_ends(data: bytes, source: Source) -> bytes:
    """All lines ended as elsewhere, or some."""
    end, lines = source.choice((b"\r\n", b"\r", b"\r\r\n")), data.split(b"\n")
    some = source.choice((1, 1, 2, 3))
    return b"".join(line + (end if i % some == 0 else b"\n") for i, line in enumerate(lines))


def _tabs(data: bytes, source: Source) -> bytes:
    """Indents of tabs, of all lines or of one."""
    lines = data.split(b"\n")
    only = source.choice((None, source.integer(0, len(lines) - 1)))
    for i, line in enumerate(lines):
        if only is None or i == only:
            rest = line.lstrip(b" ")
            lines[i] = b"\t" * ((len(line) - len(rest) + 1) // 2) + rest
    return b"\n".join(lines)


def _other_encoding(data: bytes, source: Source) -> bytes:
    text = data.decode("utf-8", errors="replace")
    return text.encode(source.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7")), errors="replace")


def _end(data: bytes, source: Source) -> bytes:
    """Without a line end, or with more behind it."""
    ends = (b"", b"\n\n\n", b"\n...\n", b"\n---\n", b"\n--- a\n", b"  \n\t", b"\n#", b"\x00")
    return data.rstrip() + source.choice(ends)


def _grow(data: bytes, source: Source) -> bytes:
    """Some lines very often, or one sign."""
    if source.chance(2):
        at = _at(data, source)
        sign = source.choice((b"[", b"{", b"(", b"- ", b"\n", b" ", b"a", b"? ", b"'"))
        return data[:at] + sign * source.choice(_MANY) + data[at:]
    lines = data.split(b"\n")
    at = source.integer(0, len(lines) - 1)
    some = b"\n".join([*lines[at : at + source.choice((1, 2, 5))], b""])
    return b"\n".join([*lines[:at], some * min(source.choice(_MANY), 300_000 // len(some)), *lines[at:]])


_MANY = (100, 1_000, 1_000, 5_000, 300_000)
_OFTEN: tuple[Callable[[bytes, Source], bytes], ...] = (_flip, _insert, _put, _put_strange, _delete, _duplicate)
WAYS = (*_OFTEN * 3, _put_strange, _truncate, _splice, _mark, _line_ends, _tabs, _other_encoding, _end, _grow)
