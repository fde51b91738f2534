"""Targets: the table of runtimes against onnx's own table and the runtime that is installed, and what it refuses."""

from __future__ import annotations

import re
from itertools import pairwise

import onnxruntime
import pytest
from onnx import TensorProto, helper

from archspec.backends.onnx import (
    DEFAULT_OPSET,
    LATEST,
    RUNTIMES,
    EmitError,
    Runtime,
    UnknownTarget,
    emit,
    runtime_of,
)
from tests.backends.onnx.emitted import CLASSIFIER, emitted, graph_of


def test_versions_follow_each_other_and_go_no_further_than_the_opset_needs() -> None:
    for one, other in pairwise(RUNTIMES):
        (major, minor), (_, next_) = (map(int, each.version.split(".")) for each in (one, other))
        assert (major, next_) == (1, minor + 1)
        assert one.opset <= other.opset
        assert one.ir_version <= other.ir_version
    for runtime in RUNTIMES:
        assert runtime.ir_version >= helper.OP_SET_ID_VERSION_MAP["ai.onnx", runtime.opset]
        assert runtime.opset >= DEFAULT_OPSET


def model(opset: int, ir_version: int) -> bytes:
    """Twice its input."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "twice", [x], [y])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)
    data: bytes = made.SerializeToString()
    return data


def test_the_table_is_true_of_the_runtime_that_is_installed() -> None:
    version = ".".join(onnxruntime.__version__.split(".")[:2])
    runtime = runtime_of(f"ort-{version}")
    onnxruntime.InferenceSession(model(runtime.opset, runtime.ir_version), providers=["CPUExecutionProvider"])
    for opset, ir_version, complaint in [
        (runtime.opset + 1, runtime.ir_version, f"till opset {runtime.opset}"),
        (runtime.opset, runtime.ir_version + 1, f"max supported IR version: {runtime.ir_version}"),
    ]:
        with pytest.raises(Exception, match=complaint):
            onnxruntime.InferenceSession(model(opset, ir_version), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("runtime", RUNTIMES, ids=lambda runtime: runtime.target)
def test_a_target_runs_what_is_written_for_it(runtime: Runtime) -> None:
    written = emitted(CLASSIFIER, runtime=runtime)
    assert (written.opset_import[0].version, written.ir_version) == (DEFAULT_OPSET, 8)
    last = emitted(CLASSIFIER, runtime=runtime, opset=runtime.opset)
    assert last.opset_import[0].version == runtime.opset
    assert last.ir_version <= runtime.ir_version
    if runtime.opset < LATEST.opset:
        message = f"^opset {runtime.opset + 1} was asked for, and onnxruntime {runtime.version} "
        with pytest.raises(EmitError, match=message):
            emit(graph_of(CLASSIFIER), {}, runtime=runtime, opset=runtime.opset + 1)


def test_the_ways_out_are_the_first_runtime_and_the_names_that_are_near() -> None:
    message = "opset 23 was asked for, and onnxruntime 1.20 runs none after 21: target ort-1.23 or later"
    with pytest.raises(EmitError, match=re.escape(message)):
        emit(graph_of(CLASSIFIER), {}, runtime=runtime_of("ort-1.20"), opset=23)
    assert runtime_of("ort-latest") is LATEST
    said = f"there is no target `%s`: choose one of ort-1.15 to {LATEST.target}, or ort-latest%s"
    for name, meant in [("ort1.20", "; did you mean `ort-1.20`?"), ("ort-1.2", ""), ("tensorrt", "")]:
        with pytest.raises(UnknownTarget, match=f"^{re.escape(said % (name, meant))}$"):
            runtime_of(name)
