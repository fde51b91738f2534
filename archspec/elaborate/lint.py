"""Warnings: what is legal and nearly always a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from functools import cache, lru_cache

from archspec.diagnostics import near
from archspec.elaborate.state import State
from archspec.graph import Graph, Node
from archspec.ops.base import Op
from archspec.syntax.document import Spec
from archspec.syntax.tree import Mapping, Scalar, Sequence
from archspec.syntax.tree import Node as TreeNode

_WORD = re.compile(r"[^\W\d]\w*")
_BRACES = re.compile(r"\{([^}]*)\}")


def lint(chain: list[Spec], graph: Graph | None, state: State) -> None:
    """All warnings about the last spec of a chain, which extends those before it."""
    *bases, spec = chain
    if not state.diagnostics.has_errors:  # else the mention may be there, misspelt
        _unmentioned(spec, {name for base in bases for name in base.args}, state)
    if graph is not None:
        _unread_inputs(graph, state, spec)
        for node in graph.nodes:
            if type(node.op).__name__ == "Linear":
                _linear_on_width(node, state)
            elif _has_batch_first(type(node.op)) and not node.op.batch_first:  # type: ignore[attr-defined]
                _along_the_batch(node, state)


def _unmentioned(spec: Spec, inherited: Set[str], state: State) -> None:
    words = _mentioned(spec)
    names = [(arg.key, "the arg") for name, arg in spec.args.items() if name not in inherited]
    names += [(key, "the `let` name") for key, _ in spec.let or ()]
    for block in spec.blocks.values():
        names += [(arg.key, f"the argument of {block.name}") for arg in block.args.values()]
        names += [(key, f"the `let` name of {block.name}") for key, _ in block.let or ()]
        if not spec.is_library and not _takes_ops(spec):
            names.append((block.key, "the block"))
    for key, what in names:
        if key.text not in words:
            helps = near(key.text, inherited) or ["remove it"]  # an arg of the base, misspelt
            state.diagnostics.add("A401", f"nothing mentions {what} `{key.text}`", key.span, helps=helps)


@lru_cache(maxsize=64)  # a spec that was read stays as it is
def _mentioned(spec: Spec) -> frozenset[str]:
    """The words of a spec that may mention a name."""
    texts = ("name", "description", "reference")
    return frozenset(word for key, node in spec.root if key.text not in texts for word in _words_of(key, node))


def _takes_ops(spec: Spec) -> bool:
    """Whether a caller can pass a block as an arg, so that a block which is not mentioned may still be used."""
    defaults = [arg.default for arg in spec.args.values()]
    texts = [item for node in defaults for item in (node.items if isinstance(node, Sequence) else [node])]
    named = any(isinstance(item, Scalar) and item.text in spec.blocks for item in texts)
    return named or any(arg.type == "op" for arg in spec.args.values())


def _words(node: TreeNode) -> Iterator[str]:
    """The names in all texts below a node, and those in the `{expr}` of its keys."""
    if isinstance(node, Scalar):
        if node.is_text:
            yield from _WORD.findall(node.text)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _words(item)
    else:
        for key, value in node:
            yield from _words_of(key, value)


def _words_of(key: Scalar, value: TreeNode) -> Iterator[str]:
    for inner in _BRACES.findall(key.text):
        yield from _WORD.findall(inner)
    if key.text in ("defaults", "replace", "insert_after") and isinstance(value, Mapping):
        yield from value.entries
    yield from _words(value)


def _unread_inputs(graph: Graph, state: State, spec: Spec) -> None:
    read = {value for node in graph.nodes for value in node.inputs} | {output.value for output in graph.outputs}
    for value in graph.inputs:
        if value not in read and value.name in spec.inputs:
            state.diagnostics.add("A404", f"nothing reads the input `{value.name}`", spec.inputs[value.name].key.span)


def _linear_on_width(node: Node, state: State) -> None:
    if node.inputs[0].type.axes[-1] != "W":
        return
    shape = node.inputs[0].type
    message = f"`{node.path}` acts on the width of a feature map ({shape}), each row by itself"
    state.diagnostics.add("A402", message, node.origin.span, helps=["put a Flatten in front of it"])


@cache
def _has_batch_first(op: type[Op]) -> bool:
    return "batch_first" in op.model_fields


def _along_the_batch(node: Node, state: State) -> None:
    """torch's default for attention and recurrence is a sequence along the first axis."""
    shape = node.inputs[0].type
    if shape.axes[0] != "N":
        return
    message = f"`{node.path}` runs along the first axis, which is the batch ({shape})"
    state.diagnostics.add("A405", message, node.origin.span, helps=["write `batch_first: true`"])
