"""The claim on ONNX: a file is emitted, checked, and in parity with torch."""

from __future__ import annotations

import tempfile
from pathlib import Path

from archspec.backends.onnx import Emission, check, save
from archspec.parity import prove
from archspec.verification.finding import Finding
from archspec.verification.subject import Subject


def same_when_exported(subject: Subject) -> Finding:
    """By the gates of archspec.parity, on the CPU, with calibrated weights; every tensor and attribute of the file
    besides."""
    graph, module = subject.small.graph, subject.calibrated_alone.eval()
    emission = Emission(graph)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "model.onnx"
        save(emission.model(module.state_dict()), path)
        check(path)
        report = prove(emission, module, path, weights_are_initial=False, seed=subject.seed)
    measured = [output.errors for output in report.outputs if output.errors]
    figures: dict[str, float] = {}
    if measured:
        figures["relative_l2"] = max(errors.rel_l2 for errors in measured)
        figures["error_over_std"] = max(errors.error_over_std for errors in measured)
        figures["torch_relative_l2"] = max(errors.torch_float64_rel_l2 or 0.0 for errors in measured)
    if report.passed:
        return Finding(figures=figures)
    reasons = [*report.problems, *(f"{output.name}: {output.reason}" for output in report.outputs if output.reason)]
    if report.diagnosis:
        reasons.append(report.diagnosis.sentence)
    return Finding("; ".join(reasons), figures)
