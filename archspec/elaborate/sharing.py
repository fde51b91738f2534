"""Whether the weights of a layer fit where `share` applies it again."""

from __future__ import annotations

from archspec.graph import Node, Scope


def weights_differ(first: Node | Scope, again: Node | Scope) -> str | None:
    """Why the weights of a layer do not fit its second application; None where they do."""
    for one, other in zip(_nodes(first), _nodes(again), strict=False):
        owned, needed = one.parameters(), other.parameters()
        for name in owned.keys() & needed.keys():
            if owned[name].shape != needed[name].shape:
                there, here = ("x".join(map(str, tensors[name].shape)) for tensors in (owned, needed))
                return f"its {name} is {there}, and this input needs {here}"
    return None


def _nodes(step: Node | Scope) -> list[Node]:
    return [step] if isinstance(step, Node) else list(step.nodes())
