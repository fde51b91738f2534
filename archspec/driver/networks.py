"""The networks that a driver's functions are given: a TARGET, an Architecture or a module, with or without weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from archspec import given
from archspec.architecture import Architecture, load
from archspec.built import architecture_of, remember, weights_of
from archspec.compilation import Inputs
from archspec.weights.facts import Facts

if TYPE_CHECKING:
    import os
    from enum import Enum

    from torch import nn

    from archspec.weights.renames import Table

    Path_ = str | os.PathLike[str]


class Network(NamedTuple):
    """A module, what it was built from, whose weights it has (None: nobody's, or its own), and whether they are
    initial ones."""

    module: nn.Module
    architecture: Architecture
    weights: str | None
    initial: bool


def built(architecture: Architecture, weights: str | None, rename: Path_ | Table | None, new_head: bool) -> nn.Module:
    """A module with weights, if it has any: those that are named, or that lie beside its spec. `new_head`: whether the
    head may be another one than theirs."""
    from archspec.backends.torch import build_module

    module = build_module(architecture.graph)
    target = architecture.compilation.target
    if weights is None and target.weights is not None:
        weights = str(target.weights)
    if weights is None and rename is not None:
        from archspec.weights import WeightsError

        raise WeightsError("there are no weights whose keys could be renamed")
    told, whole = Facts(), True
    if weights is not None:
        from archspec.weights import MisfitError
        from archspec.weights.fitting import heads_of
        from archspec.weights.loading import find_weights, load_checkpoint, tables
        from archspec.weights.plan import plan
        from archspec.weights.whose import told_by

        told = told_by(weights, target.model)
        heads = heads_of(architecture.graph) if new_head else {}
        checkpoint, renames = find_weights(weights, target.model), tables(rename, target.model)
        try:
            whole = load_checkpoint(module, checkpoint, renames, heads)
        except MisfitError as error:
            error.plan = plan(checkpoint, architecture.graph, *renames)
            raise
    remember(module, architecture, weights, told, whole)
    return module


def architecture_with(
    source: Path_ | Architecture,
    weights: str | None,
    inputs: Inputs,
    args: Mapping[str, Any] | None,
    plugins: Sequence[str],
    zoo: Path_ | None,
) -> Architecture:
    """What a target is with the args that go with weights. Raises TypeError for what an Architecture has already."""
    if not isinstance(source, Architecture):
        return load(source, inputs=inputs, args=args, plugins=plugins, zoo=zoo, weights=weights)
    refuse("an Architecture", {"inputs": inputs, "args": args, "plugins": plugins, "zoo": zoo})
    return source if weights is None else source.with_weights(weights)


def refuse(what: str, options: Mapping[str, object]) -> None:
    """Raise TypeError for an option that would change nothing, because a thing has its own already."""
    if told := [name for name, value in options.items() if value]:
        raise TypeError(f"{what} has its own {told[0]}: `{told[0]}` goes with a name or a path alone")


class Source(NamedTuple):
    """What a driver's function was given, while nothing is built yet: an architecture and whose weights it is to have
    (None: initial ones), or a module with its own."""

    architecture: Architecture
    weights: str | None
    module: nn.Module | None = None

    @property
    def initial(self) -> bool:
        return self.weights is None and self.module is None

    def network(self, rename: Path_ | Table | None, seed: int) -> Network:
        """The same, built where it is no module. Raises WeightsError."""
        import torch

        if self.module is not None:
            return Network(self.module, self.architecture, self.weights, False)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = built(self.architecture, self.weights, rename, new_head=False)
        return Network(module, self.architecture, self.weights, self.initial)


def source_of(
    source: nn.Module | Path_ | Architecture,
    weights: Path_ | Enum | None,
    rename: Path_ | Table | None,
    inputs: Inputs,
    args: Mapping[str, Any] | None,
    plugins: Sequence[str],
    zoo: Path_ | None,
) -> Source:
    """What a driver's function was given. Raises TypeError for an option that it has already, SpecError and
    WeightsError."""
    import torch

    if isinstance(source, torch.nn.Module):
        told = {"weights": weights, "rename": rename, "inputs": inputs, "args": args, "plugins": plugins, "zoo": zoo}
        refuse("a module", told)
        return Source(architecture_of(source), weights_of(source), source)
    name = given.weights_name(weights)
    architecture = architecture_with(source, name, inputs, args, plugins, zoo)
    saved = architecture.compilation.target.weights
    return Source(architecture, str(saved) if name is None and saved is not None else name)


def module_of(
    source: nn.Module | Path_ | Architecture,
    weights: Path_ | Enum | None,
    rename: Path_ | Table | None,
    seed: int,
    inputs: Inputs,
    args: Mapping[str, Any] | None,
    plugins: Sequence[str],
    zoo: Path_ | None,
) -> Network:
    """The network that a driver's function was given. Raises TypeError for an option that it has already, SpecError
    and WeightsError."""
    return source_of(source, weights, rename, inputs, args, plugins, zoo).network(rename, seed)
