"""What int8 costs: the outputs of two files for the same inputs, as the ratio of signal to noise (SQNR)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from torch import Tensor

from archspec.parity.runs import Session

LEAST = 20.0  # decibels


class Size(NamedTuple):
    """What a file takes."""

    bytes: int
    nodes: int


@dataclass(frozen=True, slots=True)
class Quantization:
    """An int8 file against the fp32 file that it was made of."""

    calibration: str  # in words
    calibrating: int  # batches
    others: int
    on_calibration: Mapping[str, float]  # decibels, by output
    on_others: Mapping[str, float]
    before: Size
    after: Size

    @property
    def problems(self) -> tuple[str, ...]:
        """What is below the least ratio. `not >=` rather than `<`: a file whose outputs are zero has none."""
        kinds = (("the inputs it was calibrated by", self.on_calibration), ("other inputs", self.on_others))
        return tuple(
            f"int8: {name} has {_decibels(found)} on {what}, and needs {LEAST:g} dB"
            for what, ratios in kinds
            for name, found in ratios.items()
            if not found >= LEAST
        )

    @property
    def text(self) -> str:
        """The worst ratios, and what became of the file."""
        said = [f"{_decibels(min(self.on_calibration.values()))} of signal to noise on {self.calibration}"]
        if self.others:
            said.append(f"{_decibels(min(self.on_others.values()))} on {self.others} others")
        sizes = " -> ".join(f"{size.bytes / 1e6:.1f} MB, {size.nodes:,} nodes" for size in (self.before, self.after))
        return f"{', '.join(said)} (at least {LEAST:g}); {sizes}"

    def as_dict(self) -> dict[str, Any]:
        """The JSON form: a ratio that isn't finite is null."""
        return {
            "calibration": self.calibration,
            "calibrating": self.calibrating,
            "others": self.others,
            "least_db": LEAST,
            "outputs": [
                {"name": name, "calibration_db": _finite(ratio), "others_db": _finite(self.on_others.get(name))}
                for name, ratio in self.on_calibration.items()
            ],
            "before": self.before._asdict(),
            "after": self.after._asdict(),
        }


def size_of(path: Path) -> Size:
    """What a file takes; its external data are not counted."""
    return Size(path.stat().st_size, len(onnx.load(path, load_external_data=False).graph.node))


def signal_to_noise(exact: Path, coarse: Path, batches: Iterable[Sequence[Tensor]]) -> dict[str, float]:
    """Of each floating-point output of the exact file, over all batches together, how far its power is above that of
    the coarse file's error, in decibels. NaN where an output is zero, or is no number. Raises SessionError."""
    reference, other = Session(exact, "cpu"), Session(coarse, "cpu")
    signal, noise = dict[str, float](), dict[str, float]()
    for tensors in batches:
        for name, wanted, found in zip(reference.outputs, reference.run(tensors), other.run(tensors), strict=True):
            if np.issubdtype(wanted.dtype, np.floating):
                signal[name] = signal.get(name, 0.0) + float(np.square(wanted, dtype=np.float64).sum())
                noise[name] = noise.get(name, 0.0) + float(np.square(found - wanted, dtype=np.float64).sum())
    return {name: _ratio(power, noise[name]) for name, power in signal.items()}


def _ratio(signal: float, noise: float) -> float:
    if not signal > 0 or not math.isfinite(signal + noise):
        return math.nan
    return 10 * math.log10(signal / noise) if noise else math.inf


def _decibels(ratio: float) -> str:
    return "no ratio" if math.isnan(ratio) else f"{ratio:.1f} dB"


def _finite(ratio: float | None) -> float | None:
    return ratio if ratio is not None and math.isfinite(ratio) else None
