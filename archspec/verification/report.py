"""What was found of the zoo: model by model, and kept in a file from which a run goes on."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from archspec.staging import replace
from archspec.verification.finding import Finding
from archspec.version import VERSION

LIBRARIES = ("torch", "torchvision", "onnx", "onnxruntime", "numpy")


@dataclass(frozen=True, slots=True)
class ModelReport:
    """The claims on one network. `sources`: the digest of what they were held against."""

    name: str
    family: str
    weights: tuple[str, ...]
    findings: Mapping[str, Finding]
    seconds: float
    sources: str

    @property
    def holds(self) -> bool:
        """Whether nothing differs."""
        return all(finding.verdict != "differs" for finding in self.findings.values())

    def figure(self, claim: str, name: str) -> Any:
        """What was measured for a claim; None where it was not."""
        finding = self.findings.get(claim)
        return finding.figures.get(name) if finding else None

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "name": self.name,
            "family": self.family,
            "weights": list(self.weights),
            "holds": self.holds,
            "claims": {claim: finding.as_dict() for claim, finding in self.findings.items()},
            "seconds": round(self.seconds, 1),
            "sources": self.sources,
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> ModelReport:
        findings = {claim: Finding.from_dict(each) for claim, each in found["claims"].items()}
        return cls(
            found["name"], found["family"], tuple(found["weights"]), findings, found["seconds"], found["sources"]
        )


class LedgerError(ValueError):
    """A file that holds something else than what a run has found."""


@dataclass
class Ledger:
    """The reports of a run, in a file too if it has one: rewritten whole whenever a model is done."""

    path: Path | None = None
    reports: dict[str, ModelReport] = field(default_factory=dict)

    @classmethod
    def at(cls, path: Path | None) -> Ledger:
        """What a file holds already, if it is there. Raises LedgerError, and OSError."""
        if path is None or not path.exists():
            return cls(path)
        try:
            models = json.loads(path.read_text(encoding="utf-8"))["models"]
            return cls(path, {found["name"]: ModelReport.from_dict(found) for found in models})
        except (ValueError, KeyError, TypeError) as error:
            raise LedgerError(f"{path} is not what `archspec zoo verify` writes") from error

    def kept(self, name: str, claims: Sequence[str], sources: str) -> ModelReport | None:
        """What was found before, if all these claims were held against the same sources, and nothing differed."""
        report = self.reports.get(name)
        if report is None or not report.holds or report.sources != sources or not sources:
            return None
        return report if set(claims) <= set(report.findings) else None

    def add(self, report: ModelReport) -> None:
        """Keep a report. Raises OSError."""
        self.reports[report.name] = report
        if self.path is not None:
            replace(self.path, (json.dumps(self.as_dict(), indent=1) + "\n").encode("utf-8"))

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "versions": {"archspec": VERSION, "python": platform.python_version(), **versions()},
            "models": [report.as_dict() for report in self.reports.values()],
        }


def versions() -> dict[str, str]:
    """Of the libraries that a run is held against."""
    return {name: version(name) for name in LIBRARIES}
