"""Files: what cannot be read, and how far a spec reaches."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import archspec
from archspec.diagnostics import Diagnostics
from archspec.syntax.library import Library, packaged

NET = "archspec: 1\ninputs: {image: [N, 3]}\nlayers: {a: ReLU}\n"


def found(path: Path | str) -> list[tuple[str, int, int]]:
    """Codes and places of what is said about a path."""
    return [(item.code.name, item.span.line, item.span.column) for item in archspec.check(str(path))]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert found(tmp_path / "nothing.yaml") == [("A001", 1, 1)]


def test_a_directory(tmp_path: Path) -> None:
    assert found(tmp_path) == [("A001", 1, 1)]
    (tmp_path / "net.yaml").mkdir()
    assert found(tmp_path / "net.yaml") == [("A001", 1, 1)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have names on POSIX only")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "net.yaml")
    assert found(tmp_path / "net.yaml") == [("A001", 1, 1)]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(NET)
    path.chmod(0)
    assert found(path) == [("A001", 1, 1)]


def test_a_path_that_is_none() -> None:
    assert found("a\0b.yaml") == [("A001", 1, 1)]
    assert found("a" * 5_000 + ".yaml") == [("A001", 1, 1)]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"archspec: 1\nname: caf\xe9\n", (2, 10)),
        (b"\xff\xfea\x00", (1, 1)),
        ("archspec: 1\nname: é卷".encode() + b"\x80", (2, 9)),
        (b"\xed\xa0\x80", (1, 1)),  # half of a character
    ],
)
def test_bytes_that_are_not_utf_8(data: bytes, place: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_bytes(data)
    assert found(path) == [("A002", *place)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_places_do_not_depend_on_a_byte_order_mark_or_line_ends(encoding: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    text = NET.replace("ReLU", "\"ReLU if 'é' == '卷' else größe\"")
    path.write_bytes(text.replace("\n", ending).encode(encoding))
    assert found(path) == [("A301", 3, 38)]


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(NET + "#" * 300_000)
    assert found(path) == [("A601", 1, 1)]
    library = Library(Diagnostics(), tmp_path, max_bytes=400_000)
    assert library.read(path) is not None


def test_a_file_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("archspec: 1\nblocks: {a: {}}\n")
    diagnostics = Diagnostics()
    library = Library(diagnostics, tmp_path)
    first = library.read(tmp_path / "a.yaml")
    assert library.read(tmp_path / "." / "a.yaml") is first
    assert len(diagnostics) == 1


def test_a_name_means_a_file_of_one_s_own_folder_then_a_packaged_one(tmp_path: Path) -> None:
    library = Library(Diagnostics(), tmp_path)
    assert library.find("resnet") == (packaged("specs") / "resnet.yaml", str(packaged("specs") / "resnet.yaml"))
    (tmp_path / "resnet.yaml").write_text(NET)
    library = Library(Diagnostics(), tmp_path)  # the files of one run stay what they are
    assert library.find("resnet") == (tmp_path / "resnet.yaml", str(tmp_path / "resnet.yaml"))
    assert library.find("resnet.yaml") == library.find("resnet")
    assert library.find("nothing") is None


@pytest.mark.parametrize(
    "name", ["../outside", "folder/../../outside", "link", "linked/outside", "", "a" * 5_000, "a\0b"]
)
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(NET)
    root = tmp_path / "inside"
    (root / "folder").mkdir(parents=True)
    (root / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (root / "linked").symlink_to(tmp_path)
    assert Library(Diagnostics(), root).find(name) is None
    assert Library(Diagnostics(), root).find(str(tmp_path / "outside")) is None
