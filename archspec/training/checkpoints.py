"""What a run keeps of a training: the network of its best epoch, and all that the training goes on from.

Both are networks as `archspec.save` writes them. Beside the second stand `state.json` and the tensors that are not the
network's own: of the optimizer, and the average of the weights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from archspec.recipes import Recipe, meant
from archspec.staging import replace, settle, staged, staged_folder
from archspec.training import TrainingError
from archspec.training.loop import Epoch, State
from archspec.weights.facts import Facts
from archspec.weights.writing import write_weights
from archspec.zoo import SAVED_SPEC, SAVED_WEIGHTS

_STATE = "state.json"
_NETWORK = "model"  # among the tensors of a state


class Saved(NamedTuple):
    """A network as a flat spec, and what is known of its weights."""

    spec: str
    facts: Facts


class Checkpoint(NamedTuple):
    """A training by a recipe, after `epochs`. `data` are the facts of what it is trained on."""

    state: State
    epochs: tuple[Epoch, ...]
    recipe: Recipe
    data: Mapping[str, Any]


def keep_best(folder: Path, network: Saved, tensors: Mapping[str, Tensor]) -> None:
    """Write the network of a run's best epoch into its folder, where anything else stays as it is."""
    with staged(folder / SAVED_WEIGHTS) as file:
        write_weights(tensors, file, network.facts)
    if not (folder / SAVED_SPEC).exists():
        replace(folder / SAVED_SPEC, network.spec.encode())


def read_best(folder: Path) -> dict[str, Tensor]:
    """The tensors of a run's best epoch. Raises TrainingError and OSError."""
    return _load(folder / SAVED_WEIGHTS)


def keep_last(place: Path, network: Saved, checkpoint: Checkpoint) -> None:
    """Write what a training goes on from, in the place of what it went on from before."""
    others = {
        "epochs": [epoch._asdict() for epoch in checkpoint.epochs],
        "recipe": meant(checkpoint.recipe),
        "data": checkpoint.data,
        "values": checkpoint.state.values,
    }
    with staged_folder(place) as folder:
        (folder / SAVED_SPEC).write_text(network.spec, encoding="utf-8")
        for name, tensors in checkpoint.state.tensors.items():
            write_weights(tensors, folder / f"{name}.safetensors", network.facts if name == _NETWORK else Facts())
        (folder / _STATE).write_text(json.dumps(others, indent=1), encoding="utf-8")


def read_last(place: Path) -> Checkpoint:
    """What `keep_last` has written, also where a later one of its kind was killed. Raises TrainingError where there is
    nothing of that kind, and OSError."""
    settle(place)
    try:
        others = json.loads((place / _STATE).read_text(encoding="utf-8"))
        epochs = tuple(Epoch(**epoch) for epoch in others["epochs"])
        recipe = Recipe.model_validate_json(json.dumps(others["recipe"]))
        values, data = others["values"], others["data"]
    except FileNotFoundError:
        raise TrainingError(f"there is no {place / _STATE}, which a training would go on from") from None
    except (ValueError, TypeError, KeyError) as error:
        raise TrainingError(f"{place / _STATE} is not what a training has written: {error}") from error
    tensors = {file.stem: _load(file) for file in sorted(place.glob("*.safetensors"))}
    return Checkpoint(State(tensors, values), epochs, recipe, data)


def spec_of(folder: Path) -> str | None:
    """The flat spec of a saved network, if it is there."""
    path = folder / SAVED_SPEC
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _load(file: Path) -> dict[str, Tensor]:
    try:
        return load_file(file)
    except SafetensorError as error:
        raise TrainingError(f"{file} is damaged: {error}") from error
