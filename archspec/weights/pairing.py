"""Which layers of a checkpoint are which of a network, where their names tell nothing for certain.

A layer is what has tensors of torch's usual names (`weight`, `bias`, ...) below one path; a tensor of any other name
stands alone. Layers can be one another only if their tensors have the same names and shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from archspec.weights.checkpoint import Shape, sizes

_USUAL = ("weight", "bias", "running_mean", "running_var", "in_proj_weight", "in_proj_bias")
_COUNTERS = ("num_batches_tracked",)  # which older checkpoints lack; they go with their layer

ONLY_ONE = "the only one of its shapes on both sides"
IN_ORDER = "the same shapes in the same order on both sides"
BY_NAME = "the nearest by name of those with its shapes"


class Layer(NamedTuple):
    """A path and the names of the tensors below it, with their shapes; a tensor alone has no names below."""

    path: str
    tensors: tuple[tuple[str, Shape], ...]

    @property
    def alone(self) -> bool:
        return self.tensors[0][0] == ""


class Pair(NamedTuple):
    """A layer of the checkpoint, the one of the network that it is, and why."""

    old: Layer
    new: Layer
    why: str


def pairs(
    keys: Mapping[str, Shape], names: Mapping[str, Shape], ordered: bool
) -> tuple[list[Pair], list[str]]:
    """The layers that are told apart by their shapes, their order and their names; and notes on those that are not.
    `ordered`: whether the checkpoint's keys stand in the order of its layers, as in a state_dict."""
    olds, news = _layers(keys), _layers(names)
    places = {layer.path: place for place, layer in enumerate(news)}
    alike = [(group, [new for new in news if new.tensors == group[0].tensors]) for group in _groups(olds)]
    straight = {
        old.path: places[new.path]
        for group, others in alike
        if len(group) == len(others)
        for old, new in zip(group, others, strict=True)
    }
    order = [straight[old.path] for old in olds if old.path in straight]
    in_order = ordered and len(order) > 1 and order == sorted(order)
    found: list[Pair] = []
    notes: list[str] = []
    for group, others in alike:
        if not others:
            continue
        if len(group) == len(others) and in_order:
            found += [Pair(old, new, IN_ORDER) for old, new in zip(group, others, strict=True)]
        elif len(group) == len(others) == 1:
            found.append(Pair(group[0], others[0], ONLY_ONE))
        elif nearest := _nearest(group, others):
            found += [Pair(old, new, BY_NAME) for old, new in nearest]
        else:
            notes.append(_note(group, others))
    return sorted(found, key=lambda pair: olds.index(pair.old)), notes


def _layers(shapes: Mapping[str, Shape]) -> list[Layer]:
    """The layers in order of mention."""
    found: dict[str, list[tuple[str, Shape]]] = {}
    for key, shape in shapes.items():
        path, _, name = key.rpartition(".")
        if name in _USUAL and path:
            found.setdefault(path, []).append((name, shape))
        elif name not in _COUNTERS:
            found[key] = [("", shape)]
    return [Layer(path, tuple(sorted(tensors))) for path, tensors in found.items()]


def _groups(layers: Sequence[Layer]) -> Iterator[list[Layer]]:
    """The layers by their tensors."""
    found: dict[tuple[tuple[str, Shape], ...], list[Layer]] = {}
    for layer in layers:
        found.setdefault(layer.tensors, []).append(layer)
    yield from found.values()


def _nearest(olds: Sequence[Layer], news: Sequence[Layer]) -> list[tuple[Layer, Layer]]:
    """Each old layer with the new one that is nearest by name, if no two have the same one and there is no doubt."""
    found: list[tuple[Layer, Layer]] = []
    for old in olds:
        scores = sorted((SequenceMatcher(None, old.path, new.path).ratio(), place) for place, new in enumerate(news))
        if len(scores) > 1 and scores[-1][0] == scores[-2][0]:
            return []
        found.append((old, news[scores[-1][1]]))
    return found if len({new.path for _, new in found}) == len(found) else []


def _note(olds: Sequence[Layer], news: Sequence[Layer]) -> str:
    shapes = ", ".join(f"{name} {sizes(shape)}".strip() for name, shape in olds[0].tensors)
    return f"{_listed(olds)} may be any of {_listed(news)}: all have {shapes}"


def _listed(layers: Sequence[Layer]) -> str:
    more = f" and {len(layers) - 2} more" if len(layers) > 2 else ""
    return ", ".join(f"`{layer.path}`" for layer in layers[:2]) + more
