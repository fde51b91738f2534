"""How far apart two runs are, and the gates that decide whether that is rounding.

An absolute tolerance means nothing (rightly computed logits differ by 1e-7 in one network and by 1e-3 in another),
so every gate is relative: to the reference's norm, to its spread, and to the error that torch itself makes. Some
networks magnify rounding (a ResNet-50 with random weights does so a hundredfold): where torch's own error
is beyond a fixed gate, the gate widens to the multiple of it that onnxruntime is allowed.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Verdict: TypeAlias = Literal["pass", "fail", "vacuous"]


class Tolerance(NamedTuple):
    """The gates of one precision."""

    rel_l2: float
    error_over_std: float
    times_torch: float  # the error against float64, as a multiple of torch's own


FLOAT32 = Tolerance(rel_l2=1e-5, error_over_std=5e-5, times_torch=4.0)

# Torch's own error counts as this at least. In a small network it may well be 0, and torch adds up pairwise what
# onnxruntime adds up in order: a mean over 224 x 224 is off by up to 3e-6 there, and by 5e-8 in torch.
ROUNDING = 2.0**-19
_ZERO = 1e-6  # a root mean square below this is nothing: untrained networks give such outputs
_FLAT = 1e-5  # nor is a spread below this part of it


class Run(NamedTuple):
    """One output for one input: by torch and by onnxruntime, and, where it was asked for, by torch in float64."""

    torch: Array
    onnx: Array
    float64: Array | None = None


@dataclass(frozen=True, slots=True)
class Errors:
    """onnxruntime against torch in float32, at the worst of all runs; then both against torch in float64, where
    that was asked for. Relative L2 is the root mean square of a run's errors over that of all references: one
    run whose numbers happen to be small has no gate of its own."""

    max_abs: float
    mean_abs: float
    rel_l2: float
    error_over_std: float
    float64_rel_l2: float | None
    torch_float64_rel_l2: float | None
    torch_float64_error_over_std: float | None
    top1_agreement: float | None  # where there are two axes: the share of rows whose greatest entry agrees


@dataclass(frozen=True, slots=True)
class OutputParity:
    """One output of the model and what was found of it. No errors are measured where there is nothing to compare."""

    name: str
    verdict: Verdict
    reason: str
    errors: Errors | None
    tolerance: Tolerance

    def as_dict(self) -> dict[str, object]:
        """The JSON form: an error that isn't finite is null."""
        errors = asdict(self.errors) if self.errors else {}
        finite = {name: value if value is not None and math.isfinite(value) else None for name, value in errors.items()}
        return {
            "name": self.name,
            "verdict": self.verdict,
            "reason": self.reason,
            **finite,
            "tolerance": self.tolerance._asdict(),
        }


def judge(name: str, runs: Sequence[Run], tolerance: Tolerance = FLOAT32) -> OutputParity:
    """Measure one output over all its runs. A failure outweighs a vacuous reference, and that outweighs a pass."""
    broken = next(filter(None, map(_broken, runs)), "")
    if broken:
        return OutputParity(name, "fail", broken, None, tolerance)
    runs = [Run(_exact(run.torch), _exact(run.onnx), run.float64) for run in runs]
    reference = np.concatenate([run.torch.ravel() for run in runs])
    size, spread = _rms(reference), float(reference.std())
    errors = _errors(runs, size, spread)
    vacuous = _vacuous(runs, size, spread)
    failure = _failure(errors, size, spread, tolerance)
    verdict: Verdict = "fail" if failure else "vacuous" if vacuous else "pass"
    return OutputParity(name, verdict, failure or vacuous, errors, tolerance)


def relative(found: Array, reference: Array) -> float:
    """The relative L2 of one value by itself."""
    return _ratio(_rms(found - reference), _rms(reference))


def _exact(array: Array) -> Array:
    return array.astype(np.float64)


def _broken(run: Run) -> str:
    """Why there is nothing to compare, if so."""
    if run.torch.shape != run.onnx.shape:
        sizes = [" x ".join(map(str, array.shape)) or "a scalar" for array in (run.torch, run.onnx)]
        return f"torch gives {sizes[0]}, and onnxruntime {sizes[1]}"
    if not run.torch.size:
        return "the output is empty"
    if not np.isfinite(run.torch).all():
        return "torch's own output is not finite"
    return "" if np.isfinite(run.onnx).all() else "onnxruntime's output is not finite"


def _errors(runs: Sequence[Run], size: float, spread: float) -> Errors:
    differences = [np.abs(run.onnx - run.torch) for run in runs]
    max_abs = max(float(difference.max()) for difference in differences)
    refereed = [(run, run.float64) for run in runs if run.float64 is not None]
    own = [float(np.abs(run.torch - exact).max()) for run, exact in refereed]
    return Errors(
        max_abs=max_abs,
        mean_abs=max(float(difference.mean()) for difference in differences),
        rel_l2=max(_ratio(_rms(run.onnx - run.torch), size) for run in runs),
        error_over_std=_ratio(max_abs, spread),
        float64_rel_l2=max((_ratio(_rms(run.onnx - exact), size) for run, exact in refereed), default=None),
        torch_float64_rel_l2=max((_ratio(_rms(run.torch - exact), size) for run, exact in refereed), default=None),
        torch_float64_error_over_std=max((_ratio(error, spread) for error in own), default=None),
        top1_agreement=_top1_agreement(runs),
    )


def _failure(errors: Errors, size: float, spread: float, tolerance: Tolerance) -> str:
    """The first gate that is missed. `not <=` rather than `>`: what is no number misses every gate."""
    if size < _ZERO:
        return "" if errors.max_abs <= _ZERO else "torch's output is zero, and onnxruntime's is not"
    own = tolerance.times_torch * (errors.torch_float64_rel_l2 or 0.0)
    own_over_std = tolerance.times_torch * (errors.torch_float64_error_over_std or 0.0)
    gates = [("relative L2", errors.rel_l2, max(tolerance.rel_l2, own))]
    if spread > _FLAT * size:
        gates.append(("error / std", errors.error_over_std, max(tolerance.error_over_std, own_over_std)))
    if errors.float64_rel_l2 is not None:
        gates.append(("relative L2 against float64", errors.float64_rel_l2, max(own, tolerance.times_torch * ROUNDING)))
    missed = (f"{what} is {found:.1e}, and may be {most:.1e}" for what, found, most in gates if not found <= most)
    return next(missed, "")


def _vacuous(runs: Sequence[Run], size: float, spread: float) -> str:
    """Why agreement would prove nothing, if so."""
    if size < _ZERO:
        return f"torch's output is nearly zero: its root mean square is {size:.0e}"
    if spread <= _FLAT * size:
        return "torch's output is one and the same number"
    rows: dict[tuple[int, ...], list[Array]] = defaultdict(list)
    for run in runs:
        for row in run.torch if run.torch.ndim else ():
            rows[row.shape].append(row)
    comparable = [np.stack(group) for group in rows.values() if len(group) > 1]
    if comparable and all(group.std(axis=0).max() <= _FLAT * spread for group in comparable):
        return "torch's output does not depend on the input"
    return ""


def _top1_agreement(runs: Sequence[Run]) -> float | None:
    if any(run.torch.ndim != 2 or run.torch.shape[1] < 2 for run in runs):
        return None
    return float(np.concatenate([run.torch.argmax(1) == run.onnx.argmax(1) for run in runs]).mean())


def _rms(array: Array) -> float:
    return float(np.sqrt(np.mean(np.square(array))))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.inf if part else 0.0
