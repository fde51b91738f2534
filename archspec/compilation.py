"""One TARGET through all stages of the front: found, read, elaborated, and looked over for what is nearly always a
mistake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from archspec import given
from archspec.diagnostics import Diagnostics, comparisons_bounded
from archspec.elaborate import MAX_LAYERS, Options, elaborate
from archspec.elaborate.collector import collector_paused
from archspec.graph import Graph
from archspec.lint import lint
from archspec.syntax.reader import MAX_BYTES
from archspec.zoo import Target, find_target, text_target

if TYPE_CHECKING:
    from archspec.elaborate.watch import Watch

Inputs: TypeAlias = Mapping[str, given.Shape] | Sequence[str] | str


@dataclass(frozen=True, slots=True)
class Compilation:
    """One target, compiled: everything that was said about it, and its graph if it has no errors."""

    target: Target
    diagnostics: Diagnostics
    graph: Graph | None


def compile_target(
    name: str,
    *,
    arguments: Mapping[str, Any] | None = None,
    inputs: Inputs = (),
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    plugins: Sequence[str] = (),
    zoo: str | None = None,
    weights: str | None = None,
    max_bytes: int = MAX_BYTES,
    max_layers: int = MAX_LAYERS,
    unsaved: Mapping[Path, str] | None = None,
    watch: Watch | None = None,
) -> Compilation:
    """Read and elaborate a TARGET, or a spec's text if it contains a newline. Never raises for a bad spec.
    `zoo`: the collection in which a name is looked up first. `weights` may bring args of their own, which the given
    `arguments` override. Raises WeightsError for weights that cannot be. `unsaved`: texts that stand for what files
    hold, by resolved path; `watch`: who follows the elaboration.
    """
    for plugin in plugins:
        load_plugin(plugin)
    diagnostics = Diagnostics()
    with collector_paused(), comparisons_bounded():
        if "\n" in name:
            target = text_target(name, diagnostics, max_bytes=max_bytes)
        else:
            target = find_target(name, diagnostics, zoo=zoo, max_bytes=max_bytes, unsaved=unsaved)
        if weights is not None and target.spec is not None:
            target = _with_weights(target, weights)
        if target.spec is None:
            return Compilation(target, diagnostics, None)
        options = Options(
            arguments={**target.arguments, **(arguments or {})},
            inputs=given.shapes(inputs),
            overrides=overrides or {},
            max_layers=max_layers,
            name=target.name,
            watch=watch,
        )
        found = elaborate(target.spec, target.library, diagnostics, options)
        lint(found.chain, found.graph, diagnostics)
        if len(diagnostics):
            diagnostics.count_uses(Counter(found.uses))
        diagnostics.silence(code.text for spec in found.chain for code in spec.allow)
        for spec in target.library.specs:
            if spec.allow:
                diagnostics.silence([code.text for code in spec.allow], spec.file)
        return Compilation(target, diagnostics, found.graph)


def _with_weights(target: Target, weights: str) -> Target:
    """The target with the args that go with weights."""
    from archspec.weights.published import arguments_of

    return replace(target, arguments={**target.arguments, **arguments_of(weights, target.model)})


class PluginError(ValueError):
    """A plugin that is not installed, or that cannot be loaded."""


def load_plugin(name: str) -> None:
    """Load the ops of an `archspec.ops` entry point: a module that registers its ops, or an Op class.
    Raises PluginError where there is none of that name, or it cannot be loaded."""
    from importlib.metadata import entry_points

    from archspec import ops

    found = [point for point in entry_points(group="archspec.ops") if point.name == name]
    if not found:
        raise PluginError(f"there is no plugin `{name}`: no installed package has it as an `archspec.ops` entry point")
    try:
        loaded = found[0].load()
    except (ImportError, AttributeError) as error:
        raise PluginError(f"the plugin `{name}` cannot be loaded: {error}") from error
    if isinstance(loaded, type) and ops.find(loaded.__name__) is not loaded:
        ops.register(loaded)
