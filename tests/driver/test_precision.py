"""Exports in other numbers than float32: what they say, and what they refuse."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

import archspec
from archspec.backends.onnx import EmitError
from archspec.parity import ParityError, ParityReport
from archspec.samples import SamplesError

NET = """archspec: 1
inputs: {image: [N, 3, 12, 12]}
layers:
  conv: {op: Conv2d, out_channels: 8, kernel_size: 3, bias: false}
  bn: BatchNorm2d
  act: ReLU
  pool: {op: AdaptiveAvgPool2d, output_size: 1}
  flatten: Flatten
  fc: {op: Linear, out_features: 5}
"""


def exported(directory: Path, text: str = NET, **options: Any) -> tuple[ParityReport, onnx.ModelProto]:
    path = directory / "net.onnx"
    report = archspec.export(archspec.load(text), path, **options)
    assert report is not None
    assert report.sha256["model"] == hashlib.sha256(path.read_bytes()).hexdigest()
    return report, onnx.load(path)


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    """Seven files, with nine samples."""
    folder = tmp_path / "arrays"
    folder.mkdir()
    random = np.random.default_rng(0)
    for k in range(6):
        np.save(folder / f"{k}.npy", random.normal(size=(3, 12, 12)).astype(np.float32))
    np.save(folder / "batch.npy", random.normal(size=(3, 3, 12, 12)).astype(np.float32))
    return folder


def test_float16_has_its_own_gates(tmp_path: Path) -> None:
    report, model = exported(tmp_path, dtype="fp16", io_fp16=True, fold_bn=True)
    assert (report.precision, report.outputs[0].tolerance.rel_l2) == ("fp16", 1e-2)
    assert model.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT16
    assert report.structure is not None
    assert report.structure.folded == 1


def test_what_float16_does_not_reach_is_not_written(tmp_path: Path) -> None:
    text = NET.replace("  flatten", "  huge: {op: Mul, value: 1.0e4}\n  bigger: {op: Mul, value: 1.0e4}\n  flatten")
    with pytest.raises(ParityError, match="onnxruntime's output is not finite") as caught:
        exported(tmp_path, text, dtype="fp16", io_fp16=True)
    assert caught.value.report.first_divergence == "bigger"
    assert not list(tmp_path.iterdir())


def test_samples_are_compared_too(tmp_path: Path, arrays: Path) -> None:
    report, _ = exported(tmp_path, images=arrays)
    assert (report.samples, report.passed) == (7, True)


def test_int8_is_calibrated_by_a_folder_and_tried_on_what_was_kept_back(tmp_path: Path, arrays: Path) -> None:
    report, model = exported(tmp_path, int8=arrays)
    found = report.quantization
    assert found is not None
    assert (report.precision, found.calibrating, found.others, found.problems) == ("int8", 6, 1, ())
    assert min(*found.on_calibration.values(), *found.on_others.values()) >= 20
    assert "BatchNormalization" not in {node.op_type for node in model.graph.node}
    assert report.as_dict()["quantization"]["least_db"] == 20


def test_int8_is_calibrated_by_generated_data_where_that_was_said(tmp_path: Path, arrays: Path) -> None:
    report, _ = exported(tmp_path, int8="generated", images=arrays)
    assert report.quantization is not None
    assert (report.quantization.calibration, report.quantization.others) == ("32 generated inputs", 7)


def test_an_int8_file_is_verified_on_images_alone(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = archspec.build(archspec.load(NET))
    folder = tmp_path / "narrow"
    folder.mkdir()
    for k in range(6):  # numbers of which random inputs have others
        image = np.random.default_rng(k).normal(0.06 * k - 0.18, 0.02, (3, 12, 12))
        np.save(folder / f"{k}.npy", image.astype(np.float32))
    path = tmp_path / "net.onnx"
    archspec.export(module, path, int8=folder)
    random = archspec.verify(path, module)
    assert any("--images" in note for note in random.assumptions)
    assert (random.verdict, random.first_divergence) == ("fail", None)
    found = archspec.verify(path, module, images=folder)
    assert (found.verdict, found.samples, found.sizes) == ("pass", 6, ())
    assert "run at    6 inputs from disk" in found.text()


def test_an_int8_file_that_is_too_far_off_is_not_written(tmp_path: Path, arrays: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    np.save(folder / "small.npy", np.full((3, 12, 12), 1e-3, np.float32))  # ranges that clip all others
    with pytest.raises(ParityError, match=r"int8: fc has -?\d+\.\d dB on other inputs, and needs 20 dB"):
        exported(tmp_path, int8=folder, images=arrays)
    assert not (tmp_path / "net.onnx").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"io_fp16": True}, "inputs and outputs in float16 go with the dtype fp16, and it is fp32"),
        ({"int8": "generated", "dtype": "fp16"}, "int8 is made of a model in fp32, and the dtype is fp16"),
        ({"dtype": "bf16"}, "the dtype bf16 is none of fp32 and fp16"),
        ({"external_data": "beside"}, "the external data `beside` are none of auto, never, safetensors"),
    ],
)
def test_options_that_do_not_go_together_or_are_none(options: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(EmitError, match=message):
        exported(tmp_path, **options)


def test_int8_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(EmitError, match="int8 is for convolutions"):
        exported(tmp_path, "archspec: 1\ninputs: {image: [N, 3]}\nlayers:\n  act: ReLU\n", int8="generated")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SamplesError, match="is empty"):
        exported(tmp_path, int8=tmp_path / "empty")
