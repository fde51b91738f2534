"""Files and folders that are written whole, or not at all: aside first, and then moved into place by renames.

What a destination is to become is made in a folder beside it, `.NAME.<8 digits>.archspec`. However the process ends,
the destination is what it was, or complete. A process that cannot clean up (SIGKILL) leaves that folder behind,
unlocked: the next one that writes to the same destination removes it. Files are not synced: a power cut is another
matter, and left to the file system.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Path_ = str | os.PathLike[str]

_SUFFIX = ".archspec"
_BIRTH_S = 10  # an empty folder that is no older may be about to be locked


def require_place(path: Path_) -> None:
    """Raise OSError where nothing can be written: for a folder, for a file that is read-only or stands in a folder that
    is, or in none. A pipe or a device is a place for bytes."""
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a directory")
    if is_stream(path):
        return
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no directory {path.parent}")
    if not os.access(os.path.dirname(os.path.realpath(path)), os.W_OK | os.X_OK):
        raise PermissionError(f"the directory {path.parent} cannot be written to")
    if path.exists() and not (os.access(path, os.W_OK) and path.stat().st_mode & stat.S_IWUSR):  # root may all the same
        raise PermissionError(f"{path} is read-only")


def require_unread(written: Iterable[Path_], read: Iterable[Path_]) -> None:
    """Raise OSError where a result would take the place of what it is made from, or of another result."""
    places = list(written)
    for k, place in enumerate(places):
        if any(_same(place, other) for other in places[:k]):
            raise FileExistsError(f"{place} cannot be two results at once: choose another name for one")
        if any(_same(place, other) for other in read):
            raise FileExistsError(f"{place} is read, and would be overwritten: choose another name for the result")


def _same(one: Path_, other: Path_) -> bool:
    if os.path.realpath(one) == os.path.realpath(other):
        return not is_stream(one)
    return os.path.isfile(one) and os.path.isfile(other) and os.path.samefile(one, other)


def is_stream(path: Path_) -> bool:
    """Whether a pipe or a device is there, which takes bytes and cannot be replaced."""
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)


def replace(path: Path_, data: bytes) -> None:
    """Write a file. Raises OSError."""
    if is_stream(path):
        with _told_of(path):
            Path(path).write_bytes(data)
        return
    with staged(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def staged(path: Path_) -> Iterator[Path]:
    """A path to write to, which becomes `path` if the block ends well, and vanishes if it doesn't.

    Files made beside it come along, and go into place first. Raises OSError, which names `path` where writing fails.
    """
    require_place(path)
    if is_stream(path):
        raise OSError(errno.EINVAL, "a pipe or a device cannot be replaced by a file", os.fspath(path))
    target = Path(os.path.realpath(path))
    with _told_of(path), _aside(target) as folder:
        yield folder / target.name
        for file in sorted(folder.iterdir(), key=lambda file: file.name == target.name):
            move(file, target.parent / file.name)


def move(file: Path, place: Path) -> None:
    """Put a file in its place, with the mode and, where possible, the owner of what it replaces."""
    if place.exists():
        status = place.stat()
        with suppress(PermissionError):
            os.chown(file, status.st_uid, status.st_gid)
        file.chmod(stat.S_IMODE(status.st_mode))
    os.replace(file, place)


@contextmanager
def staged_folder(target: Path) -> Iterator[Path]:
    """A folder to write to, which takes the place of `target` as a whole if the block ends well, else vanishes."""
    with _told_of(target), _aside(target) as around:
        new, before = around / "new", _before(around)
        new.mkdir()
        yield new
        if target.exists():
            target.rename(before)
        try:
            new.rename(target)
        except BaseException:
            if before.exists():
                before.rename(target)
            raise


def settle(target: Path) -> None:
    """Put a folder back that a process had moved aside when it was killed, and remove what else such ones have left."""
    for folder in leftovers(target):
        if folder.is_dir():
            _remove_if_stale(folder, target)


def fresh_name(target: Path) -> Path:
    """A path beside a destination, which nothing has yet, and which says whose it is."""
    return target.with_name(f".{target.name}.{os.urandom(4).hex()}{_SUFFIX}")


def leftovers(target: Path) -> list[Path]:
    """What lies beside a destination under such names."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}{re.escape(_SUFFIX)}")
    return [path for path in target.parent.iterdir() if pattern.fullmatch(path.name)]


@contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """A folder beside a destination, on the same file system, which is gone at the end."""
    settle(target)
    folder = fresh_name(target)
    lock = None
    try:
        folder.mkdir(mode=0o700)
        lock = _lock(folder, wait=True)
        yield folder
    finally:
        if folder.exists():
            shutil.rmtree(folder)
        if lock is not None:
            os.close(lock)


def _remove_if_stale(folder: Path, target: Path) -> None:
    """Remove what a process left that is no more. A folder that it moved aside goes back to its place."""
    lock = _lock(folder, wait=False)
    if lock is None:
        return
    try:
        if any(folder.iterdir()) or folder.stat().st_mtime < time.time() - _BIRTH_S:
            if _before(folder).exists() and not target.exists():
                _before(folder).rename(target)
            shutil.rmtree(folder)
    finally:
        os.close(lock)


def _before(folder: Path) -> Path:
    """Where a folder waits that is about to be replaced."""
    return folder / "before"


def _lock(folder: Path, *, wait: bool) -> int | None:
    """A descriptor that holds a folder's lock until it is closed, by the end of the process at the latest. None where
    another process holds it, and where the system has no such locks: there, nothing that is left is ever stale."""
    try:
        import fcntl

        descriptor = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _told_of(path: Path_) -> Iterator[None]:
    """What the system refuses is told of the path that the user knows: a full disk names none, others what is aside."""
    try:
        yield
    except OSError as error:
        named = error.filename if isinstance(error.filename, str) else ""
        if error.errno is not None and (not named or any(part.endswith(_SUFFIX) for part in Path(named).parts)):
            error.filename = os.fspath(path)
        raise
