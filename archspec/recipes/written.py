"""A recipe as it was written: its values, and the place of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from archspec.architecture import Request
from archspec.recipes.recipe import Recipe
from archspec.source import SourceFile, Span
from archspec.syntax.tree import Mapping, Node, Scalar, Sequence

Loc: TypeAlias = tuple[str | int, ...]
"""The keys, and places in lists, that lead to a value."""


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """A recipe, and where it stands. `folder`: the one that its relative paths were read from; `root`: its tree, with
    what the command line changed; `wrong`: the keys that stood there with values that cannot be, or did not
    stand there and have to, which is told."""

    recipe: Recipe
    file: SourceFile
    folder: Path
    root: Mapping
    wrong: frozenset[Loc] = frozenset()

    def says(self, *loc: str | int) -> bool:
        """Whether a key, or an item of a list, is written: `says("optimizer", "lr")`. A key that is null says
        nothing."""
        node = self._node(loc)
        says_nothing = node is None or (isinstance(node, Scalar) and node.value is None)
        return not says_nothing or self.is_wrong(*loc)

    def is_wrong(self, *loc: str | int) -> bool:
        """Whether a key, or what is around it, was wrong or missing, which is told: its value means nothing."""
        return any(loc[:end] in self.wrong for end in range(1, len(loc) + 1))

    def span(self, *loc: str | int) -> Span:
        """The place of a value; of one that is not written, that of what is around it."""
        while (node := self._node(loc)) is None:
            loc = loc[:-1]
        return node.span if loc else node.span.slice(0, 1)

    def key(self, *loc: str | int) -> Span:
        """The place of a key itself; of an item, or a key that is not written, as `span` has it."""
        around = self._node(loc[:-1])
        if isinstance(around, Mapping) and loc[-1] in around.entries:
            return around.entries[str(loc[-1])][0].span
        return self.span(*loc)

    @property
    def request(self) -> Request:
        """The network that it asks for, in which its args have their places."""
        args, inputs = self._node(("model", "args")), self._node(("model", "inputs"))
        model = self.recipe.model
        shapes = inputs.entries if isinstance(inputs, Mapping) else {}
        return Request(
            model.target,
            dict(args.entries) if isinstance(args, Mapping) else {},
            {name: [size for size in shape.items if isinstance(size, Scalar)]
             for name, (_, shape) in shapes.items() if isinstance(shape, Sequence)},
            plugins=model.plugins,
            zoo=model.zoo,
            weights=model.weights,
        )

    def _node(self, loc: Loc) -> Node | None:
        node: Node | None = self.root
        for part in loc:
            if isinstance(node, Mapping) and isinstance(part, str):
                node = node.get(part)
            elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
                node = node.items[part]
            else:
                return None
        return node
