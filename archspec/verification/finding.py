"""What came of holding one claim against a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Figure: TypeAlias = int | float | str
Verdict: TypeAlias = Literal["holds", "differs", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The first difference in words, and what was measured. Nothing that differs: the claim holds.

    `skipped` tells why there was nothing to compare.
    """

    difference: str = ""
    figures: Mapping[str, Figure] = field(default_factory=dict)
    skipped: str = ""

    @property
    def verdict(self) -> Verdict:
        return "differs" if self.difference else "skipped" if self.skipped else "holds"

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "verdict": self.verdict,
            "difference": self.difference,
            "skipped": self.skipped,
            "figures": dict(self.figures),
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Finding:
        return cls(found["difference"], found["figures"], found["skipped"])
