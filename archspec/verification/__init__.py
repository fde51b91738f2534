"""Every claim of the zoo recomputed, against torchvision, torch and onnxruntime.

Reading order: `twins` (torchvision's networks, and what was published of them), `subject` (a network beside its
twin), a module for each claim, `claims`, `run`, `report`. Torch is imported by all but `finding` and `report`.
"""

from archspec.verification.finding import Finding as Finding
from archspec.verification.report import Ledger as Ledger
from archspec.verification.report import LedgerError as LedgerError
from archspec.verification.report import ModelReport as ModelReport

CLAIMS = {
    "counts": "parameters and MACs are those of all published weights",
    "state": "keys, shapes, dtypes and order of all tensors are the twin's, and each loads the other's",
    "shapes": "every layer's shape is what torch computes",
    "smallest": "the smallest image is the published one",
    "initial": "fresh tensors have the twin's distributions",
    "outputs": "outputs equal the twin's to the last bit",
    "training": "loss, gradients and running statistics equal the twin's",
    "onnx": "onnxruntime is in parity with torch",
    "published": "checkpoints load as they were published",
}
STRUCTURE = ("counts", "state", "shapes", "smallest")  # what needs no values in tensors: a second or two each
