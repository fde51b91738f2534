"""What a file holds: the same as the libraries that wrote it say, and a clear word where it holds no weights."""

from __future__ import annotations

import argparse
import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from archspec.weights import WeightsError
from archspec.weights.checkpoint import of_state, read_checkpoint

STATE = {"a.weight": torch.zeros(2, 3), "a.bias": torch.zeros(2), "n": torch.tensor(1), "e": torch.zeros(0, 4)}


def test_the_header_of_safetensors_says_what_the_library_says(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "w.safetensors", metadata={"format": "pt"})
    found = read_checkpoint(tmp_path / "w.safetensors")
    with safe_open(tmp_path / "w.safetensors", "pt") as file:
        assert found.shapes == {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
    assert found.tensors().keys() == STATE.keys()


@pytest.mark.parametrize("zipped", [True, False])
def test_files_of_torch_of_both_kinds_are_read(zipped: bool, tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    found = read_checkpoint(tmp_path / "w.pth")
    assert list(found.shapes) == list(STATE)
    assert all(torch.equal(found.tensors()[key], tensor) for key, tensor in STATE.items())


@pytest.mark.parametrize(
    ("saved", "inside", "averaged"),
    [
        (STATE, "", ()),
        ({"state_dict": STATE, "epoch": 1, "optimizer": {"state": {}, "param_groups": []}}, "state_dict", ()),
        ({"epoch": 1, "model_state_dict": STATE, "loss": 0.5}, "model_state_dict", ()),
        ({"model_ema": STATE, "model": STATE}, "model", ("model_ema",)),
        ({"model_ema": STATE, "epoch": 2}, "model_ema", ()),
        ({"generator": STATE, "step": 2}, "generator", ()),
    ],
)
def test_a_nested_state_dict_is_found(saved: Any, inside: str, averaged: tuple[str, ...], tmp_path: Path) -> None:
    torch.save(saved, tmp_path / "w.pt")
    found = read_checkpoint(tmp_path / "w.pt")
    assert (found.inside, found.averaged) == (inside, averaged)
    assert set(found.besides) == (saved.keys() - {inside} if inside else set())
    assert list(found.shapes) == list(STATE)


@pytest.mark.parametrize(
    ("saved", "said"),
    [
        ({"generator": STATE, "critic": STATE}, "holds several state_dicts: generator, critic"),
        ({"epoch": 1}, "holds no state_dict"),
        ([1, 2], "holds no state_dict"),
        (torch.zeros(2), "holds no state_dict"),
        ({"state_dict": STATE, "args": argparse.Namespace()}, "holds argparse.Namespace, which is more than tensors"),
        (torch.nn.Linear(2, 2), "which is more than tensors; code is never unpickled"),
    ],
)
def test_what_holds_no_weights_is_told(saved: Any, said: str, tmp_path: Path) -> None:
    torch.save(saved, tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=said):
        read_checkpoint(tmp_path / "w.pt")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("w.pth", b"<!DOCTYPE html>\n<html>404</html>", "is a web page: the download has failed"),
        ("w.pth", b"\n <HTML><head>", "is a web page"),
        ("w.pth", b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", "`git lfs pull` fetches them"),
        ("w.pth", b"\x89HDF\r\n\x1a\n" + bytes(100), "is an HDF5 file, as Keras writes it"),
        ("w.pt", b"\x93NUMPY\x01\x00", "is an array of NumPy"),
        ("w.onnx", b"\x08\x08\x12\x08archspec", "is an ONNX file: weights are .safetensors, .pt, .pth"),
        ("w.pt", b"PK\x03\x04" + bytes(100), "is a broken archive: cut short, perhaps"),
    ],
)
def test_what_is_mistaken_for_weights_is_told(name: str, data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(WeightsError, match=said):
        read_checkpoint(tmp_path / name)


def test_archives_of_other_kinds_are_told(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "torch.safetensors")
    np.savez(tmp_path / "numpy.npz", a=np.zeros(3))
    with zipfile.ZipFile(tmp_path / "script.pt", "w") as archive:  # as torch.jit.save writes it
        for part in ("data.pkl", "constants.pkl", "code/__torch__.py"):
            archive.writestr(f"script/{part}", b"")
    for name, said in [
        ("torch.safetensors", "is no safetensors, but a file of torch.save: call it .pt"),
        ("numpy.npz", "is an archive that torch.save did not write"),
        ("script.pt", "is a TorchScript archive, which is code: save the state_dict of its module"),
    ]:
        with pytest.raises(WeightsError, match=said):
            read_checkpoint(tmp_path / name)


def test_safetensors_are_known_by_their_beginning(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "w.pth")
    found = read_checkpoint(tmp_path / "w.pth")
    assert found.format == "safetensors"
    assert found.tensors().keys() == STATE.keys()


def test_code_is_never_unpickled(tmp_path: Path) -> None:
    for saved, said in [
        ({"a": np.zeros(3)}, "holds numpy"),
        ({"join": os.path.join}, r"holds \w+path.join, which is more than tensors; code is never unpickled: save the"),
    ]:
        torch.save(saved, tmp_path / "w.pt")
        with pytest.raises(WeightsError, match=said):
            read_checkpoint(tmp_path / "w.pt")


def test_a_folder_and_a_missing_file_are_no_weights(tmp_path: Path) -> None:
    for name in ("nothing.pt", "a\0b.pt", f"{'long' * 100}.pt"):
        with pytest.raises(WeightsError, match="there is no weights file"):
            read_checkpoint(tmp_path / name)
    with pytest.raises(WeightsError, match=r"is a directory without model\.safetensors"):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_an_empty_file_is_told_so(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"w{suffix}"
    path.touch()
    with pytest.raises(WeightsError, match=f"the weights file .*w{suffix} is empty$"):
        read_checkpoint(path)


def test_an_unpickler_s_words_are_not_told(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    path.write_text("hello", encoding="utf-8")
    with pytest.raises(WeightsError, match=r"is no file of torch.save, or a broken one$"):
        read_checkpoint(path)


def _safetensors(header: bytes, length: int | None = None) -> bytes:
    return (len(header) if length is None else length).to_bytes(8, "little") + header


@pytest.mark.parametrize(
    "data",
    [
        b"\x02",
        _safetensors(b"{}", 2**60),
        _safetensors(b"[]"),
        _safetensors(b'{"a": 1}'),
        _safetensors(b'{"a": {"shape": ["x"]}}'),
        _safetensors(b'{"a": {"dtype": "F32"}}'),
        _safetensors(b'{"a"'),
        _safetensors(b"\xff\xfe"),
        _safetensors(b"[" * 100_000),
    ],
)
def test_no_broken_header_is_more_than_a_message(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(data)
    with pytest.raises(WeightsError, match="is no safetensors file") as caught:
        read_checkpoint(tmp_path / "w.safetensors")
    assert not re.search("object|argument|recursion|: '[a-z]+'$", str(caught.value))


@given(cut=st.integers(0, 200), flip=st.integers(0, 200), suffix=st.sampled_from([".safetensors", ".pt"]))
def test_no_broken_file_is_more_than_a_message(
    cut: int, flip: int, suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("broken") / f"w{suffix}"
    if suffix == ".pt":
        torch.save(STATE, path)
    else:
        save_file(STATE, path)
    data = bytearray(path.read_bytes())
    data[flip % len(data)] ^= 0x55
    path.write_bytes(data[: len(data) - cut])
    try:
        read_checkpoint(path).tensors()
    except WeightsError:
        return


def test_an_empty_state_dict_is_one() -> None:
    assert of_state("nothing", {}).shapes == {}


def test_a_header_with_metadata_alone_has_no_tensors(tmp_path: Path) -> None:
    header = json.dumps({"__metadata__": {"format": "pt"}}).encode()
    (tmp_path / "w.safetensors").write_bytes(_safetensors(header))
    assert read_checkpoint(tmp_path / "w.safetensors").shapes == {}
