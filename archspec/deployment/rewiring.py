"""A graph once more, with other values in the place of its inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import replace

from archspec.graph import Graph, Scope, Value


def rewired(graph: Graph, instead: Mapping[Value, Value]) -> Graph:
    """A copy whose layers read other values in the place of inputs, which stay the graph's inputs. Copied are the
    nodes, scopes and values; ops, origins and conditions are the same."""
    values = dict(instead)
    scopes = {scope: copy(scope) for scope in _scopes(graph.root)}
    nodes = {node: copy(node) for node in graph.nodes}
    for node, twin in nodes.items():
        twin.scope = scopes[node.scope]
        twin.inputs = tuple(values.get(value, value) for value in node.inputs)
        twin.outputs = tuple(replace(value, node=twin) for value in node.outputs)
        values.update(zip(node.outputs, twin.outputs, strict=True))
    for scope, around in scopes.items():
        around.parent = scopes[scope.parent] if scope.parent else None
        around.inputs = tuple(values.get(value, value) for value in scope.inputs)
        around.steps = [scopes[step] if isinstance(step, Scope) else nodes[step] for step in scope.steps]
        around.output = scope.output and values.get(scope.output, scope.output)
    root = scopes[graph.root]
    root.inputs = graph.root.inputs
    return replace(
        graph,
        outputs=tuple(replace(output, value=values.get(output.value, output.value)) for output in graph.outputs),
        root=root,
        nodes=list(nodes.values()),
        aliases={path: values.get(value, value) for path, value in graph.aliases.items()},
    )


def names(graph: Graph) -> set[str]:
    """All names that a graph uses at its top: of inputs, of outputs, and the first words of paths."""
    paths = [*(node.path for node in graph.nodes), *(scope.path for scope in _scopes(graph.root)), *graph.aliases]
    owners = [node.owner for node in graph.nodes]
    own = {path.partition(".")[0] for path in (*paths, *owners)}
    return own | {value.name for value in graph.inputs} | {output.name for output in graph.outputs}


def _scopes(scope: Scope) -> Iterator[Scope]:
    yield scope
    for step in scope.steps:
        if isinstance(step, Scope):
            yield from _scopes(step)
