"""A mutant: a spec of the corpus with one or several things broken."""

from __future__ import annotations

from typing import NamedTuple

from tests.proof import front_bytes, front_tokens
from tests.proof.front_corpus import Base, drawn, text_of
from tests.proof.front_tree import tree_of
from tests.proof.front_yaml import written
from tests.proof.source import Source

KINDS = ("tree", "tokens", "bytes")
_OFTEN = ("tree",) * 6 + ("tokens",) * 3 + ("bytes",)
_MOST = 6  # mutations of one mutant


class Mutant(NamedTuple):
    """The bytes that stand in the place of a base's file."""

    base: Base
    kinds: tuple[str, ...]
    data: bytes


def mutant(source: Source, only: tuple[str, ...] = ()) -> Mutant:
    """Some mutant. First its tree is broken, then its tokens, then its bytes, whatever of it is."""
    base = drawn(source)
    kinds = [source.choice(only or _OFTEN)]
    while len(kinds) < _MOST and source.chance(3):
        kinds.append(source.choice(only or _OFTEN))
    kinds.sort(key=KINDS.index)
    tree = tree_of(base, source) if "tree" in kinds else None
    if tree is None:
        text = text_of(base)
    else:
        for _ in range(kinds.count("tree")):
            tree.mutate()
        text = written(tree.root, source)
    for _ in range(kinds.count("tokens")):
        text = front_tokens.mutate(text, source)
    data = text.encode("utf-8", errors="surrogateescape")
    for _ in range(kinds.count("bytes")):
        data = front_bytes.mutate(data, source)
    return Mutant(base, tuple(kinds), data)
