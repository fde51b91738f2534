"""Names that nothing uses: A401."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from archspec.diagnostics import Diagnostics, near
from archspec.graph import Graph
from archspec.syntax import tree
from archspec.syntax.document import Spec
from archspec.syntax.tree import Mapping, Scalar

_WORD = re.compile(r"[^\W\d]\w*")
_PROSE = ("name", "description", "reference")
_KEYED = ("defaults", "replace", "insert_after")  # whose keys may name an op or a block
_BRACES = re.compile(r"\{([^}]*)\}")


def report_unmentioned_names(chain: Sequence[Spec], diagnostics: Diagnostics) -> None:
    """Args, `let` names and blocks of the last spec of a chain that no text of it mentions."""
    *bases, spec = chain
    inherited = {name for base in bases for name in base.args}
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
            helps = near(key.text, inherited, "remove it")  # an arg of the base, misspelt
            diagnostics.add("A401", f"nothing mentions {what} `{key.text}`", key.span, helps=helps)


@lru_cache(maxsize=64)  # many networks stand on one spec
def _mentioned(spec: Spec) -> frozenset[str]:
    """The words of a spec that may mention a name: those of its texts, and in the `{expr}` of keys."""
    texts: list[str] = []
    waiting: list[tree.Node] = []
    for key, node in spec.root:
        if key.text not in _PROSE:
            _read_entry(key, node, texts, waiting)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Scalar):
            if node.is_text:
                texts.append(node.text)
        elif isinstance(node, Mapping):
            for key, value in node:
                _read_entry(key, value, texts, waiting)
        else:
            waiting += node.items
    return frozenset(_WORD.findall("\n".join(texts)))


def _read_entry(key: Scalar, value: tree.Node, texts: list[str], waiting: list[tree.Node]) -> None:
    if "{" in key.text:
        texts += _BRACES.findall(key.text)
    if key.text in _KEYED and isinstance(value, Mapping):
        texts += value.entries
    waiting.append(value)


def _takes_ops(spec: Spec) -> bool:
    """Whether a caller can pass a block as an arg, so that a block which is not mentioned may still be used."""
    defaults = [arg.default for arg in spec.args.values()]
    texts = [item for node in defaults for item in (node.items if isinstance(node, tree.Sequence) else [node])]
    named = any(isinstance(item, Scalar) and item.text in spec.blocks for item in texts)
    return named or any(arg.type == "op" for arg in spec.args.values())


def report_unread_inputs(spec: Spec, graph: Graph, diagnostics: Diagnostics) -> None:
    """Inputs of the model that the spec declares and no layer reads."""
    unread = {value for value in graph.inputs if value.name in spec.inputs}
    for output in graph.outputs:
        unread.discard(output.value)
    for node in graph.nodes:
        if not unread:
            return
        unread.difference_update(node.inputs)
    for value in graph.inputs:
        if value in unread:
            diagnostics.add("A401", f"nothing reads the input `{value.name}`", spec.inputs[value.name].key.span)
