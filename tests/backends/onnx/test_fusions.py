"""What onnxruntime's optimiser makes of neighbours: single layers are right, and pairs of them have to stay so."""

from __future__ import annotations

import onnx_ir as ir
import onnxruntime
import pytest
import torch

import archspec
from archspec.backends.onnx import emit


@pytest.mark.parametrize("pad", ["ZeroPad2d", "ConstantPad2d, value: 0.0"])
@pytest.mark.parametrize("pool", ["kernel_size: 2", "kernel_size: 3, stride: [3, 2], ceil_mode: true"])
def test_a_border_of_zeros_stays_one_before_a_max_pool(pad: str, pool: str) -> None:
    """onnxruntime 1.31 folds it into the pool's own border, of -inf, which is another network on negative values."""
    text = f"""
archspec: 1
name: pair
inputs: {{image: [N, 2, 6, 4]}}
layers:
  pad: {{op: {pad}, padding: 1}}
  pool: {{op: MaxPool2d, {pool}}}
"""
    architecture = archspec.load(text)
    module = archspec.build(architecture).eval()
    data = ir.serde.serialize_model(emit(architecture.graph, module.state_dict())).SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    image = -1 - torch.rand(2, 2, 6, 4)
    [found] = session.run(None, {"image": image.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), module(image))
