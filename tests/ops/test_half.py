"""Every op in float16: onnxruntime runs it, and it gives what torch gives, as far as float16 goes."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest
import torch

from archspec.backends.onnx.half import halve
from archspec.parity.measure import FLOAT16
from tests.ops.alone import as_tuple, emitted, feeds_of, reference, weights_of
from tests.ops.cases import SETTINGS, Example
from tests.ops.examples import EXAMPLES
from tests.ops.realize import tensors

_LEFT_OUT = ("Parameter", "Buffer", "RelativePositionIndex", "RelativeCoordinates")  # no layers
_OPSET = 18
FIRST = {each.op: each for each in reversed(EXAMPLES) if each.op not in _LEFT_OUT and each.since <= _OPSET}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
def test_onnxruntime_runs_every_op() -> None:
    for example in FIRST.values():
        run(example)


def run(example: Example) -> None:
    torch.manual_seed(0)
    layer = reference(example, SETTINGS[0])
    model = ir.from_proto(emitted(example.make(), example, weights_of(layer), _OPSET))
    halve(model, io=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(ir.to_proto(model).SerializeToString(), options)
    values = tensors(example, SETTINGS[0])
    feeds = feeds_of(example, values, SETTINGS[0])
    with torch.no_grad():
        expected = as_tuple(layer(*values))
    found = session.run(None, {value.name: feeds[value.name] for value in session.get_inputs()})
    for ours, theirs in zip(expected, found, strict=True):
        error = np.linalg.norm(theirs.astype(np.float64) - ours.double().numpy())
        assert error <= FLOAT16.rel_l2 * torch.linalg.vector_norm(ours.double()), str(example)
