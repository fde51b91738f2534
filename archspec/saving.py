"""A network saved whole, as a folder: its flat spec, and its weights beside it. `archspec.build` restores it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from archspec import zoo
from archspec.built import architecture_of
from archspec.staging import staged_folder
from archspec.zoo import SAVED_SPEC, SAVED_WEIGHTS

if TYPE_CHECKING:
    from torch import nn

    Path_ = str | os.PathLike[str]


class SaveError(Exception):
    """A module that cannot be saved, or a folder that must not be overwritten."""


def save(model: nn.Module, folder: Path_) -> Path:
    """Write a module that `build` made, with the layers and weights that it has now: `model.yaml`, its flat spec, and
    `model.safetensors`. `archspec.build(folder)` gives it back. Gives the folder.

    A folder that holds an earlier save is replaced as a whole, once all is written. Raises SaveError for one that holds
    anything else, for the one that this process works in, and for a network that a flat spec cannot say, TypeError for
    a module that archspec did not build, ModuleChanged for one that is no longer its spec's, and OSError.
    """
    from safetensors.torch import save_file

    from archspec.backends.spec import ExpandError
    from archspec.version import VERSION

    target = _place(folder)
    architecture = architecture_of(model)
    try:
        text = architecture.expand()
    except ExpandError as error:
        raise SaveError(f"`{architecture.name}` cannot be saved as a flat spec: {error}") from error
    state = {key: tensor.detach().cpu().contiguous().clone() for key, tensor in model.state_dict().items()}
    with staged_folder(target) as staged:
        (staged / SAVED_SPEC).write_text(text, encoding="utf-8")
        save_file(state, staged / SAVED_WEIGHTS, metadata={"format": "pt", "archspec": VERSION})
    return Path(folder)


def _place(folder: Path_) -> Path:
    """Where a folder really is, if it may be written. Raises SaveError and OSError."""
    if isinstance(folder, str) and (zoo.model_named(folder) or folder in zoo.spec_names()):
        raise SaveError(f"`{folder}` alone would mean the network of that name: save to `./{folder}`")
    target = Path(os.path.realpath(folder))
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(f"{folder} is a file, and a network is saved as a folder")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent}")
    if target.is_dir() and os.path.samefile(target, os.curdir):  # which would be left behind without a name
        raise SaveError(f"{target} is where this process works, and cannot be replaced: save to a new folder")
    present = list(target.iterdir()) if target.is_dir() else []
    if others := [path.name for path in present if path.name not in (SAVED_SPEC, SAVED_WEIGHTS) or path.is_dir()]:
        raise SaveError(f"{folder} holds other files ({min(others)}), and is not overwritten: save to a new folder")
    return target
