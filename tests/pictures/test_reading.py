"""How an image is read for a picture, by what is known of the weights."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import save_file

import archspec
from archspec.deployment import Preprocessing
from archspec.pictures.subject import Subject
from archspec.samples import SamplesError
from archspec.weights.facts import Facts
from tests.pictures.conftest import SMALL

OWN = Preprocessing((10,), (8,), (0.5,), (0.25,), "bilinear")


@pytest.mark.parametrize(
    ("facts", "note", "title"),
    [
        (Facts(OWN, "mine", (), "mine"), "images prepared as the weights want it", "small, mine"),
        (Facts(OWN, "others", (), "mine"), "images prepared as for others", "small, mine"),
        (Facts(title="mine"), "images resized as a whole, and scaled to 0..1", "small, mine"),
    ],
)
def test_as_the_weights_want_it(facts: Facts, note: str, title: str, tmp_path: Path, digit: Path) -> None:
    state = archspec.build(SMALL).state_dict()
    save_file(state, tmp_path / "w.safetensors", {"format": "pt", **facts.as_metadata()})
    subject = Subject(archspec.load(SMALL), str(tmp_path / "w.safetensors"), None, 0)
    image = subject.see(digit)
    assert (subject.reading.note, subject.title) == (note, title)
    assert image.pixels.shape == (8, 8, 1)
    plain = image.pixels.permute(2, 0, 1)[None] / 255
    wanted = (plain - 0.5) / 0.25 if facts.preprocessing else plain
    assert (image.batch - wanted).abs().max() < 1e-6


def test_as_published_weights_agree() -> None:
    subject = Subject(archspec.load("alexnet"), None, None, 7)
    assert subject.reading.note == "images prepared as for all published weights of alexnet"
    assert subject.title == "alexnet, initial weights, seed 7"
    anywhere = Subject(archspec.load("fcn_resnet50"), None, None, 0)
    assert anywhere.sized_graph.inputs[0].type.shape == (1, 3, 520, 520)


def test_networks_that_read_no_image() -> None:
    two = "archspec: 1\nname: two\ninputs: {a: [N, 3, 8, 8], b: [N, 3, 8, 8]}\nlayers: {x: {op: Add, from: [a, b]}}\n"
    with pytest.raises(SamplesError, match="two reads 2 inputs, `a`, `b`"):
        _ = Subject(archspec.load(two), None, None, 0).reading
