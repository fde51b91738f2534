"""Grad-CAM, against hooks on torchvision's own module with the same weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.models import ResNet18_Weights, resnet18
from torchvision.transforms import functional as transforms

import archspec
from archspec.pictures.cam import cam_of, class_number
from archspec.pictures.errors import PictureError
from archspec.pictures.subject import Seen, Subject
from archspec.pictures.values import fold_at
from tests.pictures.conftest import SMALL

TRANSFORMER = """
archspec: 1
name: transformer
inputs: {image: [N, 1, 8, 8]}
layers:
  patches: {op: Conv2d, out_channels: 6, kernel_size: 2, stride: 2}
  flatten: {op: Flatten, start_dim: 2}
  tokens: {op: Permute, dims: [0, 2, 1]}
  class_token: {op: Parameter, shape: [1, 1, 6], init: {normal: {std: 1.0}}}
  expand: {op: Expand, from: class_token, sizes: [image.N, -1, -1]}
  concat: {op: Concat, from: [expand, tokens], dim: 1}
  norm1: LayerNorm
  attention: {op: MultiheadAttention, num_heads: 2, batch_first: true}
  norm2: LayerNorm
  first: {op: Select, dim: 1, index: 0}
  head: {op: Linear, out_features: 4}
  softmax: {op: Softmax, dim: 1}
  dropout: Dropout
"""


def reference(module: nn.Module, layer: nn.Module, batch: Tensor, class_: int) -> Tensor:
    """By hooks, as the paper has it."""
    kept: dict[str, Tensor] = {}

    def forward(_: nn.Module, inputs: object, output: Tensor) -> None:
        kept["maps"] = output
        output.register_hook(lambda gradient: kept.__setitem__("gradient", gradient))

    handle = layer.register_forward_hook(forward)
    module(batch)[0, class_].backward()
    handle.remove()
    weights = kept["gradient"].mean(dim=(2, 3), keepdim=True)
    return (weights * kept["maps"]).sum(dim=1).relu()[0].detach()


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> tuple[Subject, nn.Module]:
    subject = Subject(archspec.load("resnet18"), None, None, 3)
    theirs = resnet18(weights=None).eval()
    theirs.load_state_dict(subject.module.state_dict())
    return subject, theirs


def test_it_is_what_hooks_on_torchvisions_module_give(network: tuple[Subject, nn.Module], china: Path) -> None:
    subject, theirs = network
    image = subject.see(china)
    with Image.open(china) as file:
        batch = ResNet18_Weights.IMAGENET1K_V1.transforms()(file)[None]
        plain = transforms.center_crop(transforms.resize(file, 256), 224)
    assert torch.equal(image.batch, batch)
    assert torch.equal(image.pixels, transforms.pil_to_tensor(plain).permute(1, 2, 0))
    scores = theirs(batch)[0].detach()
    likeliest = cam_of(subject, image, None, None)
    assert likeliest.number == scores.argmax()
    assert likeliest.probability == pytest.approx(scores.softmax(0).max().item(), rel=1e-5)
    assert likeliest.path == "layer4.1.relu2"
    for found, layer in (
        (likeliest, theirs.layer4),
        (cam_of(subject, image, "17", "layer4"), theirs.layer4),
        (cam_of(subject, image, "900", "layer2.1.conv1"), theirs.layer2[1].conv1),  # type: ignore[index,union-attr]
    ):
        expected = reference(theirs, layer, batch, found.number)  # type: ignore[arg-type]
        assert expected.max() > 0
        torch.testing.assert_close(found.map, expected, rtol=1e-4, atol=1e-6 * float(expected.max()))


def test_of_a_transformer_it_is_the_last_map_whose_tokens_the_class_reads(digit: Path) -> None:
    subject = Subject(archspec.load(TRANSFORMER), None, None, 0)
    image = subject.see(digit)
    found = cam_of(subject, image, "2", None)
    assert found.path == "norm1"  # what stands behind the attention is read of the class token alone
    fold = fold_at(subject.sized_graph, "norm1")
    assert (fold.height, fold.width, fold.skipped) == (4, 4, 1)
    kept = archspec.extract(subject.module, ["norm1", "head"])(image.batch)
    (gradient,) = torch.autograd.grad(kept["head"][0, 2], kept["norm1"])
    weights = gradient[0, 1:].mean(0)
    expected = (kept["norm1"][0, 1:] @ weights).relu().reshape(4, 4)
    torch.testing.assert_close(found.map, expected.detach())
    assert found.probability == pytest.approx(float(subject.module(image.batch)[0, 2].detach()))
    with pytest.raises(PictureError, match="does not depend on the map at `norm2`"):
        cam_of(subject, image, None, "norm2")
    with pytest.raises(PictureError, match="`first` gives 1 x 6, which is no map"):
        cam_of(subject, image, None, "first")


def test_tokens_become_the_map_that_they_were_made_of(digit: Path) -> None:
    subject = Subject(archspec.load(TRANSFORMER), None, None, 0)
    values = archspec.extract(subject.module, ["patches", "flatten", "concat"])(subject.see(digit).batch)
    for path in ("patches", "flatten", "concat"):
        assert torch.equal(fold_at(subject.sized_graph, path).planes(values[path]), values["patches"][0])


def test_of_a_network_that_takes_bytes(digit: Path) -> None:
    front = "inputs: {image: {shape: [N, 1, 8, 8], dtype: uint8}}\nlayers:\n  to_dtype: ToDtype\n"
    layers = SMALL.partition("layers:\n")[2]
    subject = Subject(archspec.load(f"archspec: 1\nname: bytes\n{front}{layers}"), None, None, 0)
    image = subject.see(digit)
    assert (image.batch.dtype, image.batch.shape) == (torch.uint8, (1, 1, 8, 8))
    found = cam_of(subject, image, "4", None)
    assert found.path == "conv2"
    expected = reference(subject.module, subject.module.get_submodule("conv2"), image.batch, 4)
    torch.testing.assert_close(found.map, expected)
    with pytest.raises(PictureError, match="does not depend on the map at `to_dtype`"):
        cam_of(subject, image, None, "to_dtype")


def test_a_class_is_called_as_the_weights_have_it(
    small: Subject, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cam_of(small, seen, "7", None).name == "class 7"
    monkeypatch.setattr(Subject, "classes", (*(f"digit {number}" for number in range(9)), "9"))
    assert cam_of(small, seen, "Digit 7", None).name == "digit 7 (class 7)"
    assert cam_of(small, seen, "9", None).name == "class 9"


def test_what_is_no_class_of_the_network(small: Subject, seen: Seen) -> None:
    names = ["crane", "Crane", "pagoda", "6"]
    assert [class_number(each, 4, names) for each in ("PAGODA", "3", "6")] == [2, 3, 3]
    for written, message in (
        ("crane", "2 classes are called `crane`: say which of 0, 1"),
        ("pagode", "no class is called `pagode`; did you mean `pagoda`"),
        ("4", "there is no class `4`: they are numbered from 0 to 3$"),
    ):
        with pytest.raises(PictureError, match=message):
            class_number(written, 4, names)
    with pytest.raises(PictureError, match="nobody has said what they are called"):
        cam_of(small, seen, "three", None)
