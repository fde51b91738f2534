"""Parity: torch and onnxruntime run side by side, and every difference is named, measured and traced."""

from archspec.parity.cases import BATCHES, NoSizes
from archspec.parity.comparison import compare
from archspec.parity.measure import FLOAT32, Errors, OutputParity, Tolerance, Verdict
from archspec.parity.proof import prove
from archspec.parity.report import ParityError, ParityReport
from archspec.parity.runs import DEVICES, DeviceError

__all__ = [
    "BATCHES",
    "DEVICES",
    "FLOAT32",
    "DeviceError",
    "Errors",
    "NoSizes",
    "OutputParity",
    "ParityError",
    "ParityReport",
    "Tolerance",
    "Verdict",
    "compare",
    "prove",
]
