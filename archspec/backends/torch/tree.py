"""Which module stands where: the paths of a graph as a tree, in order of mention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from archspec.graph import Graph, Node, Scope


class Tree(NamedTuple):
    """`children` has, for the path of every scope and container, what stands in it: the node or scope that
    owns the place, or None for a container that a dotted key (`convs.0`) brings about.
    `applications` has, for the path of every scope, the scope itself and those that share it.
    """

    children: Mapping[str, Mapping[str, Node | Scope | None]]
    applications: Mapping[str, tuple[Scope, ...]]


def module_tree(graph: Graph) -> Tree:
    """The tree of a graph."""
    children: dict[str, dict[str, Node | Scope | None]] = {"": {}}
    applications: dict[str, tuple[Scope, ...]] = {}

    def place(path: str, step: Node | Scope | None) -> None:
        parent, _, name = path.rpartition(".")
        if parent not in children:
            place(parent, None)
        children[parent][name] = step
        if not isinstance(step, Node):
            children.setdefault(path, {})

    def enter(scope: Scope) -> None:
        applications[scope.owner] = (*applications.get(scope.owner, ()), scope)
        for step in scope.steps:
            if not step.shared:
                place(step.path, step)
            if isinstance(step, Scope):
                enter(step)
        if scope.order and not scope.shared:
            found = children[scope.path]
            children[scope.path] = {name: found[name] for name in (*scope.order, *found) if name in found}

    enter(graph.root)
    return Tree(children, applications)
