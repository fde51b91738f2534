"""Networks that write values in every way there is; and any network, explained."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import archspec
from archspec.elaborate.watch import Watch
from archspec.graph import Graph
from archspec.reports.explained import Explainer, Explanation, names

SMALL = [str(path) for path in sorted(Path(__file__).parent.glob("*.yaml"))]


@cache
def explained(target: str, inputs: str = "") -> tuple[Graph, dict[str, Explanation]]:
    """All paths of a network, explained, by one elaboration that is watched."""
    architecture = archspec.load(target, inputs=inputs or ())
    paths = list(dict.fromkeys(names(architecture.graph)))
    watch = Watch(paths)
    graph = architecture.watched(watch)
    explainer = Explainer(graph, watch.complete(graph, {}), watch.inputs)
    found = {path: explainer.explain(path) for path in paths}
    assert None not in found.values()
    return graph, {path: each for path, each in found.items() if each is not None}
