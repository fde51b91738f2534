"""The explanation of one path: a layer, a scope, an input or an output of the model, or a layer that is absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from archspec.derivation import Call, Derivation, Passage
from archspec.diagnostics import place
from archspec.dims import Dim
from archspec.reports.figures import plain
from archspec.source import Span
from archspec.types import TensorType

Kind: TypeAlias = Literal["layer", "scope", "input", "output", "absent"]


@dataclass(frozen=True, slots=True)
class Read:
    """A value that is read: how it comes that it is, and what is written for that."""

    value: str
    type: TensorType
    how: str
    place: Span | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A value that is given, and for axes that are worked out, how: axis -> formula."""

    value: str
    type: TensorType
    arithmetic: dict[int, str]


@dataclass(frozen=True, slots=True)
class Cost:
    """One cost, the network's, and where it is a product, its factors."""

    name: str
    amount: Dim
    total: Dim
    product: str = ""

    @property
    def share(self) -> float | None:
        """Which part of the network's it is."""
        if not isinstance(self.amount, int) or not isinstance(self.total, int) or not self.total:
            return None
        return self.amount / self.total


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of the state_dict, and what `init` says of it."""

    key: str
    shape: tuple[int, ...]
    dtype: str
    trainable: bool
    init: Derivation | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What there is to say of one path. `inside` are the layers around it, outermost first; `stands_for` is the value
    that an absent layer or an output is."""

    network: str
    path: str
    kind: Kind
    what: str
    place: Span | None = None
    passage: Passage | None = None
    inside: tuple[Passage, ...] = ()
    owner: str = ""  # of its weights, where it shares them
    arguments: tuple[Derivation, ...] = ()
    reads: tuple[Read, ...] = ()
    gives: tuple[Given, ...] = ()
    layers: tuple[tuple[str, str], ...] = ()  # of a scope: paths and what stands there
    requires: tuple[str, ...] = ()
    readers: tuple[tuple[str, str], ...] = ()
    outputs: tuple[str, ...] = ()  # of the model, that are its value
    stands_for: str = ""
    training_only: bool = False
    costs: tuple[Cost, ...] = ()
    batch: Mapping[str, int] = field(default_factory=dict)
    receptive_field: tuple[Dim, ...] | Literal["whole"] | None = None
    tensors: tuple[Tensor, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The JSON form. A derivation that occurs again has its `parts` once, in `arguments` if it stands there."""
        shown: set[int] = set()
        arguments = [_derivation(each, shown) for each in self.arguments]
        passage, seen = self.passage, self.receptive_field
        return {
            "network": self.network,
            "path": self.path,
            "kind": self.kind,
            "what": self.what,
            "place": _place(self.place),
            "inside": [_passage(each, shown) for each in self.inside],
            "calls": [_call(each, shown) for each in passage.calls] if passage else [],
            "indices": [_derivation(each, shown) for each in passage.indices] if passage else [],
            "condition": _derivation(passage.condition, shown) if passage and passage.condition else None,
            "op": _derivation(passage.op, shown) if passage and passage.op else None,
            "edited": _place(passage.edit) if passage else None,
            "shares": self.owner or None,
            "stands_for": self.stands_for or None,
            "arguments": arguments,
            "reads": [
                {"value": each.value, "shape": _shape(each.type), "how": each.how, "place": _place(each.place)}
                for each in self.reads
            ],
            "gives": [
                {
                    "value": each.value,
                    "shape": _shape(each.type),
                    "dtype": str(each.type.dtype),
                    "arithmetic": {str(axis): formula for axis, formula in each.arithmetic.items()},
                }
                for each in self.gives
            ],
            "layers": [{"path": path, "what": what} for path, what in self.layers],
            "requires": list(self.requires),
            "read_by": [path for path, _ in self.readers],
            "outputs": list(self.outputs),
            "training_only": self.training_only,
            "costs": {
                each.name: {
                    "amount": plain(each.amount),
                    "total": plain(each.total),
                    "share": each.share,
                    "product": each.product or None,
                }
                for each in self.costs
            },
            "receptive_field": [plain(size) for size in seen] if isinstance(seen, tuple) else seen,
            "state_dict": [
                {
                    "key": each.key,
                    "shape": list(each.shape),
                    "dtype": each.dtype,
                    "trainable": each.trainable,
                    "init": _derivation(each.init, shown) if each.init else None,
                }
                for each in self.tensors
            ],
        }

    def text(self, width: int = 80, color: bool = False) -> str:
        """For a terminal, `width` columns wide."""
        from archspec.reports.explained.text import text

        return text(self, width, color)

    def __str__(self) -> str:
        return self.text()


def _passage(passage: Passage, shown: set[int]) -> dict[str, Any]:
    return {
        "path": passage.path,
        "place": place(passage.place),
        "indices": [_derivation(each, shown) for each in passage.indices],
        "calls": [_call(each, shown) for each in passage.calls],
    }


def _call(call: Call, shown: set[int]) -> dict[str, Any]:
    arguments = [_derivation(each, shown) for each in call.arguments]
    return {"name": call.name, "kind": call.kind, "declared": place(call.place), "arguments": arguments}


def _derivation(derivation: Derivation, shown: set[int]) -> dict[str, Any]:
    found = {
        "name": derivation.name,
        "value": _plain(derivation.value),
        "source": derivation.source,
        "about": derivation.about,
        "text": derivation.text,
        "place": _place(derivation.place),
    }
    if id(derivation) in shown:
        return found
    shown.add(id(derivation))
    return {**found, "parts": [_derivation(each, shown) for each in derivation.parts]}


def _place(span: Span | None) -> dict[str, Any] | None:
    return None if span is None else place(span)


def _plain(value: Any) -> Any:
    """A value as JSON has it: an op by its name, a symbolic size as text."""
    if type(value) in (list, tuple, range):  # and no named tuple, as an op is
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _shape(type_: TensorType) -> list[int | str]:
    return [plain(size) for size in type_.shape]
