"""A network's ONNX file, checked, and run by onnxruntime, against torch's values."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
from torch import Tensor, nn

from archspec.backends.onnx import EmitError, emit
from archspec.graph import Graph

TOLERANCE = 2e-5
"""Of an output, relative to the largest value anywhere in the network: differences may cancel on the way."""


def compare_onnx(
    graph: Graph, module: nn.Module, inputs: Mapping[str, Tensor], expected: Mapping[str, Tensor], scale: float
) -> str:
    """What came of it: `parity`, or which op ONNX lacks something for. Raises AssertionError where they differ."""
    try:
        model = emit(graph, module.state_dict())
    except EmitError as error:
        return f"not emitted: {error.path}"
    data = ir.serde.serialize_model(model).SerializeToString()
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    taken = {each.name for each in session.get_inputs()}
    fed = {name: tensor.numpy() for name, tensor in inputs.items() if name in taken}
    found = dict(zip((each.name for each in session.get_outputs()), session.run(None, fed), strict=True))
    assert list(found) == list(expected), f"outputs of the file: {list(found)}, {list(expected)}"
    for name, tensor in expected.items():
        array = tensor.numpy()
        assert found[name].shape == array.shape, f"{name} has {found[name].shape} in onnxruntime, and {array.shape}"
        assert np.isfinite(found[name]).all() or not np.isfinite(array).all(), f"{name} is not finite in onnxruntime"
        if array.size and (worst := float(np.abs(found[name] - array).max())) > TOLERANCE * scale:
            exact = _in_float64(graph, module, inputs)[name].numpy()
            assert np.abs(found[name] - exact).max() <= TOLERANCE * scale, f"{name} differs by {worst} of {scale}"
            return "parity with float64, where torch's own kernel slips"
    return "parity"


def _in_float64(graph: Graph, module: nn.Module, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The outputs by name, by other kernels of torch's."""
    doubled = copy.deepcopy(module).double()
    values = (inputs[value.name] for value in graph.inputs)
    result = doubled(*(value.double() if value.is_floating_point() else value for value in values))
    return result if isinstance(result, dict) else {graph.outputs[0].name: result}
