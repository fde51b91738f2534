"""The reader against ruamel.yaml: what it takes without a word, ruamel.yaml takes as well, and as the same tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from archspec.diagnostics import Diagnostics
from archspec.source import SourceFile
from archspec.syntax.reader import read
from archspec.syntax.tree import Mapping, Node, Scalar
from tests.proof.front_oracle import Finding

_OTHER_RULES = re.compile(
    r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|^%|^---|\t|:[][{},]|[][{},\s]:\S|[\[{,\n]\s*:|^.{1000}", re.MULTILINE
)
"""Where ruamel.yaml goes another way than YAML 1.2: line ends that are none, directives, `---` in brackets, tabs in a
text, colons beside the signs of flow style, or on a line of their own in it, and very long keys."""

Plain: TypeAlias = "str | list[Plain] | list[tuple[str, Plain]] | None"


def findings(data: bytes) -> Iterator[Finding]:
    """Where the two disagree about a text."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return
    diagnostics = Diagnostics()
    root = read(SourceFile("text", text), diagnostics)
    if root is None or len(diagnostics) or _OTHER_RULES.search(text):
        return
    try:
        other = YAML(typ="safe", pure=True).compose(text)
    except (YAMLError, ValueError) as error:
        if "but got ':'" in str(error):  # in braces, a key may stand on several lines
            return
        yield Finding("reader", "takes more", " ".join(str(error).split())[:300])
        return
    ours, theirs = _ours(root), _theirs(other)
    if ours != theirs:
        yield Finding("reader", "another tree", f"{str(ours)[:200]} here, and {str(theirs)[:200]} there")


def _ours(node: Node) -> Plain:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Mapping):
        return [(key.text, _ours(value)) for key, value in node]
    return [_ours(item) for item in node.items]


def _theirs(node: Any) -> Plain:
    if isinstance(node, ScalarNode):
        return str(node.value)
    if isinstance(node, MappingNode):
        return [(str(key.value), _theirs(value)) for key, value in node.value]
    return [_theirs(item) for item in node.value] if isinstance(node, SequenceNode) else None
