"""A third party: onnx's own reference evaluator, which shares nothing with torch, onnxruntime or us."""

from __future__ import annotations

from typing import Literal

import numpy as np
from onnx.reference import ReferenceEvaluator

from archspec.parity.forensics.dissection import Arrays, Part
from archspec.parity.forensics.layers import distance

_CLOSER = 0.1  # as far from the one as from the other, at most


def testimony(part: Part, torch: Arrays, onnxruntime: Arrays) -> Literal["torch", "onnxruntime", "neither"]:
    """With whom the reference evaluator agrees on what a part of a file gives."""
    try:
        with np.errstate(all="ignore"):
            found = ReferenceEvaluator(part.complete()).run(None, dict(part.feeds))
    except Exception:  # whatever it can't do, of whatever class: then it has seen nothing
        return "neither"
    names = [value.name for value in part.model.graph.output]
    given = {name: np.asarray(array) for name, array in zip(names, found, strict=True)}
    to_torch = max(distance(given[name], torch[name]) for name in names)
    to_onnxruntime = max((distance(given[name], onnxruntime[name]) for name in names if name in onnxruntime), default=1)
    if to_torch <= _CLOSER * to_onnxruntime:
        return "torch"
    return "onnxruntime" if to_onnxruntime <= _CLOSER * to_torch else "neither"
