"""The result of a comparison: for people, for machines, and as an exception."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from archspec.backends.onnx import AttributeCheck
from archspec.parity.forensics import Diagnosis
from archspec.parity.measure import OutputParity, Verdict
from archspec.parity.noise import Quantization
from archspec.parity.structure import Structure
from archspec.parity.text import notes_on, report_text


class Part(Protocol):
    """A finding that tells itself: to people in lines of 80 columns, to machines as JSON."""

    def lines(self) -> list[str]: ...

    def as_dict(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class ParityReport:
    """What torch and onnxruntime gave for one network, and under which circumstances."""

    name: str
    outputs: tuple[OutputParity, ...]
    problems: tuple[str, ...]  # what fails besides the numbers: attributes, tensors, a file that doesn't run
    device: str
    provider: str
    weights: str  # whose weights the two ran with, in words
    seed: int
    sizes: tuple[Mapping[str, int], ...]  # one comparison each
    versions: Mapping[str, str]
    sha256: Mapping[str, str]
    attributes: AttributeCheck = field(default_factory=AttributeCheck)
    precision: str = "fp32"  # of the file: fp32, fp16, int8
    samples: int = 0  # inputs from disk that were compared beside the random ones
    assumptions: tuple[str, ...] = ()  # what was taken for granted about a file that is not ours
    structure: Structure | None = None  # what was found in the file beside numbers; None where nobody looked
    diagnosis: Diagnosis | None = None  # of a failure: which layer, and who disagrees with whom
    third_opinion: Part | None = None  # what torch.onnx.export's file gives
    quantization: Quantization | None = None  # int8: the file against the fp32 one that is meant by all the others

    @property
    def verdict(self) -> Verdict:
        """The worst of all outputs."""
        found = {output.verdict for output in self.outputs}
        if self.problems or "fail" in found or not found:
            return "fail"
        return "vacuous" if "vacuous" in found else "pass"

    @property
    def attributes_checked(self) -> int:
        """How many layers were found in the file whose arguments could be compared with its attributes."""
        return self.attributes.layers

    @property
    def first_divergence(self) -> str | None:
        """The path of the first layer that differs, if the difference could be traced."""
        return self.diagnosis.layer if self.diagnosis else None

    @property
    def passed(self) -> bool:
        return self.verdict == "pass"

    @property
    def notes(self) -> tuple[str, ...]:
        """What the verdict does not say: of a reference that is hardly one, and of outputs without numbers."""
        return tuple(notes_on(self.outputs))

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "precision": self.precision,
            "outputs": [output.as_dict() for output in self.outputs],
            "problems": list(self.problems),
            "notes": list(self.notes),
            "assumptions": list(self.assumptions),
            "diagnosis": _as_dict(self.diagnosis),
            "third_opinion": _as_dict(self.third_opinion),
            "quantization": _as_dict(self.quantization),
            "first_divergence": self.first_divergence,
            "structure": _as_dict(self.structure),
            "attributes": {"layers": self.attributes.layers, "decomposed": self.attributes.decomposed},
            "weights": self.weights,
            "device": self.device,
            "provider": self.provider,
            "seed": self.seed,
            "sizes": [dict(case) for case in self.sizes],
            "samples": self.samples,
            "versions": dict(self.versions),
            "sha256": dict(self.sha256),
        }

    def text(self) -> str:
        """For a terminal of 80 columns."""
        return report_text(self)


def _as_dict(part: Part | Structure | Quantization | None) -> dict[str, Any] | None:
    return None if part is None else part.as_dict()


class ParityError(Exception):
    """The file does not compute what the network computes, or nothing was proved; `.report` tells all, and `.kept` is
    the file, if it was to be kept."""

    kept: Path | None = None

    def __init__(self, report: ParityReport) -> None:
        super().__init__(report.text())
        self.report = report
