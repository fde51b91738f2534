"""A404: a layer without `from` that continues a branch, only because it stands below its end."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.diagnostics import Diagnostics, Label
from archspec.syntax.document import Spec
from archspec.syntax.layers import LayerDecl, Layers

_READ_NOTHING = ("Parameter", "Buffer", "RelativePositionIndex", "RelativeCoordinates")
"""Ops that are never the previous layer."""


def report_continued_branches(spec: Spec, diagnostics: Diagnostics) -> None:
    """Two patterns. Beside a layer stands a branch that a merge reads together with it, and what follows goes on from
    the branch. Or a branch is written in front of the main path, with a `from` that says no more than that it is one,
    and the main path goes on from it, until a merge reads both."""
    for layers, first in _scopes(spec):
        if layers.named and _has_pattern(layers):
            _Scope(layers, first).report(diagnostics)


def _scopes(spec: Spec) -> Iterator[tuple[Layers, str]]:
    """All layers that are written together, and what the first of them reads; empty where that has no name."""
    waiting = [(spec.layers, next(iter(spec.inputs), ""))]
    waiting += [(block.layers, block.inputs[0]) for block in spec.blocks.values()]
    while waiting:
        layers, first = waiting.pop()
        if layers is not None:
            yield layers, first
            waiting += [(layer.children, "") for layer in layers.items]


def _has_pattern(layers: Layers) -> bool:
    """Whether a layer without `from` stands below one that reads a single value by name."""
    singles = [item.sources is not None and len(item.sources) == 1 for item in layers.items]
    return any(item.sources is None and single for item, single in zip(layers.items[1:], singles, strict=False))


class _Scope:
    """Layers with names, in order, and what reads what of them."""

    def __init__(self, layers: Layers, first: str) -> None:
        self.items = [item for item in layers.items if item.word is None or item.word.text not in _READ_NOTHING]
        self.names = [item.key.text if item.key and item.has_plain_name else "" for item in self.items]
        self.index = {name: i for i, name in enumerate(self.names) if name}
        self.first = first
        self.read = [_names(item) for item in self.items]
        self.merges: dict[str, list[int]] = {}  # by what they read
        self.continued: dict[int, set[int]] = {}  # of each merge, the layers that the paths to it continue
        heads: list[int] = []  # of each layer, the last one up to it that has a `from`
        for i, names in enumerate(self.read):
            heads.append(i if self.items[i].sources is not None or not i else heads[-1])
            if len(names) > 1:
                for name in names:
                    self.merges.setdefault(name, []).append(i)
                read = [self.index[name] for name in names if self.index.get(name, i) < i]
                self.continued[i] = {heads[each] for each in read if heads[each] != each}

    def report(self, diagnostics: Diagnostics) -> None:
        """Every layer that continues a branch."""
        for i, layer in enumerate(self.items[1:]):
            branch, read = self.names[i], self.read[i]
            above = self.names[i - 1] if i else self.first
            if layer.sources is not None or len(read) != 1 or "prev" in read or not (branch and above):
                continue
            merge = self._merge_of(i, above)
            if merge is None:
                continue
            message = f"{_called(layer)} has no `from`, and so continues `{branch}`"
            place = f"it reads `{above}`" if above in read else f"it stands beside `{above}`"
            helps = [f"write `from: {above}` if it goes on from there, or `from: {branch}` if this is meant"]
            diagnostics.add(
                "A404",
                f"{message}, which {_called(self.items[merge])} reads as a branch",
                layer.span,
                labels=[Label(self.items[i].span, f"the branch: {place}")],
                helps=helps,
            )

    def _merge_of(self, i: int, above: str) -> int | None:
        """The merge that makes a branch of layer i, beside what stands above it."""
        for merge in self.merges.get(self.names[i], ()):
            if above in self.read[i]:
                if i in self.continued[merge]:
                    return merge
            elif i and above in self.read[merge]:
                return merge
        return None


def _names(layer: LayerDecl) -> frozenset[str]:
    """The layers that a `from` names, without what it takes of them."""
    return frozenset(source.text.partition(".")[0] for source in layer.sources or ())


def _called(layer: LayerDecl) -> str:
    return f"`{layer.key.text if layer.key else ''}`"
