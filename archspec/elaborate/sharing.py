"""Whether a layer does in its second application what it did in its first: one module does both."""

from __future__ import annotations

from archspec.graph import Node, Scope
from archspec.ops.base import TorchExpression, TorchModule, TorchRecipe


def unlike(first: Node | Scope, again: Node | Scope) -> str | None:
    """How the second application of a layer differs from the first; None where it does not."""
    before = {node.owner: node for node in _nodes(first)}
    now = {node.owner: node for node in _nodes(again)}
    for path in (*before, *now):
        if path not in before or path not in now:
            return f"`{path}` is in one of the two only"
    return next((problem for path, node in now.items() if (problem := _difference(before[path], node))), None)


def _difference(one: Node, other: Node) -> str | None:
    if one.op is other.op and one.input_types == other.input_types:  # equal layers have one op
        return None
    name = one.path.rpartition(".")[2]
    if len(one.outputs) != len(other.outputs):
        return f"`{one.owner}` gave {len(one.outputs)} values, and gives {len(other.outputs)} here"
    owned, needed = one.parameters(), other.parameters()
    for tensor in owned.keys() & needed.keys():
        if owned[tensor].shape != needed[tensor].shape:
            there, here = ("x".join(map(str, tensors[tensor].shape)) for tensors in (owned, needed))
            return f"its {tensor or name} is {there}, and this input needs {here}"
    if _made(one) != _made(other):
        return f"`{one.owner}` would compute something else"
    return None


def _made(node: Node) -> TorchRecipe | str:
    """What torch makes of it: of a module not how it is called, since an LSTM may read states or none; of a formula
    its text, because the sizes in it are read when it runs."""
    recipe = node.op.to_torch(*node.input_types)
    if isinstance(recipe, TorchModule):
        return recipe._replace(call="")
    return recipe.source if isinstance(recipe, TorchExpression) else recipe


def _nodes(step: Node | Scope) -> list[Node]:
    return [step] if isinstance(step, Node) else list(step.nodes())
