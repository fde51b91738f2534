"""The emitter: names, what it leaves out, and opsets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
import torch

import archspec
from archspec import ops
from archspec.backends.onnx import LATEST, OPSETS, EmitError, emit, raised_by, runtime_of
from archspec.ops.base import Elementwise, Emitter, Handle, TorchExpression, TorchRecipe
from archspec.types import TensorType
from tests.backends.onnx.emitted import CLASSIFIER, emitted, graph_of, names, node, session
from tests.backends.onnx.small import calibrated, small
from tests.ops.cases import at


def _outputs(model: onnx.ModelProto) -> list[str]:
    return [value.name for value in model.graph.output]


def test_nodes_and_values_carry_the_paths_of_layers_and_initialisers_their_keys() -> None:
    model = emitted(CLASSIFIER)
    assert names(model) == ["conv", "bn", "act/Sigmoid", "act", "pool", "flatten", "fc"]
    assert [list(node.output) for node in model.graph.node] == [[name] for name in names(model)]
    assert [value.name for value in model.graph.input] == ["image"]
    assert _outputs(model) == ["fc"]
    expected = ["conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var", "fc.weight", "fc.bias"]
    assert [tensor.name for tensor in model.graph.initializer] == expected


def test_every_value_of_a_layer_has_its_type() -> None:
    text = CLASSIFIER.replace("[N, 3, 16, 16]", "[N, 3, H, W]").replace("kernel_size: 3", "kernel_size: 3, stride: 2")
    model = emitted(text)
    shapes = {
        value.name: [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim]
        for value in [*model.graph.input, *model.graph.value_info, *model.graph.output]
    }
    assert shapes["image"] == ["N", 3, "H", "W"]
    assert shapes["conv"] == ["N", 4, "floor((H - 1)/2)", "floor((W - 1)/2)"]
    assert shapes["fc"] == ["N", 5]
    layers = graph_of(text).nodes
    assert {layer.path for layer in layers} - shapes.keys() == {"drop"}


def test_ir_and_opset_are_stamped() -> None:
    model = emitted(CLASSIFIER)
    assert (model.ir_version, [(entry.domain, entry.version) for entry in model.opset_import]) == (8, [("", 18)])
    assert emitted(CLASSIFIER, opset=21).ir_version == 10


def test_metadata_is_the_callers() -> None:
    model = emitted(CLASSIFIER, metadata={"b": "1", "a": "2"})
    assert [(entry.key, entry.value) for entry in model.metadata_props] == [("a", "2"), ("b", "1")]


OUTPUTS = """
archspec: 1
inputs: {{data: [N, 4]}}
layers:
  a: {{op: Linear, out_features: 4}}
  b: {{op: Linear, from: a, out_features: 4}}
  drop: Dropout
outputs: {outputs}
"""


@pytest.mark.parametrize(
    ("outputs", "nodes"),
    [
        ("{y: drop}", ["a", "b"]),
        ("{first: a, second: drop}", ["a", "b"]),
        ("{first: drop, second: b}", ["a", "b", "second/Identity"]),
        ("{same: data, y: drop}", ["a", "b", "same/Identity"]),
        ("{a: drop, b: a}", ["a", "b"]),
    ],
)
def test_outputs_have_their_names_by_an_identity_only_where_a_value_has_two(outputs: str, nodes: list[str]) -> None:
    text = OUTPUTS.format(outputs=outputs)
    model = emitted(text)
    assert names(model) == nodes
    architecture = archspec.load(text)
    module = archspec.build(architecture).eval()
    model = ir.to_proto(emit(architecture.graph, module.state_dict()))
    x = torch.randn(2, 4)
    with torch.no_grad():
        expected = module(x)
    expected = expected if isinstance(expected, dict) else {"y": expected}
    assert _outputs(model) == list(expected)
    for found, wanted in zip(session(model).run(None, {"data": x.numpy()}), expected.values(), strict=True):
        np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-5, atol=1e-6)


def test_a_layer_whose_path_is_the_name_of_an_output_gives_it_up() -> None:
    model = emitted(OUTPUTS.format(outputs="{a: drop}"))
    assert [(node.name, *node.output) for node in model.graph.node] == [("a", "a/Gemm"), ("b", "a")]


def test_training_outputs_and_their_layers_are_left_out() -> None:
    model = emitted("""
archspec: 1
inputs: {data: [N, 4]}
layers:
  a: {op: Linear, out_features: 4}
  aux: {op: Linear, out_features: 2}
  b: {op: Linear, from: a, out_features: 3}
outputs:
  b: b
  aux: {from: aux, training: true}
""")
    assert (names(model), _outputs(model)) == (["a", "b"], ["b"])
    assert all(not tensor.name.startswith("aux") for tensor in model.graph.initializer)


def test_a_shared_layer_reuses_the_initialisers() -> None:
    model = emitted("""
archspec: 1
inputs: {data: [N, 4]}
layers:
  a: {op: Linear, out_features: 4}
  b: {share: a}
""")
    assert names(model) == ["a", "b"]
    assert [list(node.input[1:]) for node in model.graph.node] == [["a.weight", "a.bias"]] * 2


def test_a_parameter_is_its_initialiser() -> None:
    model = emitted("""
archspec: 1
inputs: {data: [N, 4]}
layers:
  scale: {op: Parameter, shape: [4], init: ones}
  out: {op: Mul, from: [data, scale]}
""")
    assert list(node(model, "out").input) == ["data", "scale"]
    assert [tensor.name for tensor in model.graph.initializer] == ["scale"]


def test_several_outputs_are_numbered_and_a_constant_is_written_once() -> None:
    model = emitted("""
archspec: 1
inputs: {data: [N, 6]}
layers:
  halves: {op: Chunk, chunks: 2, dim: 1}
  left: {op: Mul, from: halves.0, value: 2.0}
  right: {op: Mul, from: halves.1, value: 2.0}
  out: {op: Add, from: [left, right]}
""")
    assert list(node(model, "halves").output) == ["halves.0", "halves.1"]
    assert node(model, "left").input[1] == node(model, "right").input[1] == "left/const"


class Rising(Elementwise):
    """Needs a late opset."""

    needs: int = 20

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression("{0}")

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        emit.require(self.needs, "this")
        return emit.node("Identity", values[0])


@pytest.fixture(autouse=True)
def rising(monkeypatch: pytest.MonkeyPatch) -> None:
    """The op above, for the tests of this file."""
    monkeypatch.setitem(ops._registered, "Rising", Rising)


RISING = """
archspec: 1
inputs: {{data: [N, 4]}}
layers:
  a: ReLU
  b: {{op: Rising, needs: {needs}}}
  c: {{op: Rising, needs: 19}}
"""


def test_a_layer_raises_the_opset_and_is_remembered() -> None:
    model = emit(graph_of(RISING.format(needs=20)), {})
    assert (model.opset_imports, model.ir_version, raised_by(model)) == ({"": 20}, 9, "b")
    model = emit(graph_of(RISING.format(needs=20)), {}, opset=21)
    assert (model.opset_imports, raised_by(model)) == ({"": 21}, None)


def test_opsets_that_cannot_be_written_are_refused() -> None:
    with pytest.raises(EmitError, match="opset 9 is none of those that can be written, "):
        emit(graph_of(CLASSIFIER), {}, opset=9)
    rising = graph_of(RISING.format(needs=20))
    message = "b: Rising needs opset 20 for this, and "
    for options, reason in [
        ({"opset": 19}, "19 was asked for: ask for 20 or later"),
        ({"runtime": runtime_of("ort-1.16")}, "onnxruntime 1.16 runs none after 19: target ort-1.17 or later"),
    ]:
        with pytest.raises(EmitError, match=f"^{re.escape(message + reason)}$") as caught:
            emit(rising, {}, **options)
        assert caught.value.path == "b"
    message = f"^b: Rising needs opset 99 for this, and onnxruntime {LATEST.version} runs none after {LATEST.opset}$"
    with pytest.raises(EmitError, match=message):
        emit(graph_of(RISING.format(needs=99)), {})


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("name", ["vit", "swin_v2", "maxvit"])
def test_networks_are_the_same_at_every_opset(name: str, opset: int) -> None:
    graph, module = small(name).graph, calibrated(name)
    model = ir.to_proto(emit(graph, module.state_dict(), opset=opset))
    onnx.checker.check_model(model, full_check=True)
    assert model.opset_import[0].version == opset
    x = torch.randn(at(graph.inputs[0].type, {"N": 2}))
    with torch.no_grad():
        expected = module(x).numpy()
    [found] = session(model).run(None, {graph.inputs[0].name: x.numpy()})
    assert np.linalg.norm(found - expected) <= 2e-6 * np.linalg.norm(expected)


def test_a_tensor_of_another_shape_is_refused() -> None:
    architecture = archspec.load(CLASSIFIER)
    tensors = {**archspec.build(architecture).state_dict(), "fc.bias": torch.zeros(6)}
    with pytest.raises(EmitError, match=r"^fc: bias is float \[6\], and has to be float32 \[5\]$"):
        emit(architecture.graph, tensors)


def test_what_onnx_cannot_say_names_the_layer() -> None:
    text = CLASSIFIER.replace("[N, 3, 16, 16]", "[N, 3, H, W]").replace("output_size: 1", "output_size: 2")
    with pytest.raises(EmitError, match=r"^pool: ONNX has no pool"):
        emitted(text.replace("  flatten: Flatten\n", ""))


def test_tensors_are_not_copied() -> None:
    architecture = archspec.load(CLASSIFIER)
    tensors = archspec.build(architecture).state_dict()
    model = emit(architecture.graph, tensors)
    tensors["fc.bias"].fill_(7)
    value = model.graph.initializers["fc.bias"].const_value
    assert value is not None
    assert value.numpy().tolist() == [7] * 5


def test_no_more_nodes_than_torch_exports_once_onnxruntime_has_optimised_both(tmp_path: Path) -> None:
    architecture = archspec.load("simple_cnn_bn")
    module = archspec.build(architecture).eval()
    ours, theirs = tmp_path / "ours.onnx", tmp_path / "theirs.onnx"
    ir.save(emit(architecture.graph, module.state_dict()), ours)
    image, dynamic = torch.randn(2, 3, 32, 32), ({0: torch.export.Dim("N")},)
    torch.onnx.export(module, (image,), theirs, dynamo=True, dynamic_shapes=dynamic, external_data=False, verbose=False)
    assert _optimised_nodes(ours) <= _optimised_nodes(theirs)


def _optimised_nodes(path: Path) -> int:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path.with_suffix(".optimised.onnx"))
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return len(onnx.load(options.optimized_model_filepath).graph.node)
