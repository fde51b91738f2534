"""Globs over the paths of layers: which layers a stage trains, which learning rate each has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from archspec.graph import Graph


def matching(globs: Iterable[str], graph: Graph) -> tuple[str, ...]:
    """The layers that some of the globs take, in execution order, by the paths of the modules that own their weights
    (of a layer that shares them, the first one's). A glob is read segment by segment: `*` is one segment or part of
    one, `**` any number of them; one that meets a scope takes everything below it."""
    patterns = [glob.split(".") for glob in globs]
    found = (node.owner for node in graph.nodes if any(_takes(pattern, node.path.split(".")) for pattern in patterns))
    return tuple(dict.fromkeys(found))


def matching_keys(globs: Iterable[str], keys: Iterable[str]) -> tuple[str, ...]:
    """The tensors that some of the globs take, by their keys in the state_dict."""
    patterns = [glob.split(".") for glob in globs]
    return tuple(key for key in keys if any(_takes(pattern, key.split(".")) for pattern in patterns))


def learning_rates(rates: Mapping[str, float], graph: Graph) -> dict[str, float]:
    """The learning rate of each layer that a glob takes, by its path; the last glob that takes one counts."""
    return {layer: rate for glob, rate in rates.items() for layer in matching([glob], graph)}


def _takes(pattern: list[str], path: list[str]) -> bool:
    """Whether a pattern meets a path or something around it. `at` are the places in the pattern that may be next."""
    at = _with_skipped({0}, pattern)
    for segment in path:
        if len(pattern) in at:
            break
        met = {i for i in at if pattern[i] == "**" or fnmatchcase(segment, pattern[i])}
        at = _with_skipped({i if pattern[i] == "**" else i + 1 for i in met}, pattern)
    return len(pattern) in at


def _with_skipped(at: set[int], pattern: list[str]) -> set[int]:
    """The places, and those behind each `**`, which may stand for nothing."""
    found = set(at)
    for i in sorted(at):
        while i < len(pattern) and pattern[i] == "**":
            i += 1
            found.add(i)
    return found
