"""Pairs of layers as entries of a table: as few as say the same, with a group for each number that changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from archspec.weights.checkpoint import Shape
from archspec.weights.pairing import Pair

_NUMBER = re.compile(r"(\d+)")


class Entry(NamedTuple):
    """A line of a table, why it is sound, and of how many tensors it speaks."""

    old: str
    new: str | None
    why: str
    tensors: int


def rules(pairs: Sequence[Pair], keys: Mapping[str, Shape]) -> list[Entry]:
    """Entries that rename just these layers among the `keys` of a checkpoint."""
    groups: dict[tuple[object, ...], list[Pair]] = {}
    for pair in pairs:
        alike = _words(pair.old.path), _words(pair.new.path), pair.old.alone
        groups.setdefault(alike, []).append(pair)
    return [entry for group in groups.values() for entry in _entries(group, keys)]


def _entries(group: Sequence[Pair], keys: Mapping[str, Shape]) -> Iterator[Entry]:
    """One entry for a group, or those of its parts that have the same first number, of those that differ."""
    together = _together(group, keys)
    if together is not None:
        yield together
        return
    olds = _columns([pair.old.path for pair in group])
    changing = next((column for column in olds if len(set(column)) > 1), ())
    for number in dict.fromkeys(changing):
        yield from _entries([pair for pair, own in zip(group, changing, strict=True) if own == number], keys)


def _together(group: Sequence[Pair], keys: Mapping[str, Shape]) -> Entry | None:
    """One entry for layers whose paths differ in numbers alone: if every number that changes in the network is one that
    changes in the checkpoint, and no other layer is spoken of."""
    old, new, _ = group[0]
    why = "; ".join(sorted({pair.why for pair in group}))
    olds = _columns([pair.old.path for pair in group])
    changing = [column for column in olds if len(set(column)) > 1]
    if old.alone and not changing:
        return Entry(old.path, new.path, why, 1)
    pattern = "".join(
        re.escape(word) + (r"(\d+)" if column in changing else column[0] if column else "")
        for word, column in zip_longest(_words(old.path), olds)
    )
    name = ""
    for word, column in zip_longest(_words(new.path), _columns([pair.new.path for pair in group])):
        name += word
        if column in changing:
            name += rf"\g<{changing.index(column) + 1}>"
        elif column and len(set(column)) > 1:
            return None
        elif column:
            name += column[0]
    if not old.alone:
        pattern, name = rf"{pattern}\.(\w+)", rf"{name}.\g<{len(changing) + 1}>"
    spoken = {key for key in keys if re.fullmatch(pattern, key)}
    if {_layer(key, old.alone) for key in spoken} != {pair.old.path for pair in group}:
        return None
    return Entry(pattern, re.sub(r"\\g<(\d)>(?!\d)", r"\\\1", name), why, len(spoken))


def _words(path: str) -> tuple[str, ...]:
    """A path without its numbers."""
    return tuple(_NUMBER.split(path)[::2])


def _columns(paths: Sequence[str]) -> list[tuple[str, ...]]:
    """The first numbers of paths, the second ones, and so on."""
    return list(zip(*(_NUMBER.split(path)[1::2] for path in paths), strict=True))


def _layer(key: str, alone: bool) -> str:
    return key if alone else key.rpartition(".")[0]
