"""What a path holds: read without waiting for anybody, and never more than asked for."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_AT_ONCE = 1 << 16
_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Unreadable(Exception):
    """A path that holds no text that can be read; the words are for the message, behind its name."""


class TooLong(Exception):
    """More bytes than asked for; the words say how many."""


def contents(path: Path, most: int, *, pipes: bool) -> bytes:
    """The bytes of a file, at most so many. Raises Unreadable and TooLong. `pipes`: whether it may be a pipe that
    somebody writes to, such as the `<(...)` of a shell."""
    try:
        _refuse_others(path.stat(), pipes)  # some devices act when they are opened
        descriptor = os.open(path, _FLAGS)
        try:
            return _all(descriptor, most, pipes)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unreadable(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    except ValueError:
        raise Unreadable("is no path, for it holds a null byte") from None


def is_pipe(path: Path) -> bool:
    """Whether a path leads to a pipe."""
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _refuse_others(status: os.stat_result, pipes: bool) -> None:
    kind = stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG and not (pipes and kind == stat.S_IFIFO):
        raise Unreadable(f"is {_KINDS.get(kind, 'no regular file')}")


def _all(descriptor: int, most: int, pipes: bool) -> bytes:
    status = os.fstat(descriptor)
    _refuse_others(status, pipes)  # what stands there may have been replaced
    if status.st_size > most:
        raise TooLong(f"has {status.st_size:,} bytes, and {most:,} are the limit")
    piped = stat.S_ISFIFO(status.st_mode)
    if piped:  # it was opened without waiting for a writer; whoever writes may take his time
        os.set_blocking(descriptor, True)
    data = bytearray()
    while len(data) <= most and (part := os.read(descriptor, _AT_ONCE)):  # files grow, and some have no end
        data += part
    if len(data) > most:
        raise TooLong(f"has more than {most:,} bytes, which are the limit")
    if piped and not data:
        raise Unreadable("is a pipe that nobody writes to")
    return bytes(data)
