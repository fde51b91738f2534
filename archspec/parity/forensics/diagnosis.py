"""What was found of a disagreement: who is wrong, and where that was written."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Literal, NamedTuple, TypeAlias

from archspec.diagnostics import Use, place
from archspec.graph import Node, Scope
from archspec.parity.forensics.reproduction import Reproduction
from archspec.parity.runs import Level
from archspec.source import Span

Fault: TypeAlias = Literal["file", "onnxruntime", "torch", "unknown"]

_WIDTH = 80


class Culprit(NamedTuple):
    """A layer, or a block of layers, and where it was written."""

    path: str  # empty: the network
    kind: str  # its op, or its block
    span: Span | None
    within: tuple[Use, ...] = ()  # the blocks around it, outermost first

    @classmethod
    def layer(cls, layer: Node) -> Culprit:
        return cls(layer.path, type(layer.op).__name__, layer.origin.span, layer.origin.within)

    @classmethod
    def scope(cls, scope: Scope) -> Culprit:
        return cls(scope.path, scope.label or scope.kind, scope.span)

    @property
    def name(self) -> str:
        """As a sentence names it, with its place: `conv1` (resnet.yaml:12:3)."""
        name = f"`{self.path}`" if self.path else "the network"
        return name if self.span is None else f"{name} ({_at(self.span, PurePath(self.span.file.path).name)})"

    def as_dict(self) -> dict[str, Any]:
        uses = [{"path": use.path, "block": use.name, "place": place(use.span)} for use in self.within]
        written = None if self.span is None else place(self.span)
        return {"path": self.path, "kind": self.kind, "place": written, "within": uses}

    def lines(self) -> Iterator[str]:
        """Where it was written, and the blocks around it, innermost first."""
        if self.span is not None:
            yield f" --> {_at(self.span, self.span.file.path)} ({self.kind})"
        for use in reversed(self.within):
            yield f"     in {use.path} ({use.name}): {_at(use.span, use.span.file.path)}"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Who is at fault, in one sentence. `alone` and `whole` are the relative L2 between onnxruntime and torch at each
    level of onnxruntime's optimisations: of the culprit by itself, and of the file, where they were tried."""

    at_fault: Fault
    sentence: str
    culprit: Culprit | None = None
    alone: Mapping[Level, float] = field(default_factory=dict)
    whole: Mapping[Level, float] = field(default_factory=dict)
    reproduction: Reproduction | None = field(default=None, repr=False, compare=False)

    @property
    def layer(self) -> str | None:
        """The path of the layer, or the block of layers, at fault."""
        return self.culprit.path if self.culprit else None

    def lines(self) -> list[str]:
        """For a terminal of 80 columns."""
        said = textwrap.wrap(self.sentence, _WIDTH, break_long_words=False, break_on_hyphens=False)
        return [*said, *(self.culprit.lines() if self.culprit else ())]

    def as_dict(self) -> dict[str, Any]:
        """The JSON form: an error that isn't finite is null."""
        return {
            "at_fault": self.at_fault,
            "sentence": self.sentence,
            "culprit": self.culprit.as_dict() if self.culprit else None,
            "alone": _finite(self.alone),
            "whole": _finite(self.whole),
        }


def _at(span: Span, path: str) -> str:
    return f"{path}:{span.line}:{span.column}" if span.file.text else path


def _finite(errors: Mapping[Level, float]) -> dict[str, float | None]:
    return {level: error if math.isfinite(error) else None for level, error in errors.items()}
