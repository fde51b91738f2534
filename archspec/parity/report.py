"""The result of a comparison: for people, for machines, and as an exception."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archspec.parity.measure import OutputParity, Verdict


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
    attributes_checked: int = 0  # layers
    first_divergence: str | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst of all outputs."""
        found = {output.verdict for output in self.outputs}
        if self.problems or "fail" in found or not found:
            return "fail"
        return "vacuous" if "vacuous" in found else "pass"

    @property
    def passed(self) -> bool:
        return self.verdict == "pass"

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "outputs": [output.as_dict() for output in self.outputs],
            "problems": list(self.problems),
            "first_divergence": self.first_divergence,
            "attributes_checked": self.attributes_checked,
            "weights": self.weights,
            "device": self.device,
            "provider": self.provider,
            "seed": self.seed,
            "sizes": [dict(case) for case in self.sizes],
            "versions": dict(self.versions),
            "sha256": dict(self.sha256),
        }

    def text(self) -> str:
        """A few lines for a terminal of 80 columns."""
        rows = [_HEADER, *map(_row, self.outputs)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [f"parity: {self.verdict} ({self.provider or self.device})", self.weights]
        for row in rows if self.outputs else ():
            cells = zip(row, widths, strict=True)
            lines.append("  ".join(cell.ljust(width) for cell, width in cells).rstrip())
        lines += [f"{output.name}: {output.reason}" for output in self.outputs if output.reason]
        lines += self.problems
        if self.first_divergence:
            lines.append(f"the first layer that differs is {self.first_divergence}")
        return "\n".join(lines)


_HEADER = ("output", "relative L2", "error/std", "vs float64", "(torch's)", "top-1", "verdict")


def _row(output: OutputParity) -> tuple[str, ...]:
    errors = output.errors
    if errors is None:
        return (output.name, *[""] * 5, output.verdict)
    numbers = (errors.rel_l2, errors.error_over_std, errors.float64_rel_l2, errors.torch_float64_rel_l2)
    top1 = "" if errors.top1_agreement is None else f"{errors.top1_agreement:.0%}"
    return (output.name, *("" if number is None else f"{number:.1e}" for number in numbers), top1, output.verdict)


class ParityError(Exception):
    """The file does not compute what the network computes, or nothing was proved; `.report` tells all."""

    def __init__(self, report: ParityReport) -> None:
        super().__init__(report.text())
        self.report = report
