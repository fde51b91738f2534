"""Signal over noise, of two files."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

import archspec
from archspec.backends.onnx import emit, save
from archspec.parity.noise import Quantization, Size, signal_to_noise

NET = "archspec: 1\ninputs: {image: [N, 3]}\nlayers:\n  fc: {op: Linear, out_features: 4, bias: false}\n"
BATCHES = [[torch.randn(2, 3, generator=torch.Generator().manual_seed(seed))] for seed in range(3)]


def written(path: Path, factor: float) -> Path:
    architecture = archspec.load(NET)
    weight = torch.arange(12.0).reshape(4, 3) * factor
    save(emit(architecture.graph, {"fc.weight": weight}), path)
    return path


@pytest.mark.parametrize(("factor", "decibels"), [(1.1, 20.0), (0.99, 40.0), (2.0, 0.0), (1.0, math.inf)])
def test_the_ratio_of_the_power_of_both(factor: float, decibels: float, tmp_path: Path) -> None:
    exact, other = written(tmp_path / "exact.onnx", 1.0), written(tmp_path / "other.onnx", factor)
    assert signal_to_noise(exact, other, BATCHES) == {"fc": pytest.approx(decibels, abs=1e-3)}


def test_an_output_of_zeros_or_without_numbers_has_no_ratio(tmp_path: Path) -> None:
    zero, one = written(tmp_path / "zero.onnx", 0.0), written(tmp_path / "one.onnx", 1.0)
    assert math.isnan(signal_to_noise(zero, zero, BATCHES)["fc"])
    assert math.isnan(signal_to_noise(one, written(tmp_path / "nan.onnx", math.nan), BATCHES)["fc"])


def found(calibration: float, others: float) -> Quantization:
    size = Size(10, 2)
    return Quantization("8 calibration inputs", 8, 2, {"fc": calibration}, {"fc": others}, size, size)


def test_what_is_below_the_least_ratio_is_a_problem() -> None:
    assert found(20.0, math.inf).problems == ()
    assert found(19.99, 30.0).problems == (
        "int8: fc has 20.0 dB on the inputs it was calibrated by, and needs 20 dB",
    )
    assert found(30.0, math.nan).problems == ("int8: fc has no ratio on other inputs, and needs 20 dB",)
    assert found(30.0, math.nan).as_dict()["outputs"] == [{"name": "fc", "calibration_db": 30.0, "others_db": None}]
