"""What is the same in all elaborations of a process: equal arguments make one op, and an op that reads equal types
gives equal ones. A process that checks a hundred networks works it out once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from archspec.ops.base import Op, OwnedTensor
from archspec.types import TensorType

_MOST = 20_000  # ops and inferences that are kept for the next elaboration


class Inferred(NamedTuple):
    """The types of an op's outputs, the tensors that it owns, and the types of its inputs where symbolic sizes of them
    have to be numbers. It holds the op, by whose identity it is found."""

    op: Op
    outputs: tuple[TensorType, ...]
    owned: dict[str, OwnedTensor]
    settled: tuple[TensorType, ...] | None = None


@dataclass(slots=True, eq=False)
class Memo:
    """Ops by class and arguments, and what they infer by identity and input types."""

    ops: dict[Any, Op] = field(default_factory=dict)
    inferred: dict[tuple[int, tuple[TensorType, ...]], Inferred] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        return len(self.ops) + len(self.inferred) > _MOST


_memo = Memo()


def memo() -> Memo:
    """What is known in this process; it is forgotten where it is too much."""
    global _memo
    if _memo.is_full:
        _memo = Memo()
    return _memo
