"""Files: what cannot be read, and how far a spec reaches."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from threading import Thread, Timer

import pytest

import archspec
from archspec.diagnostics import Diagnostics
from archspec.syntax.contents import TooLong, Unreadable, contents
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


# --- what is named by a spec, and what by the user ---------------------------------------------------------

posix = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes and sockets have names on POSIX only")


def said(root: Path, name: str) -> tuple[str, str]:
    """Code and message of a spec in a folder that imports a file, whose name it blames."""
    net = root / "net.yaml"
    net.write_text(f"archspec: 1\nimport: ['{name}']\ninputs: {{image: [N, 3]}}\nlayers: [ReLU]\n")
    [item] = archspec.check(str(net))
    assert (item.span.line, item.span.text) == (2, name)
    return item.code.name, item.message


@pytest.mark.parametrize(
    "name",
    [
        *("..", ".", "/", "~", "~/outside", "../inside/../outside", "./../outside.yaml", "folder/../../outside"),
        *("..\\\\outside", "file:///etc/passwd", "https://example.com/a.yaml", "C:\\\\a.yaml"),
        *("loop", "linked/outside", "a" * 5_000, " outside", "\u043eutside"),
    ],
)
def test_no_import_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("archspec: 1\nblocks: {B: {layers: [ReLU]}}\n")
    root = tmp_path / "inside"
    (root / "folder").mkdir(parents=True)
    (root / "linked").symlink_to(tmp_path)
    (root / "loop.yaml").symlink_to(root / "loop.yaml")
    assert said(root, name)[0] == "A003"


@posix
def test_what_is_no_regular_file_is_never_opened_for_an_import(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "socket.yaml"))
        for name, what in (("pipe", "a pipe"), ("folder", "a directory"), ("socket", "a socket")):
            path = tmp_path / f"{name}.yaml"
            assert said(tmp_path, name) == ("A001", f"`{path}` is {what}")


def test_an_import_that_is_too_large_or_no_text_is_told_where_it_is_named_or_read(tmp_path: Path) -> None:
    (tmp_path / "large.yaml").write_text("#" * 300_000)
    (tmp_path / "empty.yaml").write_text("")
    assert said(tmp_path, "large")[0] == "A601"
    assert found(tmp_path / "empty.yaml") == [("A101", 1, 1)]


@posix
def test_a_pipe_that_the_user_names_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    os.mkfifo(path)
    writer = Thread(target=path.write_text, args=(NET,))
    keeps_it_open = os.open(path, os.O_RDWR)  # so that the writer, and the reader behind it, need not meet
    writer.start()
    writer.join()
    late = Timer(0.2, os.close, [keeps_it_open])
    late.start()
    assert found(path) == []
    late.join()


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="devices have names on POSIX only")
def test_what_has_no_end_is_not_read_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("/dev/zero") == [("A001", 1, 1)]
    read = os.read
    monkeypatch.setattr(os, "read", lambda descriptor, count: read(descriptor, 1) * 64)
    path = tmp_path / "net.yaml"
    path.write_text("#" * 200_000)
    with pytest.raises(TooLong, match="more than 250,000 bytes"):
        contents(path, 250_000, pipes=False)  # it had 200,000 when it was looked at


def test_a_file_that_is_replaced_by_a_pipe_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(NET)
    before = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(Path, "stat", lambda self, **options: before)
    with pytest.raises(Unreadable, match="is a pipe"):
        contents(path, 1_000, pipes=False)


def test_two_names_of_a_file_are_one_file(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (root / "folder" / "a.yaml").write_text("archspec: 1\nblocks: {B: {layers: [ReLU]}}\n")
    (root / "b.yaml").symlink_to(root / "folder" / "a.yaml")
    (tmp_path / "link").symlink_to(root)
    net = "archspec: 1\nimport: [folder/a, b.yaml]\ninputs: {image: [N, 3]}\nlayers: [B]\n"
    (root / "net.yaml").write_text(net)
    for folder in ("root", "link"):
        assert found(tmp_path / folder / "net.yaml") == []


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("blocks/cnv.yaml", "did you mean `blocks/conv.yaml`?"),
        ("block/conv", "did you mean `blocks/conv`?"),
        ("parts/hed", "did you mean `parts/head`?"),
    ],
)
def test_a_misspelt_file_is_met_with_one_within_reach(name: str, help: str, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "head.yml").write_text("")
    net = tmp_path / "net.yaml"
    net.write_text(f"archspec: 1\nimport: [{name}]\ninputs: {{image: [N, 3]}}\nlayers: [ReLU]\n")
    [item] = archspec.check(str(net))
    assert item.helps == (help,)


def test_a_model_of_the_zoo_is_no_spec(tmp_path: Path) -> None:
    net = tmp_path / "net.yaml"
    net.write_text("archspec: 1\nextends: resnet50\n")
    [item] = archspec.check(str(net))
    assert item.code.name == "A003"
    assert item.helps == ("name the spec, `resnet`, and give it these args",)


def test_a_misspelt_target_is_met_with_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(NET)
    [item] = archspec.check(str(tmp_path / "nett.yaml"))
    assert item.helps == (f"did you mean `{tmp_path / 'net.yaml'}`?",)


@pytest.mark.parametrize("name", ["", ".", "..", " ", "resnet50 ", "r\u0435snet50", "resnet50.pt", "zoo"])
def test_a_name_that_is_no_target(name: str) -> None:
    assert found(name) == [("A003", 1, 1)]
