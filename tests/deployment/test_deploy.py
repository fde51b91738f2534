"""What is put around a network, against torchvision's own transforms and models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torchvision import models
from torchvision.transforms import InterpolationMode, functional

import archspec
from archspec import zoo
from archspec.deployment import DeployError, Deployment, Preprocessing, deploy
from archspec.weights.published import describe
from tests.deployment.nets import CLASSIFIER, IDENTITY, deployed, run, session

FACTS = Preprocessing((8,), (6,), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "bilinear")
SOFTMAX = Deployment(head="softmax")
ROUNDING = 2e-6  # of numbers up to 3, behind two roundings of each side


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    """Something like a photo: smooth colours, an edge, and noise."""
    rows, columns = np.mgrid[0:300, 0:400]
    channels = [127 + 127 * np.sin(rows / 37), 127 + 127 * np.cos(columns / 23), 255 * (rows + columns > 350)]
    noise = np.random.default_rng(0).integers(-20, 20, (300, 400, 3))
    return Image.fromarray(np.clip(np.stack(channels, -1) + noise, 0, 255).astype(np.uint8))


def presets() -> Iterator[tuple[str, Preprocessing, Any]]:
    """Each way in which torchvision prepares images for weights of the zoo, once, whatever the sizes."""
    known = set()
    for model in zoo.models():
        enum = model.weights.removeprefix("torchvision ")
        home = models if hasattr(models, enum) else models.segmentation
        for each in describe(model):
            facts = each.preprocessing
            kind = facts and (facts.mean, facts.std, facts.interpolation, len(facts.resize), len(facts.crop))
            if facts and kind not in known:
                known.add(kind)
                yield f"{enum}.{each.name}", facts, getattr(home, enum)[each.name].transforms()


def test_every_preset_of_torchvision_comes_out_of_the_file(photo: Image.Image) -> None:
    found = list(presets())
    assert len({(each.mean, each.std) for _, each, _ in found}) >= 2
    files: dict[Any, Any] = {}
    for name, facts, preset in found:
        image = functional.resize(photo, list(facts.resize), InterpolationMode(facts.interpolation))
        image = functional.center_crop(image, list(facts.crop)) if facts.crop else image
        pixels = np.asarray(image)[None]
        expected = preset(photo)[None].numpy()
        for way in ("uint8-nhwc", "normalize"):
            key = (way, facts.mean, facts.std)
            if key not in files:
                files[key] = deployed(IDENTITY, Deployment(way, preprocessing=facts))  # type: ignore[arg-type]
            scaled = (pixels.transpose(0, 3, 1, 2) / 255).astype(np.float32)
            (result,) = run(files[key], pixels if way == "uint8-nhwc" else scaled)
            limit = ROUNDING * max(1, np.abs(expected).max())
            np.testing.assert_allclose(result, expected, rtol=0, atol=limit, err_msg=name)


def test_a_photo_gets_the_classes_that_torchvision_gives_it(photo: Image.Image, tmp_path: Path) -> None:
    torch.manual_seed(0)
    theirs = models.squeezenet1_1().eval()
    save_file(theirs.state_dict(), tmp_path / "mine.safetensors")
    report = archspec.export(
        "squeezenet1_1",
        tmp_path / "net.onnx",
        weights=tmp_path / "mine.safetensors",
        preprocess="uint8-nhwc",
        head="topk=5",
        inputs="N,3,96,96",
    )
    assert report is not None
    assert [output.name for output in report.outputs] == ["scores", "classes"]
    preset = models.SqueezeNet1_1_Weights.DEFAULT.transforms(crop_size=96, resize_size=110)
    pixels = np.asarray(functional.center_crop(functional.resize(photo, [110]), [96]))[None]
    scores, classes = run(session(tmp_path / "net.onnx"), pixels)
    with torch.no_grad():
        expected = theirs(preset(photo)[None]).softmax(1).topk(5)
    np.testing.assert_allclose(scores, expected.values, rtol=1e-4)
    assert classes.dtype == np.int64
    assert classes.tolist() == expected.indices.tolist()
    values = {each.key: each.value for each in onnx.load(tmp_path / "net.onnx").metadata_props}
    assert values["archspec.weights"] == "mine.safetensors"
    assert values["archspec.preprocessing_of"] == "all published weights of squeezenet1_1"
    assert json.loads(values["archspec.mean"]) == preset.mean
    assert "archspec.classes" not in values


def test_what_is_added_changes_nothing_of_the_network() -> None:
    before = archspec.load(CLASSIFIER).graph
    listed = [*map(repr, before.nodes)], [*map(repr, before.inputs)], [*map(repr, before.outputs)]
    after = deploy(before, Deployment("uint8-nhwc", "topk=3", FACTS))
    assert ([*map(repr, before.nodes)], [*map(repr, before.inputs)], [*map(repr, before.outputs)]) == listed
    assert [key for key, _, _ in after.owned()] == [key for key, _, _ in before.owned()]
    assert repr(after.inputs[0]) == "image: N x 6 x 6 x 3"
    paths = [node.path for node in after.nodes]
    assert paths[:4] == ["preprocess_1.to_dtype", "preprocess_1.permute", "preprocess_1.normalize", "preprocess"]
    assert paths[-2:] == ["head_1.softmax", "head_1.topk"]
    assert {node.scope.path for node in after.nodes} == {"preprocess_1", "", "head", "head_1"}
    assert deploy(before, Deployment(preprocessing=FACTS)) is before


def test_names_that_the_network_uses_are_left_to_it(tmp_path: Path) -> None:
    text = CLASSIFIER + "outputs: {classes: head, scores: preprocess}\n"
    report = archspec.export(text, tmp_path / "net.onnx", head="topk=2")
    assert report is not None
    assert [output.name for output in report.outputs] == ["scores_1", "classes_1", "scores"]
    assert {each.name for each in onnx.load(tmp_path / "net.onnx").graph.output} == {"scores_1", "classes_1", "scores"}


def test_the_classes_of_each_pixel_are_along_the_channels() -> None:
    logits = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
    (scores,) = run(deployed(IDENTITY, SOFTMAX), logits)
    np.testing.assert_allclose(scores.sum(1), 1, rtol=1e-6)
    scores, classes = run(deployed(IDENTITY, Deployment(head="topk=1")), logits)
    assert scores.shape == classes.shape == (2, 1, 4, 5)
    assert (classes[:, 0] == logits.argmax(1)).all()


def test_a_network_that_ends_in_a_softmax_gets_no_second_one() -> None:
    text = IDENTITY.replace("mirror: Identity", "mirror: {op: Softmax, dim: 1}")
    with pytest.raises(DeployError, match="is a softmax as it is: leave the head out"):
        deploy(archspec.load(text).graph, SOFTMAX)
    graph = deploy(archspec.load(text).graph, Deployment(head="topk=2"))
    assert [node.path for node in graph.nodes] == ["mirror", "head.topk"]


PAIR = IDENTITY.replace("}\n", ", other: [N, 3, H, W]}\n").replace("Identity", "{op: Add, from: [image, other]}")
WORDS = """archspec: 1
name: words
inputs: {text: {shape: [N, 9], dtype: int64}}
layers:
  table: {op: Embedding, num_embeddings: 30, embedding_dim: 4}
"""


@pytest.mark.parametrize(
    ("text", "deployment", "message"),
    [
        (IDENTITY, Deployment(head="top5"), "the head `top5` is none of logits, softmax and topk=K"),
        (IDENTITY, Deployment("pixels"), "the preprocessing `pixels` is none of none, normalize, uint8-nhwc"),  # type: ignore[arg-type]
        (IDENTITY, Deployment(head="topk=0"), "none of logits, softmax and topk=K, where K is 1 or more"),
        (IDENTITY, Deployment(head="topk=4"), "`mirror`, N x 3 x H x W, has 3 classes: topk=4 asks for more"),
        (IDENTITY.replace("3, H", "1, H"), SOFTMAX, "has 1 class, of which any softmax is 1"),
        (IDENTITY.replace("3, H, W]", "3, H, W, D, E]"), SOFTMAX, "has no axis that is known to be the classes"),
        (WORDS.replace("table", "words").replace(": {op: Emb", ": Identity #"), SOFTMAX, "holds no logits but int64"),
        (IDENTITY, Deployment("normalize"), "the mean and std of the images that `mirror` reads are not known"),
        (IDENTITY.replace("3, H", "4, H"), Deployment("normalize", preprocessing=FACTS), r"but image \[N, 4, H, W\]"),
        (WORDS, Deployment("uint8-nhwc", preprocessing=FACTS), r"or \[N, 3, H, W\] to preprocess, but text"),
        (PAIR, Deployment("normalize", preprocessing=FACTS), "reads 2 images, `image` and `other`: only one"),
    ],
)
def test_what_does_not_suit_a_network_is_refused(text: str, deployment: Deployment, message: str) -> None:
    with pytest.raises(DeployError, match=re.compile(message)):
        deploy(archspec.load(text).graph, deployment)
