"""ONNX files: written whole and checked, or not at all; and their weights read back.

A file is made in a directory of its own beside its destination, under its final name, so that external
data is found there already, and moved into place by a rename.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
from google.protobuf.message import DecodeError

from archspec.backends.onnx.wire import write_model

# protobuf's 2 GiB, less what the nodes may take
_LARGEST_FILE = 2**31 - 2**26


class NotOnnxError(ValueError):
    """A file that is no ONNX model."""


def write(model: ir.Model, path: str | os.PathLike[str]) -> None:
    """Save a model, check the file, and only then put it in place of what is there.

    Raises onnx.checker.ValidationError or onnx.shape_inference.InferenceError for a model that is not
    sound, and OSError; nothing is left behind then, nor on an interrupt.
    """
    with staged(path) as temporary:
        save(model, temporary)
        check(temporary)


@contextmanager
def staged(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path to write to, which becomes `path` if the block ends well, and vanishes if it doesn't.

    Files made beside it come along; that is meant for external data.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    directory = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield directory / target.name
        # The model last: it is whole once it is there.
        for file in sorted(directory.iterdir(), key=lambda file: file.name == target.name):
            os.replace(file, target.parent / file.name)
    finally:
        shutil.rmtree(directory)


def save(model: ir.Model, path: Path) -> None:
    """Write a model, unchecked. Its tensors go to `<path>.data` where one file can't hold them."""
    tensors = [value.const_value for value in model.graph.initializers.values() if value.const_value is not None]
    if sum(tensor.nbytes for tensor in tensors) > _LARGEST_FILE:
        ir.save(model, path, external_data=f"{path.name}.data")
    else:
        with path.open("wb") as file:
            write_model(model, file)


def check(path: Path) -> None:
    """Run onnx's checker and its strict shape inference over a file."""
    onnx.checker.check_model(path, full_check=True)


def weights_of(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """The initialisers of a file by name, which in ours are state_dict keys, besides constants (`path/const`).
    Raises OSError for a file that cannot be read, NotOnnxError for one that holds no ONNX model."""
    try:
        model = ir.load(path, format="protobuf")
    except DecodeError:
        raise NotOnnxError(f"{path} is no ONNX file") from None
    if not model.graph.outputs:
        raise NotOnnxError(f"{path} holds no ONNX model")
    return {name: value.const_value.numpy() for name, value in model.graph.initializers.items() if value.const_value}
