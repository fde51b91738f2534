"""Files of weights: what they hold, found out without building anything, and their tensors when they are wanted."""

from __future__ import annotations

import json
import os
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from archspec.weights import WeightsError
from archspec.weights.layers import natural
from archspec.weights.mistaken import is_safetensors, mistaken
from archspec.zoo import SAVED_WEIGHTS

if TYPE_CHECKING:
    from torch import Tensor

Shape: TypeAlias = tuple[int, ...]

# What training programs call the weights in what they save, the first that is there being meant; and their averages.
_NESTED = ("state_dict", "model_state_dict", "model", "net", "network", "module", "weights", "params")
_AVERAGED = ("model_ema", "state_dict_ema", "ema_state_dict", "ema_model", "ema", "params_ema")
_SAFETENSORS = "safetensors"
_LONGEST_HEADER = 100_000_000  # bytes, as safetensors itself has it


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tensors of a file by key: their shapes at once, themselves from `tensors`.

    `inside` is the entry under which a training program keeps them, `besides` names what it saved beside them.
    """

    name: str
    format: str
    shapes: Mapping[str, Shape]
    inside: str = ""
    besides: tuple[str, ...] = ()
    state: Mapping[str, Tensor] | None = None

    @property
    def is_ordered(self) -> bool:
        """Whether its keys stand in the order of the layers: safetensors has its own."""
        return self.format != _SAFETENSORS

    @property
    def averaged(self) -> tuple[str, ...]:
        """The averages of the weights that lie beside them, which are not read."""
        return tuple(name for name in self.besides if name in _AVERAGED)

    def tensors(self) -> Mapping[str, Tensor]:
        """The tensors themselves. Raises WeightsError."""
        return _safetensors(Path(self.name)) if self.state is None else self.state


def read_checkpoint(path: Path) -> Checkpoint:
    """What a file of safetensors or of `torch.save` holds, whatever it is called, or the one in a folder that
    `archspec.save` has written; of safetensors only the header is read, without torch. Raises WeightsError."""
    path = file_meant(path)
    if os.path.getsize(path) == 0:
        raise WeightsError(f"the weights file {path} is empty")
    if what := mistaken(path):
        raise WeightsError(f"{path} is {what}")
    if is_safetensors_file(path):
        shapes = read_header(path).shapes
        return Checkpoint(str(path), _SAFETENSORS, {key: shapes[key] for key in sorted(shapes, key=natural)})
    return of_state(str(path), _loaded(path))


def file_meant(path: Path) -> Path:
    """The file of weights that a path means: of a folder, the one that `archspec.save` puts there. Raises
    WeightsError."""
    if os.path.isdir(path):
        if not os.path.isfile(path / SAVED_WEIGHTS):
            what = "weights are a file (.safetensors, .pt, .pth), or a folder that archspec has saved"
            raise WeightsError(f"{path} is a directory without {SAVED_WEIGHTS}: {what}")
        return path / SAVED_WEIGHTS
    if not os.path.isfile(path):
        raise WeightsError(f"there is no weights file {path}")
    return path


def is_safetensors_file(path: Path) -> bool:
    """Whether a file has to be read as safetensors, by its name or by how it begins."""
    return path.suffix == ".safetensors" or is_safetensors(path)


def of_state(name: str, loaded: object) -> Checkpoint:
    """What was read by torch as a checkpoint. Raises WeightsError where it holds no state_dict, or several."""
    if isinstance(loaded, Mapping) and _is_state(loaded):
        return Checkpoint(name, "torch.save", _shapes(loaded), state=loaded)
    entries = loaded if isinstance(loaded, Mapping) else {}
    states = {key: value for key, value in entries.items() if isinstance(key, str) and value and _is_state(value)}
    known = [key for key in (*_NESTED, *_AVERAGED) if key in states]
    inside = known[0] if known else next(iter(states), "")
    if not inside:
        raise WeightsError(f"{name} holds no state_dict, a mapping of names to tensors")
    if not known and len(states) > 1:
        raise WeightsError(f"{name} holds several state_dicts: {', '.join(states)}; save the one that is meant alone")
    state = states[inside]
    besides = tuple(str(key) for key in entries if key != inside)
    return Checkpoint(name, "torch.save", _shapes(state), inside, besides, state)


def sizes(shape: Shape) -> str:
    """A shape as people write it."""
    return "x".join(map(str, shape)) or "one number"


def _is_state(value: object) -> bool:
    import torch

    return isinstance(value, Mapping) and all(
        isinstance(key, str) and isinstance(item, torch.Tensor) for key, item in value.items()
    )


def _shapes(state: Any) -> dict[str, Shape]:
    return {key: tuple(tensor.shape) for key, tensor in state.items()}


def _loaded(path: Path) -> object:
    """What `torch.save` wrote; the tensors of a zip file stay on the disk until they are read."""
    from zipfile import is_zipfile

    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=is_zipfile(path))
    except pickle.UnpicklingError as error:
        name = re.search(r"GLOBAL (\S+)", str(error))
        what = f"holds {name[1]}, which is more than tensors" if name else "holds more than tensors, or is broken"
        raise WeightsError(f"{path} {what}; code is never unpickled: save the state_dict alone") from None
    except Exception as error:  # an unpickler on arbitrary bytes raises anything, with words that tell nothing
        raise WeightsError(f"{path} is no file of torch.save, or a broken one") from error


def _safetensors(path: Path) -> Mapping[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is no safetensors file: {error}") from None


class Header(NamedTuple):
    """What the header of a safetensors file says: the shapes of its tensors, and whatever its writer told of them."""

    shapes: dict[str, Shape]
    metadata: dict[str, str]


def read_header(path: Path) -> Header:
    """The header of a safetensors file: its length in 8 bytes, and then JSON. The library reads it too, but only
    beside numpy or torch. Raises WeightsError. Source of the format: https://github.com/huggingface/safetensors."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(_LONGEST_HEADER, path.stat().st_size - 8):
                raise ValueError(f"its header cannot have {length:,} bytes")
            entries = json.loads(file.read(length))
        metadata = entries.pop("__metadata__", None) or {}
        if not all(isinstance(text, str) for text in metadata.values()):
            raise ValueError("its metadata are not all text")
        return Header({key: _shape(entry) for key, entry in entries.items()}, metadata)
    except ValueError as error:
        raise WeightsError(f"{path} is no safetensors file: {error}") from None
    except (TypeError, KeyError, AttributeError, RecursionError):
        raise WeightsError(f"{path} is no safetensors file: its header is JSON of another form") from None


def _shape(entry: Any) -> Shape:
    shape = tuple(entry["shape"])
    if not all(isinstance(size, int) for size in shape):
        raise ValueError(f"a tensor cannot have the sizes {list(shape)}")
    return shape
