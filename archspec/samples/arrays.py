"""Arrays of numpy, each a sample or a batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from archspec.samples.files import SamplesError
from archspec.types import TensorType


def read_array(path: Path, type_: TensorType) -> Tensor:
    """A batch for an input of this type, from a file that holds one, or one sample without its axis. Raises
    SamplesError for a file that can't be read (pickled objects never are), and for an array that doesn't fit."""
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise SamplesError(f"{path} is no .npy file of numbers") from error
    if not isinstance(array, np.ndarray):
        raise SamplesError(f"{path} is an archive of several arrays, and has to be one")
    if str(array.dtype) != type_.dtype:
        raise SamplesError(f"{path} holds {array.dtype}, and the network reads {type_.dtype}")
    if array.ndim == type_.rank - 1:
        array = array[None]
    sizes = zip(array.shape, type_.shape, strict=False)
    if array.ndim != type_.rank or any(isinstance(wanted, int) and size != wanted for size, wanted in sizes):
        found = " x ".join(map(str, array.shape)) or "no axes"
        raise SamplesError(f"{path} holds {found}, and the network reads {type_}")
    if type_.dtype.is_floating and not np.isfinite(array).all():
        raise SamplesError(f"{path} holds numbers that are not finite")
    return torch.from_numpy(np.ascontiguousarray(array))
