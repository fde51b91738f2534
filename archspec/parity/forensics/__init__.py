"""Who is at fault where torch and onnxruntime disagree, and at which layer.

Reading order: `dissection` (the file taken apart), `layers` (each alone), `modules` (torch's side), `optimizations`
(onnxruntime's), `witness`, `investigation` (which asks them all), `diagnosis` and `reproduction` (what comes of it).
"""

from archspec.parity.forensics.diagnosis import Culprit, Diagnosis
from archspec.parity.forensics.investigation import diagnose
from archspec.parity.forensics.reproduction import Reproduction

__all__ = ["Culprit", "Diagnosis", "Reproduction", "diagnose"]
