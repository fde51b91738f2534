"""What is checked before the first batch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

import archspec
from archspec.diagnostics import SpecError
from archspec.parity import DeviceError
from archspec.training.devices import accelerator_on, device_named
from archspec.weights import MisfitError
from tests.training.jobs import job_of


@pytest.mark.parametrize(
    ("name", "precision", "said"),
    [
        ("gpu", "fp32", "device gpu is none of cpu, cuda, cuda:0, cuda:1 ... and auto"),
        ("cuda:x", "fp32", "device cuda:x is none of"),
        ("cuda", "fp32", "device cuda: torch finds no CUDA device; `--device cpu` trains without one"),
        ("cuda:1", "fp32", "device cuda:1: torch finds no CUDA device"),
        ("cpu", "fp16", "precision fp16 needs a GPU, and the device is cpu: bf16 and fp32 train there"),
        ("auto", "fp16", "precision fp16 needs a GPU"),
    ],
)
def test_a_device_that_is_not_there(name: str, precision: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=f"^{said}"):
        accelerator_on(name, precision)  # type: ignore[arg-type]


def test_which_of_the_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [str(device_named(name)) for name in ("auto", "cuda", "cuda:1", "cpu")] == ["cuda", "cuda", "cuda:1", "cpu"]
    with pytest.raises(DeviceError, match=r"^device cuda:2 is not there: cuda:0 to cuda:1 are$"):
        device_named("cuda:2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(DeviceError, match=r"^device cuda:1 is not there: cuda:0 alone is$"):
        device_named("cuda:1")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Twelve images of each of two classes, 8 x 8 in grey."""
    for name in ("cat", "dog"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(12):
            Image.new("L", (8, 8), number).save(tmp_path / "images" / name / f"{number}.png")
    return tmp_path / "images"


def test_what_does_not_go_together_is_told_at_once(images: Path, tmp_path: Path) -> None:
    text = f"""\
recipe: 1
model: {{target: digits_cnn, args: {{width: 4, num_classes: 3}}}}
data: {{image_folder: {images}}}
stages: [{{epochs: 1, train: [fc, feature.*]}}]
"""
    with pytest.raises(SpecError) as raised:
        job_of(tmp_path, text)
    assert {item.code.name: item.span.line for item in raised.value.diagnostics} == {"A706": 2, "A708": 4}
    assert "tells 3 classes apart, and images has 2" in str(raised.value)
    with pytest.raises(SpecError, match="error"):
        job_of(tmp_path, text.replace("digits_cnn", "digits_cnm"))


def test_a_network_of_any_size_gets_that_of_the_images(images: Path, tmp_path: Path) -> None:
    model = "{target: simple_cnn_gap, args: {num_classes: 2}, inputs: {image: [N, 1, H, W]}}"
    job = job_of(tmp_path, f"recipe: 1\nmodel: {model}\ndata: {{image_folder: {images}}}\nepochs: 1\n")
    assert job.data.train[0][0].shape == (1, 8, 8)
    assert job.data.classes == ("cat", "dog")


def test_weights_to_begin_with(tmp_path: Path) -> None:
    state = archspec.build("digits_cnn", width=4).state_dict()
    save_file(dict(state), tmp_path / "ten.safetensors")
    model = "model: {target: digits_cnn, args: {width: %d, num_classes: 3}, weights: ten.safetensors}"
    text = f"recipe: 1\n{model}\ndata: {{source: fake, samples: 96}}\nepochs: 1\n"
    found = job_of(tmp_path, text % 4).module.state_dict()
    assert all(torch.equal(found[key], state[key]) for key in state if not key.startswith("fc."))
    assert found["fc.weight"].shape[0] == 3
    with pytest.raises(MisfitError) as raised:
        job_of(tmp_path, text % 5)
    assert raised.value.plan is not None
