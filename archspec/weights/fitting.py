"""What of a checkpoint goes where in a network: by the names and shapes alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from archspec.graph import Graph, Node, Value
from archspec.weights.checkpoint import Shape
from archspec.weights.renames import Renamed, Table, rename

_COUNTER = "num_batches_tracked"  # which BatchNorm counts since torch 0.4.1: older weights lack it, and 0 is its value


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A tensor that has another shape in the checkpoint than in the network."""

    key: str
    name: str
    found: Shape
    wanted: Shape
    in_head: bool = False


@dataclass(frozen=True, slots=True)
class Fit:
    """Which tensors of a checkpoint load (key -> name in the network), and which do not."""

    loads: Mapping[str, str]
    renamed: Mapping[str, Renamed]  # the keys that a table speaks of
    counters: tuple[str, ...]  # of the network, which older weights lack and which start from 0
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: tuple[Mismatch, ...]

    @property
    def whole(self) -> bool:
        """Whether a strict load of them succeeds."""
        return not (self.missing or self.unexpected or self.mismatched)


def fit(
    found: Mapping[str, Shape],
    wanted: Mapping[str, Shape],
    tables: Iterable[Table] = (),
    heads: Collection[str] = (),
) -> Fit:
    """How the tensors of a checkpoint fit those that a network wants. `heads`: the keys of layers that may be made
    anew. Raises WeightsError for a table that gives two keys one name."""
    names = rename(found, wanted.keys(), tables)
    present = {name: key for key, each in names.items() if (name := each.name) is not None and name in wanted}
    missing = [name for name in wanted if name not in present]
    mismatched = [
        Mismatch(present[name], name, found[present[name]], shape, name in heads)
        for name, shape in wanted.items()
        if name in present and found[present[name]] != shape
    ]
    differing = {each.name for each in mismatched}
    return Fit(
        loads={key: name for name, key in present.items() if name not in differing},
        renamed={key: each for key, each in names.items() if each.by},
        counters=tuple(name for name in missing if _is_counter(name)),
        missing=tuple(name for name in missing if not _is_counter(name)),
        unexpected=tuple(key for key, each in names.items() if each.name is not None and each.name not in wanted),
        mismatched=tuple(mismatched),
    )


def _is_counter(name: str) -> bool:
    return name.rpartition(".")[2] == _COUNTER


def shapes_of(graph: Graph) -> dict[str, Shape]:
    """The shape of each tensor that a network owns, by its state_dict key."""
    return {key: tuple(tensor.shape) for key, _, tensor in graph.owned()}


def heads_of(graph: Graph) -> dict[str, list[str]]:
    """The heads of a network: the last layers with tensors before its outputs, by path, and the keys of each."""
    owners: dict[str, None] = {}
    seen: set[Node] = set()
    behind: list[Value] = [output.value for output in graph.outputs]
    while behind:
        node = behind.pop().node
        if node is None or node in seen:
            continue
        seen.add(node)
        if node.parameters():
            owners[node.owner] = None
        else:
            behind += node.taken
    heads: dict[str, list[str]] = {owner: [] for owner in owners}
    for key, node, _ in graph.owned():
        if node.owner in heads:
            heads[node.owner].append(key)
    return heads
