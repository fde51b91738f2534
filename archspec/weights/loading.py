"""Weights into a module: found by what a user calls them, fitted by name and shape, loaded strictly."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.weights import MisfitError, WeightsError, published
from archspec.weights.checkpoint import Checkpoint, Shape, of_state, read_checkpoint, sizes
from archspec.weights.fitting import Fit, fit
from archspec.weights.layers import by_layer, layers
from archspec.weights.renames import Table, read_table

if TYPE_CHECKING:
    from torch import Tensor, nn

    from archspec.zoo import ZooModel

_log = logging.getLogger("archspec")
_FIRST = 3  # layers that a message names


def find_weights(weights: str, model: ZooModel | None) -> Checkpoint:
    """What is meant by a name of the zoo model's published weights, or by a file's, which may also lie in torch.hub's
    directory; fetched if need be. Raises WeightsError."""
    path = file_of(weights, model)
    if path is not None:
        return read_checkpoint(path)
    name = published.known_name(weights, model)
    assert name is not None
    assert model is not None
    fetched = published.fetch(name, model)
    return read_checkpoint(fetched) if isinstance(fetched, Path) else of_state(name, fetched)


def file_of(weights: str, model: ZooModel | None) -> Path | None:
    """The file or folder that is meant; None for torchvision's by name, which may have to be fetched. Raises
    WeightsError for what is neither."""
    is_file = published.is_file_name(weights)
    path = _file(weights) if is_file else None
    if path is not None:
        return path
    name = published.known_name(weights, model)
    if name is None and os.path.exists(weights):
        return Path(weights)
    if name is None and is_file:
        places = "" if _has_folder(weights) else f", neither here nor in {published.checkpoints()}"
        raise WeightsError(f"there is no weights file {weights}{places}")
    if name is None or model is None:
        raise published.no_such_weights(weights, model)
    return model.files.get(name)


def _file(weights: str) -> Path | None:
    """The file of this name, which may be given bare and lie where torch.hub keeps what was fetched."""
    path = Path(weights)
    if os.path.exists(path) or _has_folder(weights):
        return path
    cached = published.checkpoints() / weights
    return cached if os.path.isfile(cached) else None


def _has_folder(weights: str) -> bool:
    return Path(weights).name != weights


def tables(rename: str | os.PathLike[str] | Table | None, model: ZooModel | None) -> tuple[Table, Table]:
    """The tables that a checkpoint's keys go through: the user's own, then that of the zoo model's family. Raises
    WeightsError."""
    return {} if rename is None else read_table(rename), model.rename if model else {}


def load_checkpoint(
    module: nn.Module,
    checkpoint: Checkpoint,
    tables: Iterable[Table] = (),
    heads: Mapping[str, list[str]] | None = None,
) -> bool:
    """Load a checkpoint: strictly, but for the `heads` (path -> keys), which keep their fresh tensors where it has
    others of another shape; a line of the log says so. Gives whether it had all. Raises WeightsError, MisfitError."""
    if checkpoint.inside:
        level = logging.WARNING if checkpoint.averaged else logging.INFO
        _log.log(level, "%s", said_of_nesting(checkpoint))
    own = module.state_dict()
    wanted = {key: tuple(tensor.shape) for key, tensor in own.items()}
    heads = heads or {}
    found = fit(checkpoint.shapes, wanted, tables, {key for keys in heads.values() for key in keys})
    _require(found, checkpoint.shapes, wanted)
    tensors = checkpoint.tensors()
    state = {name: tensors[key] for key, name in found.loads.items()}
    differing = {each.name for each in found.mismatched}
    fresh = [key for keys in heads.values() if differing.intersection(keys) for key in keys]
    state.update({key: own[key] for key in (*found.counters, *fresh)})
    module.load_state_dict(state, strict=True)
    if differing:
        shapes = ", ".join(f"{each.name} ({sizes(each.found)} for {sizes(each.wanted)})" for each in found.mismatched)
        _log.warning("the head is fresh and untrained, since %s has another shape for it: %s", checkpoint.name, shapes)
    return not differing


def load_into(module: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Load a state_dict, strictly. Raises MisfitError that names the first key of each kind that does not fit."""
    load_checkpoint(module, of_state("the state_dict", state))


def said_of_nesting(checkpoint: Checkpoint) -> str:
    """Where in its file the weights were found, and what was left aside."""
    said = f"{checkpoint.name}: the weights are its `{checkpoint.inside}`"
    if checkpoint.averaged:
        return f"{said}, and not their average, which is there too: {', '.join(checkpoint.averaged)}"
    return said


def _require(found: Fit, given: Mapping[str, Shape], wanted: Mapping[str, Shape]) -> None:
    differing = {
        each.name: f"{sizes(each.found)} for {sizes(each.wanted)}" for each in found.mismatched if not each.in_head
    }
    problems = [
        _counted("missing", {name: sizes(wanted[name]) for name in found.missing}),
        _counted("unexpected", {key: sizes(given[key]) for key in found.unexpected}),
        _counted("of another shape", differing),
    ]
    if any(problems):
        way_out = "; `archspec weights plan` tells what to do" if found.missing or found.unexpected else ""
        raise MisfitError(f"the weights do not fit the network: {'; '.join(filter(None, problems))}{way_out}")


def _counted(what: str, told: Mapping[str, str]) -> str:
    """How many layers have such tensors, and the first of them."""
    found = by_layer(told)
    first = ", ".join(f"{path} ({texts[0]})" for path, texts in [*found.items()][:_FIRST])
    more = f" and {len(found) - _FIRST} more" if len(found) > _FIRST else ""
    return f"{layers(len(found))} {what}: {first}{more}" if found else ""
