"""How far apart two runs are, and the gates that decide whether that is rounding.

An absolute tolerance means nothing (rightly computed logits differ by 1e-7 in one network and by 1e-3 in another),
so every gate is relative: to the reference's norm, to its spread, and to the error that torch itself makes. Some
networks magnify rounding (a ResNet-50 with random weights does so a hundredfold): where torch's own error
is beyond a fixed gate, the gate widens to the multiple of it that onnxruntime is allowed.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Verdict: TypeAlias = Literal["pass", "fail", "vacuous"]

# Torch's own error counts as this at least. In a small network it may well be 0, and torch adds up pairwise what
# onnxruntime adds up in order: a mean over 224 x 224 is off by up to 3e-6 there, and by 5e-8 in torch.
ROUNDING = 2.0**-19


class Tolerance(NamedTuple):
    """The gates of one precision; None: it has no such gate."""

    precision: str
    rel_l2: float
    error_over_std: float | None = None
    times_torch: float | None = None  # the error against float64, as a multiple of torch's own
    rounding: float = ROUNDING

    @property
    def margin(self) -> float:
        """Scores that are so far apart, as a part of their root mean square, are in the same order in both runs."""
        return _MARGIN * self.rel_l2

    def behind_softmax(self, logits: float) -> Tolerance:
        """The same for the softmax of logits with this deviation: it turns their absolute errors into relative ones,
        and the largest of them stands where the largest entry does, however far beyond the deviation that is."""
        factor = max(1.0, logits)
        return self._replace(rel_l2=self.rel_l2 * factor, error_over_std=None, rounding=self.rounding * factor)


FLOAT32 = Tolerance("fp32", rel_l2=1e-5, error_over_std=5e-5, times_torch=4.0)
TF32 = Tolerance("tf32", rel_l2=5e-3)
FLOAT16 = Tolerance("fp16", rel_l2=1e-2)
INT8 = Tolerance("int8", rel_l2=0.1)  # a ratio of signal to noise of 20 dB
_MARGIN = 4.0

_OVER_STD = "error / std"
_ZERO = 1e-6  # a root mean square below this is nothing: untrained networks give such outputs
_FLAT = 1e-5  # nor is a spread below this part of it
CHAOS = 1e-3  # torch's own relative L2 against float64, from which on rounding decides what comes out


class Run(NamedTuple):
    """One output for one input: by torch and by onnxruntime, and, where it was asked for, by torch in float64.

    Of places that were chosen by their scores, `gaps` are the differences between torch's scores of what torch chose
    and of what onnxruntime did, as parts of the scores' root mean square. Where all inputs have the same places, that
    is no sign of an empty comparison: the scores tell. Of a softmax, or its greatest entries, `logits` is the deviation
    of what it was made of.
    """

    torch: Array
    onnx: Array
    float64: Array | None = None
    gaps: Array | None = None
    logits: float | None = None


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


class Gate(NamedTuple):
    """An error, and the most that it may be."""

    what: str
    found: float
    limit: float
    widened: bool = False  # beyond the fixed limit, because torch's own error is

    @property
    def met(self) -> bool:
        return self.found <= self.limit


@dataclass(frozen=True, slots=True)
class OutputParity:
    """One output of the model and what was found of it. No errors are measured where there is nothing to compare."""

    name: str
    verdict: Verdict
    reason: str
    errors: Errors | None
    tolerance: Tolerance
    shapes: tuple[tuple[int, ...], ...] = ()  # that onnxruntime gave, one a run

    @property
    def gates(self) -> list[Gate]:
        """What its errors are held to, where any were measured."""
        return gates_of(self.errors, self.tolerance) if self.errors else []

    @property
    def limit_widened(self) -> bool:
        """Whether torch's own rounding is beyond a fixed limit, which is therefore not held."""
        return any(gate.widened for gate in self.gates)

    def as_dict(self) -> dict[str, object]:
        """The JSON form: an error that isn't finite is null."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "reason": self.reason,
            "shapes": [list(shape) for shape in self.shapes],
            **_finite(asdict(self.errors) if self.errors else {}),
            "limits": _finite({gate.what: gate.limit for gate in self.gates}),
            "limit_widened": self.limit_widened,
            "tolerance": self.tolerance._asdict(),
        }


def _finite(numbers: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: value if value is not None and math.isfinite(value) else None for name, value in numbers.items()}


def judge(name: str, runs: Sequence[Run], tolerance: Tolerance = FLOAT32) -> OutputParity:
    """Measure one output over all its runs. A failure outweighs a vacuous reference, and that outweighs a pass.

    Integers and truth values have to be equal, but for places whose scores are closer than the tolerance's margin. Of
    an empty output there is nothing but its shape.
    """
    broken = next(filter(None, map(_broken, runs)), "")
    shapes = tuple(run.onnx.shape for run in runs)
    if broken:
        return OutputParity(name, "fail", broken, None, tolerance, shapes)
    runs = [run for run in runs if run.torch.size]
    if not runs:
        return OutputParity(name, "pass", "it is empty, and has torch's shape", None, tolerance, shapes)
    floating = all(np.issubdtype(run.torch.dtype, np.floating) for run in runs)
    runs = [run._replace(torch=_exact(run.torch), onnx=_exact(run.onnx)) for run in runs]
    reference = np.concatenate([run.torch.ravel() for run in runs])
    size, spread = _rms(reference), float(reference.std())
    if deviations := [run.logits for run in runs if run.logits is not None]:
        tolerance = tolerance.behind_softmax(max(deviations))
    errors = _errors(runs, size, spread) if floating else None
    vacuous = "" if runs[0].gaps is not None else _vacuous(runs, size, spread) or _chaotic(errors)
    failure = _failure(errors, size, spread, tolerance) if errors else _differing(runs, tolerance)
    verdict: Verdict = "fail" if failure else "vacuous" if vacuous else "pass"
    return OutputParity(name, verdict, failure or vacuous, errors, tolerance, shapes)


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
    gates = gates_of(errors, tolerance)
    if spread <= _FLAT * size:
        gates = [gate for gate in gates if gate.what != _OVER_STD]
    missed = (f"{gate.what} is {gate.found:.1e}, and may be {gate.limit:.1e}" for gate in gates if not gate.met)
    return next(missed, "")


def gates_of(errors: Errors, tolerance: Tolerance) -> list[Gate]:
    """What the errors of a floating-point output are held to."""
    times = tolerance.times_torch or 0.0
    own = times * (errors.torch_float64_rel_l2 or 0.0)
    own_over_std = times * (errors.torch_float64_error_over_std or 0.0)
    gates = [Gate("relative L2", errors.rel_l2, max(tolerance.rel_l2, own), own > tolerance.rel_l2)]
    if (fixed := tolerance.error_over_std) is not None:
        gates.append(Gate(_OVER_STD, errors.error_over_std, max(fixed, own_over_std), own_over_std > fixed))
    if times and errors.float64_rel_l2 is not None:
        gates.append(Gate("relative L2 against float64", errors.float64_rel_l2, max(own, times * tolerance.rounding)))
    return gates


def _differing(runs: Sequence[Run], tolerance: Tolerance) -> str:
    """How many integers differ that may not, if any."""
    count = sum(int(_wrong(run, tolerance).sum()) for run in runs)
    total = sum(run.torch.size for run in runs)
    return f"{count} of {total} {'integers differ' if total > 1 else 'integer differs'}" if count else ""


def _wrong(run: Run, tolerance: Tolerance) -> Array:
    different = run.torch != run.onnx
    wrong: Array = different if run.gaps is None else different & ~(run.gaps <= tolerance.margin)
    return wrong


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


def _chaotic(errors: Errors | None) -> str:
    """Why torch's numbers are no reference, if so: a gate that is as wide as they are off would let any file pass."""
    own = errors.torch_float64_rel_l2 if errors else None
    if own is None or own <= CHAOS:
        return ""
    return f"torch in float32 is itself {own:.1e} off float64: rounding decides its numbers"


def _top1_agreement(runs: Sequence[Run]) -> float | None:
    if any(run.torch.ndim != 2 or run.torch.shape[1] < 2 for run in runs):
        return None
    return float(np.concatenate([run.torch.argmax(1) == run.onnx.argmax(1) for run in runs]).mean())


def _rms(array: Array) -> float:
    return float(np.sqrt(np.mean(np.square(array))))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.inf if part else 0.0
