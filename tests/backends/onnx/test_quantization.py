"""int8: what the quantiser leaves of a file, and what it doesn't touch."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
import pytest

import archspec
from archspec.backends.onnx import Emission, EmitError, check, quantize, require_quantizable, save
from archspec.backends.torch import calibrate
from tests.backends.onnx.emitted import session

NET = """
archspec: 1
inputs: {image: [N, 3, 12, 12]}
layers:
  conv: {op: Conv2d, out_channels: 8, kernel_size: 3, bias: false}
  bn: BatchNorm2d
  act: ReLU
  tokens: {op: Flatten, start_dim: 2}
  mix: {op: Linear, out_features: 6}
  flatten: Flatten
  fc: {op: Linear, out_features: 5}
"""


class Files:
    """A network in fp32, calibrated, and its int8 form."""

    def __init__(self, directory: Path) -> None:
        architecture = archspec.load(NET)
        module = archspec.build(architecture)
        calibrate(module, architecture.graph, 0)
        random = np.random.default_rng(0)
        self.batches = [{"image": random.normal(size=(1, 3, 12, 12)).astype(np.float32)} for _ in range(8)]
        self.exact, self.coarse = directory / "exact.onnx", directory / "coarse.onnx"
        metadata = {"b": "1", "a": "2"}
        save(Emission(architecture.graph, fold_bn=True, metadata=metadata).model(module.state_dict()), self.exact)
        quantize(self.exact, self.coarse, self.batches)
        self.model = onnx.load(self.coarse)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("int8"))


def test_the_file_is_sound_and_of_standard_operators(files: Files) -> None:
    check(files.coarse)
    assert {node.domain for node in files.model.graph.node} == {""}
    assert files.model.opset_import[0].version == 18
    assert not [path for path in files.coarse.parent.iterdir() if path not in (files.exact, files.coarse)]


def test_weights_are_int8_with_a_scale_for_each_channel(files: Files) -> None:
    tensors = {tensor.name: tensor for tensor in files.model.graph.initializer}
    for name, channels in (("conv.weight", 8), ("mix/Transpose", 6), ("fc.weight", 5)):
        assert tensors[f"{name}_quantized"].data_type == onnx.TensorProto.INT8
        assert list(tensors[f"{name}_scale"].dims) == [channels]
    assert tensors["image_zero_point"].data_type == onnx.TensorProto.UINT8


def test_names_metadata_and_symbols_stay(files: Files) -> None:
    assert [value.name for value in (*files.model.graph.input, *files.model.graph.output)] == ["image", "fc"]
    assert {"conv", "mix/MatMul", "flatten"} & {node.name for node in files.model.graph.node} >= {"conv", "flatten"}
    assert {entry.key: entry.value for entry in files.model.metadata_props} == {"a": "2", "b": "1"}
    assert files.model.producer_name == "archspec"
    assert files.model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"
    assert session(files.coarse).run(None, {"image": np.zeros((3, 3, 12, 12), np.float32)})[0].shape == (3, 5)


def test_every_value_has_a_shape(files: Files) -> None:
    told = {value.name for value in (*files.model.graph.value_info, *files.model.graph.output)}
    assert told >= {name for node in files.model.graph.node for name in node.output}


def test_equal_inputs_give_equal_bytes(files: Files, tmp_path: Path) -> None:
    quantize(files.exact, tmp_path / "again.onnx", files.batches)
    assert (tmp_path / "again.onnx").read_bytes() == files.coarse.read_bytes()


def test_the_quantiser_says_nothing(files: Files, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = (list(logging.root.handlers), logging.root.manager.disable)
    quantize(files.exact, tmp_path / "again.onnx", files.batches)
    assert (list(logging.root.handlers), logging.root.manager.disable) == before
    assert capfd.readouterr() == ("", "")


def test_a_network_without_weights_is_refused() -> None:
    architecture = archspec.load("archspec: 1\ninputs: {image: [N, 3]}\nlayers:\n  act: ReLU\n")
    with pytest.raises(EmitError, match="the network has none"):
        require_quantizable(Emission(architecture.graph).model({}))
