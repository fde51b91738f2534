"""ONNX files: written whole and checked, or not at all, alone or with their tensors beside them.

A file is made in a folder of its own beside its destination, under its final name, so that its tensors are found
there already, and moved into place by a rename (`archspec.staging`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import onnx
import onnx_ir as ir
from safetensors import SafetensorError, safe_open

from archspec import staging
from archspec.backends.onnx.emitter import EmitError
from archspec.backends.onnx.wire import Place, write_model, write_safetensors, write_tensors

Path_ = str | os.PathLike[str]
ExternalData: TypeAlias = Literal["auto", "never", "safetensors"]

LARGEST_FILE = 2**31 - 2**26  # bytes of tensors: protobuf's 2 GiB, less what the nodes may take
_LEAST_BESIDE = 1024  # bytes of a tensor; constants stay where the nodes are
_FAILED = ".failed"
_KINDS: tuple[ExternalData, ...] = ("auto", "safetensors")
_WRITTEN_WITH = "onnx"  # an entry of a safetensors' metadata: the name of the model that reads it


class UnsoundError(Exception):
    """A file that onnx itself refuses. The first line of what it says; `kept` is the file, if it was to be kept."""

    kept: Path | None = None

    def __init__(self, error: Exception) -> None:
        super().__init__(f"onnx refuses the file: {str(error).strip().splitlines()[0]}")


def write(model: ir.Model, path: Path_) -> None:
    """Save a model, check the file, and only then put it in place of what is there.

    Raises UnsoundError, and OSError; nothing is left behind then, nor on an interrupt.
    """
    with staged(path) as temporary:
        save(model, temporary)
        check(temporary)


def data_path(path: Path_, external_data: ExternalData) -> Path:
    """The file that the tensors of a model get where they stand beside it."""
    path = Path(path)
    if external_data == "safetensors":
        return path.with_name(f"{path.name.removesuffix('.onnx')}.safetensors")
    return path.with_name(f"{path.name}.data")


def require_place(path: Path_, external_data: ExternalData = "auto") -> None:
    """Raise OSError where a model, or the tensors beside it, would have no place: safetensors that were not written
    with a model of this name are somebody's weights. Raises EmitError for a word that is no `external_data`."""
    if external_data not in get_args(ExternalData):
        raise EmitError(f"the external data `{external_data}` are none of {', '.join(get_args(ExternalData))}")
    staging.require_place(path)
    if external_data != "safetensors":
        return
    if os.path.islink(path):
        raise _through_link(path)
    data = data_path(path, external_data)
    staging.require_place(data)
    name = os.path.basename(path)
    if data.exists() and _model_of(data) != name:
        raise FileExistsError(f"{data} is there already, and was not written with {name}: choose another name")


@contextmanager
def staged(path: Path_) -> Iterator[Path]:
    """A path to write a model to, which becomes `path` if the block ends well, and vanishes if it doesn't.

    A file of tensors made beside it comes along. Where it takes the place of an older one that a model at `path` may
    read, that model is replaced first, by one that reads the new tensors under a name of their own: so there is no
    moment at which a model stands beside tensors of another. Raises OSError.
    """
    target = Path(os.path.realpath(path))
    with staging.staged(path) as temporary:
        yield temporary
        if os.path.islink(path) and _beside(temporary):
            raise _through_link(path)
        _hand_over(temporary, target)
    for left in staging.leftovers(target):
        if left.is_file():  # tensors under a name of their own, which nothing reads any more
            left.unlink()


def keep_failed(temporary: Path, path: Path_) -> Path:
    """Move a model that was made in a `staged` block, and its tensors, to `path` with `.failed` behind all names; gives
    the path. Raises OSError."""
    failed = Path(f"{os.fspath(path)}{_FAILED}")
    with staged(failed) as place:
        names = {file.name: f"{file.name}{_FAILED}" for file in _beside(temporary)}
        for old, new in names.items():
            os.replace(temporary.with_name(old), place.with_name(new))
        if names:
            _write_reading(temporary, names, place)
        else:
            os.replace(temporary, place)
    return failed


def save(
    model: ir.Model, path: Path, external_data: ExternalData = "auto", tensors: Mapping[str, Any] | None = None
) -> None:
    """Write a model, unchecked. Its tensors go to a file beside it where one file can't hold them, unless they `never`
    may; or always, as `safetensors`, which hold all the network's `tensors` by their keys, each as the model has it.
    Raises EmitError for a model that would be too large, and OSError."""
    inside = {str(tensor.name): tensor for tensor in _tensors(model)}
    total = sum(tensor.nbytes for tensor in inside.values())
    data = data_path(path, external_data)
    places: dict[str, Place] = {}
    if external_data == "safetensors":
        entries = (tensors or {}).items()
        every = [inside[key] if key in inside else ir.tensor(tensor, name=key) for key, tensor in entries]
        with data.open("wb") as file:
            metadata = {**model.metadata_props, "format": "pt", _WRITTEN_WITH: path.name}
            places = write_safetensors(every, file, data.name, metadata)
    elif total > LARGEST_FILE:
        if external_data == "never":
            size = f"{total / 1e9:.2f} GB of tensors, and one ONNX file holds 2 GB"
            raise EmitError(f"the network has {size}: `--external-data auto` writes them beside it")
        with data.open("wb") as file:
            large = [tensor for tensor in inside.values() if tensor.nbytes >= _LEAST_BESIDE]
            places = write_tensors(large, file, data.name)
    with path.open("wb") as file:
        write_model(model, file, {name: place for name, place in places.items() if place.length})


def files_of(path: Path_) -> list[Path]:
    """A model that this package has written, and the file of its tensors, where they stand beside it."""
    path = Path(path)
    beside = [data for kind in _KINDS if (data := data_path(path, kind)).exists()]
    if not beside:
        return [path]
    proto = onnx.load(path, format="protobuf", load_external_data=False)
    read = {entry.value for tensor in proto.graph.initializer for entry in tensor.external_data}
    return [path, *(data for data in beside if data.name in read)]


def check(path: Path) -> None:
    """Run onnx's checker and its strict shape inference over a file. Raises UnsoundError."""
    try:
        onnx.checker.check_model(path, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise UnsoundError(error) from error


def _tensors(model: ir.Model) -> list[ir.TensorProtocol]:
    return [value.const_value for value in model.graph.initializers.values() if value.const_value is not None]


def _hand_over(temporary: Path, target: Path) -> None:
    """Put a staged model in its place already, with its tensors under a name of their own, where their final name is
    one that the model of before may read."""
    names = [file.name for file in _beside(temporary) if (target.parent / file.name).exists()]
    if not names or not target.exists():
        return
    taken = {name: staging.fresh_name(target) for name in names}
    model = temporary.with_name("interim")
    _write_reading(temporary, {name: interim.name for name, interim in taken.items()}, model)
    try:
        for name, interim in taken.items():
            shutil.copyfile(temporary.with_name(name), interim)  # onnx refuses files of two names
    except BaseException:
        for interim in taken.values():
            interim.unlink(missing_ok=True)
        raise
    staging.move(model, target)


def _through_link(path: Path_) -> OSError:
    """onnx and onnxruntime look for tensors beside the link, and refuse them there."""
    real = os.path.realpath(path)
    return OSError(f"{path} is a link, through which tensors beside the model are not found: write to {real} itself")


def _beside(temporary: Path) -> list[Path]:
    return [file for file in temporary.parent.iterdir() if file != temporary]


def _write_reading(model: Path, names: Mapping[str, str], copy: Path) -> None:
    """Write a model again such that it reads its tensors under new names."""
    proto = onnx.load(model, format="protobuf", load_external_data=False)
    for tensor in proto.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = names[entry.value]
    copy.write_bytes(proto.SerializeToString())


def _model_of(data: Path) -> str | None:
    """The name of the model that a file of safetensors was written with."""
    try:
        with safe_open(data, framework="numpy") as file:
            return (file.metadata() or {}).get(_WRITTEN_WITH)
    except SafetensorError:
        return None
