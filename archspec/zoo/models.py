"""A published network: which spec with which args, its weights, and the facts that it is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeAlias

from archspec.syntax.tree import Node, Scalar

Arguments: TypeAlias = Mapping[str, tuple[Scalar, Node]]


@dataclass(frozen=True, slots=True)
class ZooModel:
    """A published network: which spec, which args, which weights, and its published facts.

    `weights` names an enum of torchvision's, `files` are weights of one's own by name, the newest last.
    `weights_args` are the args that go with some weights. `expect` holds of the default weights and their args.
    `rename` gives checkpoints' keys (regular expressions) their names in the network; None drops them.
    """

    name: str
    family: str
    spec: str
    args: Arguments
    weights: str = ""
    files: Mapping[str, Path] = field(default_factory=dict)
    weights_args: Mapping[str, Arguments] = field(default_factory=dict)
    expect: Mapping[str, int | float] = field(default_factory=dict)
    rename: Mapping[str, str | None] = field(default_factory=dict)

    def matches(self, pattern: str) -> bool:
        """Whether its name contains a text, or is like a pattern with `*` or `?`."""
        if any(sign in pattern for sign in "*?["):
            return fnmatchcase(self.name, pattern)
        return pattern in self.name


class ZooError(ValueError):
    """A zoo file that is not well formed, or a collection that is none."""
