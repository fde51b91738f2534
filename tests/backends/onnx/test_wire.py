"""The hand-made bytes: the same message that protobuf's own serialiser writes."""

from __future__ import annotations

import io
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import onnx_ir as ir
import pytest
import torch

import archspec
from archspec.backends.onnx import emit
from archspec.backends.onnx.wire import write_model
from tests.backends.onnx.emitted import CLASSIFIER


def _written(model: ir.Model) -> bytes:
    file = io.BytesIO()
    write_model(model, file)
    return file.getvalue()


def test_a_network_is_the_message_that_onnx_ir_makes() -> None:
    architecture = archspec.load(CLASSIFIER)
    tensors = archspec.build(architecture).state_dict()
    model = emit(architecture.graph, tensors, metadata={"b": "1", "a": "ü" * 200})
    assert onnx.load_model_from_string(_written(model)) == ir.to_proto(model)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(1.5),
        torch.zeros(0, 3),
        torch.arange(6.0).reshape(2, 3).T,
        torch.arange(4, dtype=torch.int64),
        torch.tensor([True, False]),
        torch.tensor([1.0, -2.0], dtype=torch.bfloat16),
        torch.tensor([1.0, -2.0], dtype=torch.float16),
        torch.arange(40.0),
        torch.arange(40000, dtype=torch.float64),
        np.arange(24, dtype=np.float32).reshape(2, 3, 4)[:, ::2],
        np.array([1, 2], dtype=ml_dtypes.bfloat16),
    ],
    ids=lambda tensor: f"{tensor.dtype} {list(tensor.shape)}",
)
def test_tensors_of_every_kind(tensor: Any) -> None:
    value = ir.Value(name="t", const_value=ir.tensor(tensor, name="t"))
    graph = ir.Graph([], [], nodes=[], initializers=[value], opset_imports={"": 18}, name="tensors")
    model = ir.Model(graph, ir_version=8, producer_name="archspec")
    assert onnx.load_model_from_string(_written(model)) == ir.to_proto(model)
