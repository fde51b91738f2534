"""Parity: torch and onnxruntime run side by side, and every difference is named, measured and traced."""

from archspec.parity.cases import BATCHES, NoSizes
from archspec.parity.comparison import compare
from archspec.parity.devices import DEVICES, DeviceError
from archspec.parity.measure import FLOAT32, Errors, OutputParity, Tolerance, Verdict
from archspec.parity.noise import Quantization, signal_to_noise, size_of
from archspec.parity.ports import PortsError, pair_ports
from archspec.parity.precision import tolerance_of
from archspec.parity.proof import prove
from archspec.parity.report import ParityError, ParityReport
from archspec.parity.shapes import shape_problems
from archspec.parity.third import ThirdOpinion, third_opinion

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
    "PortsError",
    "Quantization",
    "ThirdOpinion",
    "Tolerance",
    "Verdict",
    "compare",
    "pair_ports",
    "prove",
    "shape_problems",
    "signal_to_noise",
    "size_of",
    "third_opinion",
    "tolerance_of",
]
