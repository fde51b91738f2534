"""Every element of a file accounted for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import pytest
import torch

import archspec
from archspec.backends.onnx import Emission
from archspec.parity.tensors import TensorCheck, check_tensors

TEXT = """
archspec: 1
inputs: {image: [N, 3, 8, 8]}
layers:
  conv: {op: Conv2d, out_channels: 4, kernel_size: 3, padding: 1}
  bn: BatchNorm2d
  act: {op: Hardtanh, max_val: 0.5}
  mix: {op: Conv2d, out_channels: 4, kernel_size: 1, bias: false}
  again: {share: mix}
  table: {op: Buffer, shape: [4, 1, 1], dtype: int64, from: []}
  cast: {op: ToDtype, from: table}
  scaled: {op: Mul, from: [again, cast]}
"""
CONV, BN, MIX = 4 * 3 * 9 + 4, 4 * 4, 4 * 4


class Written:
    """A network and what was emitted from it."""

    def __init__(self, text: str, **options: Any) -> None:
        architecture = archspec.load(text)
        self.module = archspec.build(architecture).eval()
        for tensor in self.module.state_dict().values():
            if tensor.is_floating_point():
                torch.nn.init.uniform_(tensor, 0.5, 1.5)
        self.emission = Emission(architecture.graph, **options)
        self.model = ir.to_proto(self.emission.model(self.module.state_dict()))

    def check(self) -> TensorCheck:
        return check_tensors(self.emission, self.module, self.model, Path())

    def tensor(self, name: str) -> onnx.TensorProto:
        return next(tensor for tensor in self.model.graph.initializer if tensor.name == name)

    def change(self, name: str, array: Any) -> None:
        self.tensor(name).CopyFrom(onnx.numpy_helper.from_array(array, name))


def test_each_element_is_counted_once() -> None:
    """A layer that is shared, constants, integers; and what BatchNorm counts is not there."""
    assert Written(TEXT).check() == TensorCheck(CONV + BN + MIX, 4, 2, 8, 0, ())


def test_a_tensor_that_is_missing_unknown_or_useless_is_found() -> None:
    written = Written(TEXT)
    written.tensor("conv.bias").name = "conv.offset"
    written.tensor("mix.weight").name = "bn.num_batches_tracked"
    assert written.check().problems == (
        "conv.bias of the network is not in the file",
        "mix.weight of the network is not in the file",
        "conv.offset in the file is neither a tensor of the network nor a constant",
        "bn.num_batches_tracked in the file is neither a tensor of the network nor a constant",
    )


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        ("conv.bias", lambda x: x + np.float32(1e-7), "is not the module's"),
        ("conv.bias", lambda x: x.astype(np.float64), "is float64 [4], and not the module's float32 [4]"),
        ("conv.bias", lambda x: x[:3], "is float32 [3], and not the module's float32 [4]"),
        ("bn.running_var", lambda x: x * np.nan, "is not finite"),
        ("table", lambda x: x + 1, "is not the module's"),
    ],
)
def test_a_tensor_that_is_not_the_modules_is_found(name: str, change: Any, problem: str) -> None:
    written = Written(TEXT)
    written.change(name, change(onnx.numpy_helper.to_array(written.tensor(name))))
    assert written.check().problems == (f"{name} in the file {problem}",)


def test_a_tensor_of_bfloat16_is_compared_too() -> None:
    written = Written(TEXT.replace("int64", "bfloat16"))
    assert (written.check().elements, written.check().problems) == (CONV + BN + MIX + 4, ())


def test_float16_is_the_modules_rounded() -> None:
    written = Written(TEXT, dtype="fp16")
    assert written.tensor("conv.weight").data_type == onnx.TensorProto.FLOAT16
    assert (written.check().elements, written.check().problems) == (CONV + BN + MIX, ())
    written.emission = replace(written.emission, dtype="fp32")
    assert "and not the module's float32" in written.check().problems[0]


FOLDED = """
archspec: 1
inputs: {image: [N, 4, 8, 8]}
layers:
  conv: {op: Conv2d, out_channels: 8, kernel_size: 3, groups: 2, bias: false}
  drop: Dropout
  bn1: BatchNorm2d
  act: ReLU
  up: {op: ConvTranspose2d, out_channels: 6, kernel_size: 2, groups: 2}
  bn2: {op: BatchNorm2d, eps: 0.1}
  bn3: {op: BatchNorm2d, affine: false}
  flatten: Flatten
  fc: {op: Linear, out_features: 3}
  bn4: BatchNorm1d
"""


@pytest.mark.parametrize("dtype", ["fp32", "fp16"])
def test_what_a_folded_normalisation_leaves_is_what_torch_folds(dtype: str) -> None:
    written = Written(FOLDED, fold_bn=True, dtype=dtype)
    found = written.check()
    assert (found.folded, found.problems) == (4, ())
    kept = {"conv": 8 * 2 * 9 + 8, "up": 8 * 3 * 4 + 6, "fc": 3 * 6 * 7 * 7 + 3}
    assert found.elements == sum(kept.values())
    off = onnx.numpy_helper.to_array(written.tensor("up.bias")) * np.float32(1.01)
    written.change("up.bias", off.astype(np.float16 if dtype == "fp16" else np.float32))
    assert written.check().problems == ("up.bias in the file is not the module's",)
