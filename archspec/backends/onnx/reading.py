"""ONNX files that may be anybody's, or no ONNX files at all: read with one word for all that can be wrong with them."""

from __future__ import annotations

import os

import numpy as np
import onnx
import onnx_ir as ir
from google.protobuf.message import Message

Path_ = str | os.PathLike[str]


class NotOnnxError(ValueError):
    """A file that is no ONNX model, or a broken one."""


def weights_of(path: Path_) -> dict[str, np.ndarray]:
    """The initialisers of a file by name, which in ours are state_dict keys, besides constants (`path/const`).
    Raises OSError for a file that cannot be read, or whose data cannot; NotOnnxError for one that holds no ONNX model.
    """
    with open(path, "rb"):  # what the system has against it is told in its words
        pass
    try:
        proto = onnx.load(path, format="protobuf", load_external_data=False)
        _require_data(proto, path)
        onnx.checker.check_model(os.fspath(path))
        if not _is_text(proto):
            raise UnicodeError("a text of it is no UTF-8")
        model = ir.from_proto(proto)
        ir.external_data.set_base_dir(model.graph, os.path.dirname(os.path.abspath(path)))
        tensors = {name: value.const_value for name, value in model.graph.initializers.items()}
        return {name: tensor.numpy() for name, tensor in tensors.items() if tensor is not None}
    except FileNotFoundError:
        raise
    except Exception as error:  # parsers raise anything over arbitrary bytes
        told = str(error).strip().splitlines() if isinstance(error, onnx.checker.ValidationError) else []
        reason = f": {told[0].rstrip('.')}" if told else ""
        raise NotOnnxError(f"{path} is no ONNX file, or a broken one{reason}") from error


def _require_data(model: onnx.ModelProto, path: Path_) -> None:
    """Raise FileNotFoundError for a file beside the model that holds tensors of it, and is not there."""
    folder = os.path.dirname(os.path.abspath(path))
    entries = (entry for tensor in model.graph.initializer for entry in tensor.external_data)
    places = dict.fromkeys(entry.value for entry in entries if entry.key == "location")
    missing = next((place for place in places if not os.path.exists(os.path.join(folder, place))), None)
    if missing is not None:
        raise FileNotFoundError(f"{path} keeps its weights in {missing}, which is not beside it")


def _is_text(message: Message) -> bool:
    """Whether all strings of a message are UTF-8: protobuf gives the others as bytes."""
    for field, value in message.ListFields():
        if field.type in (field.TYPE_STRING, field.TYPE_MESSAGE):
            values = (value,) if isinstance(value, str | bytes | Message) else value
            if any(isinstance(each, bytes) or (isinstance(each, Message) and not _is_text(each)) for each in values):
                return False
    return True
