"""A network saved whole, as a folder: its flat spec, and its weights beside it. `archspec.build` restores it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from archspec import zoo
from archspec.built import architecture_of, facts_now
from archspec.deployment import channels_of, classes_of
from archspec.render import count
from archspec.staging import staged_folder
from archspec.syntax.library import recipe_names
from archspec.weights.facts import Facts
from archspec.weights.whose import suited
from archspec.weights.writing import write_weights
from archspec.zoo import SAVED_SPEC, SAVED_WEIGHTS

if TYPE_CHECKING:
    from torch import nn

    from archspec.architecture import Architecture
    from archspec.graph import Graph

    Path_ = str | os.PathLike[str]


class SaveError(Exception):
    """A module that cannot be saved, or a folder that must not be overwritten."""


def save(model: nn.Module, folder: Path_, *, facts: Facts | None = None) -> Path:
    """Write a module that `build` made, with the layers and weights that it has now: `model.yaml`, its flat spec, and
    `model.safetensors`. `archspec.build(folder)` gives it back. Gives the folder.

    What is known of the weights goes with them: `facts`, and where those say nothing, what is known of the weights that
    the module was built with. Equal modules give equal bytes.

    A folder that holds an earlier save is replaced as a whole, once all is written. Raises SaveError for one that holds
    anything else, for the one that this process works in, for a network that a flat spec cannot say, and for facts that
    cannot be those of the network; TypeError for a module that archspec did not build, ModuleChanged for one that is no
    longer its spec's, and OSError.
    """
    target = _place(folder)
    architecture = architecture_of(model)
    text, known = _flat(architecture), _known(model, architecture.graph, facts or Facts())
    with staged_folder(target) as staged:
        (staged / SAVED_SPEC).write_text(text, encoding="utf-8")
        write_weights(model.state_dict(), staged / SAVED_WEIGHTS, known)
    return Path(folder)


def _flat(architecture: Architecture) -> str:
    from archspec.backends.spec import ExpandError

    try:
        return architecture.expand(settled=True)
    except ExpandError as error:
        raise SaveError(f"`{architecture.name}` cannot be saved as a flat spec: {error}") from error


def _known(model: nn.Module, graph: Graph, given: Facts) -> Facts:
    """What goes with the weights of a module: the `given` facts, and where those say nothing, what is known. Raises
    SaveError for facts that cannot be meant."""
    if given != suited(given, graph):
        raise SaveError(f"{_contradiction(given, graph)}: these are the facts of another network")
    return given.or_else(suited(facts_now(model), graph))


def _contradiction(facts: Facts, graph: Graph) -> str:
    classes, channels = classes_of(graph), channels_of(graph)
    if facts.classes and len(facts.classes) != classes:
        tells = f"tells {classes} classes apart" if classes else "has no classes that are known"
        return f"`{graph.name}` {tells}, and {len(facts.classes)} were named"
    assert facts.preprocessing
    given = len(facts.preprocessing.mean)
    assert channels
    read = count(channels, "channel")
    return f"the images that `{graph.name}` reads have {read}, and the mean and std are of {given}"


def _place(folder: Path_) -> Path:
    """Where a folder really is, if it may be written. Raises SaveError and OSError."""
    if isinstance(folder, str):
        is_network = zoo.model_named(folder) or folder in zoo.spec_names()
        if is_network or folder in recipe_names():
            what = "network" if is_network else "recipe"
            raise SaveError(f"`{folder}` alone would mean the {what} of that name: save to `./{folder}`")
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
