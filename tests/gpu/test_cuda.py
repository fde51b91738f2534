"""What only a GPU can show: `pytest -m gpu` on a machine that has one. Elsewhere they are skipped, with the reason.

tests/parity/test_devices.py has what is refused where something is missing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import parser
from PIL import Image

import archspec
from archspec.parity.devices import DeviceError, require_device
from archspec.parity.runs import Session
from archspec.parity.tf32 import rounds_to_tf32

RECURRENT = """
archspec: 1
inputs: {words: {shape: [N, 7], dtype: int64}}
layers:
  table: {op: Embedding, num_embeddings: 20, embedding_dim: 8}
  lstm: {op: LSTM, input_size: 8, hidden_size: 16, batch_first: true}
outputs: {states: lstm.0}
"""
NORMS = """
archspec: 1
inputs: {image: [N, 8, 16, 16]}
layers:
  group: {op: GroupNorm, num_groups: 2}
  gelu: GELU
  deconv: {op: ConvTranspose2d, out_channels: 6, kernel_size: 3, stride: 2}
  instance: {op: InstanceNorm2d, affine: true}
  up: {op: Upsample, scale_factor: 2, mode: bilinear}
  pool: {op: AvgPool2d, kernel_size: 3}
  prelu: PReLU
"""
IMAGE = ["N,3,64,64"]
NO_KERNEL = """<ir_version: 8, opset_import: ["" : 18]>
det (float[n,2,2] x) => (float[n] y) { [d] y = Det (x) }"""
# In a process of its own: libraries read the variable when CUDA starts.
ROUNDED = """
import json
from archspec.parity import devices
devices.PROVIDERS["cuda"] = devices.PROVIDERS["cuda"]._replace(options={"use_tf32": "1"})
import archspec
report = archspec.export("resnet18", "net.onnx", inputs=["N,3,64,64"], device="cuda")
print(json.dumps([report.precision, report.outputs[0].tolerance.rel_l2, report.passed]))
"""


@pytest.fixture(scope="module", autouse=True)
def _gpu() -> None:
    try:
        require_device("cuda")
    except DeviceError as error:
        pytest.skip(str(error))


pytestmark = pytest.mark.gpu


@pytest.mark.parametrize(
    ("target", "inputs"),
    [
        ("resnet18", IMAGE),
        ("mobilenet_v3_small", IMAGE),
        ("densenet121", IMAGE),
        ("convnext_tiny", IMAGE),
        ("swin_t", IMAGE),
        ("vit_b_32", []),
        ("fcn_resnet50", IMAGE),
        (RECURRENT, []),
        (NORMS, []),
    ],
)
def test_parity(target: str, inputs: list[str], tmp_path: Path) -> None:
    report = archspec.export(target, tmp_path / "net.onnx", inputs=inputs, device="cuda")
    assert report is not None
    assert (report.verdict, report.provider, report.precision) == ("pass", "CUDAExecutionProvider", "fp32")
    assert all(output.errors and output.errors.float64_rel_l2 is not None for output in report.outputs)


def test_open_sizes_may_be_computed_on_the_cpu(tmp_path: Path) -> None:
    report = archspec.export("unet", tmp_path / "net.onnx", dynamic="HW", device="cuda")
    assert report is not None
    assert report.passed
    assert all("computes sizes on the CPU" in said for said in report.assumptions)


def test_nothing_else_may_run_on_the_cpu() -> None:
    with pytest.raises(DeviceError, match=r"no CUDA kernel for Det \(d\)"):
        Session(parser.parse_model(NO_KERNEL).SerializeToString(), "cuda")


def test_float32_is_float32() -> None:
    assert not rounds_to_tf32("cuda")


def test_tf32_is_called_tf32(tmp_path: Path) -> None:
    import torch

    if torch.cuda.get_device_capability() < (8, 0):
        pytest.skip("GPUs before compute capability 8.0 have no TF32")
    environment = {name: value for name, value in os.environ.items() if name != "NVIDIA_TF32_OVERRIDE"}
    done = subprocess.run(
        [sys.executable, "-c", ROUNDED],
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={**environment, "NVIDIA_TF32_OVERRIDE": "1"},
    )
    assert json.loads(done.stdout.splitlines()[-1]) == ["tf32", 5e-3, True]


def test_predictions_and_vectors_are_those_of_the_cpu(tmp_path: Path) -> None:
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (70, 80, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    archspec.export("resnet18", tmp_path / "net.onnx", parity=False)
    images = [tmp_path / f"{number}.png" for number in range(3)]
    for target, seed in (("resnet18", 0), (str(tmp_path / "net.onnx"), None)):
        found = (archspec.predict(target, images, top=1, seed=seed, device=name) for name in ("cpu", "cuda"))
        for one, other in zip(*found, strict=True):
            assert one.guesses[0].index == other.guesses[0].index
            assert one.guesses[0].probability == pytest.approx(other.guesses[0].probability, abs=1e-5)
    here, there = (archspec.embed("resnet18", images, "avgpool", seed=0, device=name) for name in ("cpu", "cuda"))
    np.testing.assert_allclose(here.vectors, there.vectors, rtol=1e-3, atol=1e-4)
