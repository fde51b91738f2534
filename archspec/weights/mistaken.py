"""Files that are taken for weights and are none, told by how they begin."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile, ZipFile

_ZIP = b"PK\x03\x04"

# How a file begins, what it is, and what to do.
_OPENINGS = (
    (b"<!doctype html", "a web page: the download has failed"),
    (b"<html", "a web page: the download has failed"),
    (b"version https://git-lfs", "a pointer of Git LFS, and no weights: `git lfs pull` fetches them"),
    (b"\x89hdf\r\n\x1a\n", "an HDF5 file, as Keras writes it: weights are .safetensors, .pt, .pth"),
    (b"\x93numpy", "an array of NumPy: weights are .safetensors, .pt, .pth"),
)
_TORCHSCRIPT = "a TorchScript archive, which is code: save the state_dict of its module"
_RENAMED = "no safetensors, but a file of torch.save: call it .pt"
_ONNX = "an ONNX file: weights are .safetensors, .pt, .pth, and `archspec verify` compares ONNX files"


def mistaken(path: Path) -> str | None:
    """What a file is that is no weights, and what to do; None where it does not look like anything known."""
    if path.suffix == ".onnx":
        return _ONNX
    opening = _opening(path)
    for begins, what in _OPENINGS:
        if opening.lstrip().lower().startswith(begins):
            return what
    if opening.startswith(_ZIP):
        return _mistaken_zip(path)
    return None


def is_safetensors(path: Path) -> bool:
    """Whether a file begins with the length of a header that has room in it, and with that header."""
    opening = _opening(path)
    return opening[8:9] == b"{" and int.from_bytes(opening[:8], "little") < path.stat().st_size


def _mistaken_zip(path: Path) -> str | None:
    try:
        with ZipFile(path) as archive:
            names = {name.rpartition("/")[2] for name in archive.namelist()}
    except (BadZipFile, OSError):
        return "a broken archive: cut short, perhaps"
    if "constants.pkl" in names:
        return _TORCHSCRIPT
    if "data.pkl" not in names:
        return "an archive that torch.save did not write"
    return _RENAMED if path.suffix == ".safetensors" else None


def _opening(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)
