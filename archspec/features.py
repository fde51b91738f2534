"""Inner values of a model as its outputs: for necks, heads and probes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from archspec.architecture import UnknownPathError
from archspec.built import architecture_of
from archspec.diagnostics import in_words, near
from archspec.graph import Graph, Node, Output, Scope, Value

if TYPE_CHECKING:
    from torch import nn


def extract(model: nn.Module, taps: Mapping[str, str] | Iterable[str]) -> nn.Module:
    """A module that takes what `model` takes and gives a dict of inner values, in the order of `taps`: a mapping of
    paths to names, or paths, each of which is its own name. A path is a layer's, a scope's (its last value), a numbered
    output (`split.1`), an absent layer's, or an input's.

    `model` is any module that `archspec.build` made. The new one has the modules and weights of `model`, under the same
    keys, as far as the values depend on them; it computes nothing else. What it gives in training, the taps of
    training-only layers included, it gives in evaluation as well.

    Raises UnknownPathError for a path at which there is no value, ValueError for two values of one name or none at
    all, TypeError for a module of another origin, ModuleChanged where a module that is needed is no longer its spec's.
    """
    from archspec.backends.torch import TappedBlueprint, tapped_module

    named = _named(taps)

    def values(graph: Graph) -> list[Output]:
        return [Output(name, value_at(graph, path)) for path, name in named.items()]

    architecture = architecture_of(model, lambda graph: TappedBlueprint(graph, values(graph)).reached)
    return tapped_module(model, architecture.graph, values(architecture.graph))


def _named(taps: Mapping[str, str] | Iterable[str]) -> dict[str, str]:
    if isinstance(taps, Mapping):
        named = dict(taps)
    else:
        named = {path: path for path in ([taps] if isinstance(taps, str) else taps)}
    if not named:
        raise ValueError("there is no path among the taps")
    for each in (*named, *named.values()):
        if not isinstance(each, str):
            raise ValueError(f"paths and names of taps have to be text, and one is of type {type(each).__name__}")
    names = list(named.values())
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two taps have the name `{name}`")
    return named


def value_at(graph: Graph, path: str) -> Value:
    """The value that a path means, by the rules of `from`. Raises UnknownPathError."""
    known = dict(_values(graph))
    if path in known:
        return known[path]
    below = [name for name in known if name.startswith(f"{path}.")]
    if below and all(name.removeprefix(f"{path}.").isdecimal() for name in below) and _is_layer(graph, path):
        raise UnknownPathError(f"`{path}` has several outputs: write `{below[0]}` .. `{below[-1]}`")
    if below:  # a container that dotted keys make: the last that stands in it
        return known[below[-1]]
    helps = in_words(near(path, known, "`archspec summary` lists the layers"))
    raise UnknownPathError("; ".join([f"`{graph.name}` has no layer or input `{path}`", *helps]))


def _is_layer(graph: Graph, path: str) -> bool:
    return any(node.path == path for node in graph.nodes)


def _values(graph: Graph) -> Iterator[tuple[str, Value]]:
    """Every value by each of its paths, in order."""
    yield from ((value.name, value) for value in graph.inputs)
    yield from graph.aliases.items()
    yield from _inside(graph.root)


def _inside(scope: Scope) -> Iterator[tuple[str, Value]]:
    for step in scope.steps:
        if isinstance(step, Node):
            yield from ((value.name, value) for value in step.outputs)
        else:
            yield from _inside(step)
            if step.output is not None:
                yield step.path, step.output
