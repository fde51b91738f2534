"""What is written is whole, or not there; and what a dead process has left goes, what a living one needs stays."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archspec import staging
from archspec.staging import replace, require_place, require_unread, staged, staged_folder


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_comes_with_what_was_made_beside_it_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "net"
    path.write_text("old")
    path.chmod(0o640)
    with staged(path) as temporary:
        temporary.write_text("new")
        temporary.with_name("data").write_text("data")
        assert path.read_text() == "old"
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o640)
    assert _names(tmp_path) == ["data", "net"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, OSError, MemoryError])
def test_whatever_goes_wrong_leaves_nothing(error: type[BaseException], tmp_path: Path) -> None:
    def write_half() -> None:
        with staged(tmp_path / "net") as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert _names(tmp_path) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "net").symlink_to(tmp_path / "store" / "net")
    replace(tmp_path / "net", b"new")
    assert (tmp_path / "net").is_symlink()
    assert (tmp_path / "store" / "net").read_bytes() == b"new"


def _left_by(script: str, folder: Path) -> None:
    """What a process leaves that kills itself while it writes."""
    code = f"import os, signal\nfrom pathlib import Path\nfrom archspec.staging import *\n{script}"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, timeout=60)
    assert done.returncode == -9


KILL = "os.kill(os.getpid(), signal.SIGKILL)"


def test_what_a_killed_process_has_left_goes_with_the_next_one(tmp_path: Path) -> None:
    (tmp_path / "net").write_text("old")
    _left_by(f"with staged('net') as temporary:\n  temporary.write_text('half')\n  {KILL}", tmp_path)
    [left] = [name for name in _names(tmp_path) if name != "net"]
    assert left.startswith(".net.")
    assert (tmp_path / "net").read_text() == "old"
    replace(tmp_path / "other", b"")
    assert left in _names(tmp_path)
    replace(tmp_path / "net", b"new")
    assert _names(tmp_path) == ["net", "other"]


def test_a_folder_that_was_moved_aside_by_a_killed_process_comes_back(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "old").touch()
    script = f"Path.rename = lambda old, new, rename=Path.rename: rename(old, new) and {KILL}"
    _left_by(f"{script}\nwith staged_folder(Path('net').resolve()) as new: pass", tmp_path)
    assert "net" not in _names(tmp_path)
    with pytest.raises(KeyboardInterrupt), staged_folder(tmp_path / "net"):
        raise KeyboardInterrupt
    assert _names(tmp_path) == ["net"]
    assert _names(tmp_path / "net") == ["old"]


def test_two_that_write_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    with staged(tmp_path / "net") as one:
        one.write_text("one")
        with staged(tmp_path / "net") as other:
            other.write_text("other")
        assert (tmp_path / "net").read_text() == "other"
        assert one.exists()
    assert (tmp_path / "net").read_text() == "one"
    assert _names(tmp_path) == ["net"]


def test_a_folder_that_is_about_to_be_locked_is_left_alone(tmp_path: Path) -> None:
    fresh = staging.fresh_name(tmp_path / "net")
    fresh.mkdir()
    replace(tmp_path / "net", b"")
    assert fresh.exists()
    os.utime(fresh, (time.time() - 3600,) * 2)
    replace(tmp_path / "net", b"")
    assert _names(tmp_path) == ["net"]


def test_files_of_others_are_no_leftovers(tmp_path: Path) -> None:
    mine = [".net.onnx", ".net.abc.archspec", ".net.x.0123abcd.archspec", "net.0123abcd.archspec"]
    for name in mine:
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    replace(tmp_path / "net", b"")
    assert _names(tmp_path) == sorted([*mine, "net"])


def test_places_where_nothing_can_be_written_are_told(tmp_path: Path) -> None:
    fixed = tmp_path / "fixed"
    fixed.write_text("fixed")
    fixed.chmod(0o444)
    for path, error, said in [
        (tmp_path, IsADirectoryError, "is a directory"),
        (tmp_path / "nowhere" / "net", FileNotFoundError, "there is no directory"),
        (fixed, PermissionError, "is read-only"),
    ]:
        with pytest.raises(error, match=said):
            require_place(path)
        with pytest.raises(error, match=said):
            replace(path, b"new")
    assert fixed.read_text() == "fixed"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be somebody else")
def test_a_folder_of_somebody_else_is_told_of_by_the_name_that_was_given(tmp_path: Path) -> None:
    for folder in [*list(tmp_path.parents)[: len(tmp_path.parents) - 2], tmp_path]:
        folder.chmod(folder.stat().st_mode | 0o055)
    os.seteuid(65534)
    try:
        with pytest.raises(PermissionError) as raised:
            replace(tmp_path / "net", b"")
    finally:
        os.seteuid(0)
    assert raised.value.filename == str(tmp_path / "net")
    assert _names(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_devices_take_bytes_and_are_never_replaced() -> None:
    replace("/dev/null", b"gone")
    with pytest.raises(OSError, match=r"No space left.*/dev/full"):
        replace("/dev/full", b"more")
    with pytest.raises(OSError, match="a device cannot be replaced"), staged("/dev/full"):
        pytest.fail("nothing should be written")
    assert not Path("/dev/full").is_file()


def test_results_are_neither_what_is_read_nor_each_other(tmp_path: Path) -> None:
    spec, link = tmp_path / "net.yaml", tmp_path / "link.yaml"
    spec.touch()
    link.symlink_to(spec)
    require_unread([tmp_path / "net.onnx", tmp_path / "report.json", "/dev/null"], [spec, "resnet18", "/dev/null"])
    for written, read, said in [
        ([spec], [link], "is read, and would be overwritten"),
        ([link], [spec], "is read, and would be overwritten"),
        ([tmp_path / "a", tmp_path / "x" / ".." / "a"], [], "cannot be two results at once"),
    ]:
        with pytest.raises(FileExistsError, match=said):
            require_unread(written, read)
