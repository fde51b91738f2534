"""Renames that would make a checkpoint fit, found by names, shapes and order, each with its reason.

Three ways, one after the other: names that are the same below a prefix; layers that are the only ones of their shapes;
layers of the same shapes in the same order. What none of them settles is left to people, and told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from archspec.weights.checkpoint import Shape
from archspec.weights.pairing import pairs
from archspec.weights.renames import Table, rename
from archspec.weights.rules import Entry, rules

_WRAPPERS = {"module": "DataParallel", "_orig_mod": "torch.compile"}  # a child's name that torch itself gives
_DEEPEST = 4  # words of a prefix
_NO_WEIGHTS = {"n_averaged": "a counter of torch.optim.swa_utils.AveragedModel, no weights"}


class Proposal(NamedTuple):
    """Entries of a table, and what was left out of it and why."""

    entries: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def table(self) -> Table:
        return {entry.old: entry.new for entry in self.entries}


def propose(
    unexpected: Mapping[str, Shape],
    missing: Mapping[str, Shape],
    wanted: Mapping[str, Shape],
    family: Table,
    ordered: bool,
) -> Proposal:
    """Renames of `unexpected` tensors of a checkpoint to `missing` ones of a network that has all the `wanted` ones;
    the table of its family still comes after them. `ordered`: whether the checkpoint's keys are in the order of its
    layers."""
    dropped = [Entry(key, None, why, 1) for key, why in _NO_WEIGHTS.items() if key in unexpected]
    keys = {key: shape for key, shape in unexpected.items() if key not in _NO_WEIGHTS}
    names = dict(missing)
    prefixes: list[Entry] = []
    notes: list[str] = []
    while (found := _outer(keys, names, wanted, family) or _inner(keys, names)) is not None:
        prefixes += [found.entry] if found.entry else []
        notes += [found.note] if found.note else []
        keys = {key: shape for key, shape in keys.items() if key not in found.settled}
        names = {name: shape for name, shape in names.items() if name not in found.settled.values()}
    paired, unpaired = pairs(keys, names, ordered)
    # The first entry that matches counts: what is said of single layers comes before what is said of all.
    entries = (*dropped, *rules(paired, unexpected), *prefixes)
    return Proposal((*entries, *_wrapped(unexpected, missing, entries)), (*notes, *unpaired))


def _wrapped(
    unexpected: Mapping[str, Shape], missing: Mapping[str, Shape], entries: Sequence[Entry]
) -> Iterator[Entry]:
    """The prefix that torch gave to all keys, for those that are names of the network without it and of which no entry
    speaks: their shapes differ, as those of another head do."""
    for prefix, wrapper in _WRAPPERS.items():
        rests = [key.removeprefix(f"{prefix}.") for key in unexpected if not _spoken_of(key, entries)]
        named = [rest for rest in rests if rest in missing]
        if named and all(key.startswith(f"{prefix}.") for key in unexpected):
            why = f"the same names, of other shapes, under the prefix that {wrapper} writes"
            yield Entry(rf"{prefix}\.(.*)", r"\1", why, len(named))


def _spoken_of(key: str, entries: Sequence[Entry]) -> bool:
    return any(re.fullmatch(entry.old, key) for entry in entries)


class _Prefix(NamedTuple):
    """The keys whose names a prefix settles, and an entry that says so, or a note why there is none."""

    settled: Mapping[str, str]
    entry: Entry | None = None
    note: str = ""


def _outer(
    keys: Mapping[str, Shape], names: Mapping[str, Shape], wanted: Mapping[str, Shape], family: Table
) -> _Prefix | None:
    """The prefix without which most keys are names of the network, of the same shapes. Those below it that are not
    may be fewer than half, and none of them may become a name that the checkpoint has already. Where another prefix
    holds as good a set of the same names, neither is meant for certain."""
    hits: dict[str, set[str]] = {}
    for prefix, rest, shape in _below(keys):
        name = _reached(rest, wanted, family)
        if names.get(name) == shape:
            hits.setdefault(prefix, set()).add(name)
    for prefix in sorted(hits, key=lambda prefix: len(hits[prefix]), reverse=True):
        below = {key: _reached(key.removeprefix(prefix), wanted, family) for key in keys if key.startswith(prefix)}
        settled = {key: name for key, name in below.items() if name in names}
        if 2 * len(hits[prefix]) < len(below) or any(name in wanted for name in below.values() if name not in names):
            continue
        rival = next((other for other in hits if _are_rivals(prefix, other, hits)), None)
        if rival is not None:
            note = f"`{prefix}` and `{rival}` hold the same names: drop one by `'{re.escape(rival)}.*': null`"
            return _Prefix({**{key: key for key in keys if key.startswith(rival)}, **settled}, note=note)
        wrapper = _WRAPPERS.get(prefix.rstrip(".").rpartition(".")[2])
        why = "the same names and shapes under a prefix" + (f", as {wrapper} writes it" if wrapper else "")
        return _Prefix(settled, Entry(f"{re.escape(prefix)}(.*)", r"\1", why, len(settled)))
    return None


def _are_rivals(prefix: str, other: str, hits: Mapping[str, set[str]]) -> bool:
    """Whether most names below a prefix stand below another one too, and neither is a part of the other."""
    nested = prefix.startswith(other) or other.startswith(prefix)
    return not nested and 2 * len(hits[other] & hits[prefix]) > len(hits[prefix])


def _reached(key: str, wanted: Mapping[str, Shape], family: Table) -> str:
    """What a key is called once the table of the family has been applied."""
    return rename([key], wanted.keys(), [family])[key].name or key


def _inner(keys: Mapping[str, Shape], names: Mapping[str, Shape]) -> _Prefix | None:
    """The prefix behind which the network has most of the keys, of the same shapes: for the first words below which
    all keys are among these."""
    votes = Counter(prefix for prefix, rest, shape in _below(names) if keys.get(rest) == shape)
    if not votes:
        return None
    [(prefix, _)] = votes.most_common(1)
    strangers = {_first(key) for key, shape in keys.items() if names.get(prefix + key) != shape}
    settled = {key: prefix + key for key in keys if _first(key) not in strangers}
    if not settled:
        return None
    words = "|".join(re.escape(word) for word in dict.fromkeys(map(_first, settled)))
    pattern = rf"((?:{words})\b.*)" if strangers else "(.*)"
    why = "the same names and shapes, which the network has behind a prefix"
    return _Prefix(settled, Entry(pattern, rf"{prefix}\1", why, len(settled)))


def _first(key: str) -> str:
    return key.partition(".")[0]


def _below(keys: Mapping[str, Shape]) -> Iterator[tuple[str, str, Shape]]:
    """Every way to part a key into a prefix of a few words, its dot included, and the rest."""
    for key, shape in keys.items():
        words = key.split(".")
        for count in range(1, min(_DEEPEST, len(words) - 1) + 1):
            yield ".".join(words[:count]) + ".", ".".join(words[count:]), shape
