"""What is known of weights: it survives any file, it is torchvision's own for published weights, and what is malformed
is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torchvision import models

from archspec import zoo
from archspec.deployment import Preprocessing
from archspec.deployment.preprocessing import INTERPOLATIONS
from archspec.weights import WeightsError
from archspec.weights.facts import Facts, facts_of, read_facts
from archspec.weights.published import names_of
from archspec.weights.whose import facts_by_name
from archspec.weights.writing import write_weights

SIZES = st.lists(st.integers(1, 65_535), min_size=1, max_size=2).map(tuple)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@st.composite
def preprocessings(draw: st.DrawFn) -> Preprocessing:
    channels = draw(st.sampled_from([1, 3]))
    mean = draw(st.tuples(*[FINITE] * channels))
    std = draw(st.tuples(*[FINITE.map(abs).filter(bool)] * channels))
    resize = draw(st.just(()) | SIZES)
    interpolation = draw(st.sampled_from(INTERPOLATIONS if resize else ["", *INTERPOLATIONS]))
    return Preprocessing(resize, draw(st.just(()) | SIZES), mean, std, interpolation)


@st.composite
def several_facts(draw: st.DrawFn) -> Facts:
    images = draw(st.none() | preprocessings())
    classes = tuple(draw(st.lists(TEXT)))
    return Facts(images, draw(TEXT) if images else "", classes, draw(TEXT), draw(TEXT))


@settings(deadline=None, max_examples=60)
@given(several_facts())
@example(Facts(classes=("a folder \udcff\udc80 of bytes", "\\udc80", '"', "\0")))
def test_facts_come_back_from_both_kinds_of_files(tmp_path_factory: pytest.TempPathFactory, facts: Facts) -> None:
    path = tmp_path_factory.getbasetemp() / "w.safetensors"
    write_weights({"w": torch.zeros(1)}, path, facts)
    assert read_facts(path) == facts
    model = onnx.ModelProto()
    onnx.helper.set_model_props(model, facts.as_metadata())
    read = onnx.ModelProto.FromString(model.SerializeToString())
    assert facts_of({each.key: each.value for each in read.metadata_props}) == facts


def facts_or_error(metadata: dict[str, str]) -> Facts | str:
    try:
        return facts_of(metadata, "some file")
    except WeightsError as error:
        return str(error)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["mean", "std", "resize", "crop", "interpolation", "classes"]), TEXT | st.builds(
    json.dumps, st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | TEXT, st.lists)
)))
def test_whatever_stands_there_is_facts_or_an_error(metadata: dict[str, str]) -> None:
    found = facts_or_error({f"archspec.{key}": text for key, text in metadata.items()})
    if isinstance(found, Facts):
        assert facts_of(found.as_metadata()) == found
    else:
        assert found.startswith("some file has metadata ")


GOOD = {"mean": "[0.5]", "std": "[0.25]"}


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({**GOOD, "mean": "[0.5"}, r"`archspec.mean` that is no JSON list of numbers: '\[0.5'"),
        ({**GOOD, "std": '["a"]'}, "`archspec.std` that is no JSON list of numbers"),
        ({**GOOD, "std": "[true]"}, "`archspec.std` that is no JSON list of numbers"),
        ({**GOOD, "std": "1" + "0" * 400}, "`archspec.std` that is no JSON list of numbers: '10000"),
        ({**GOOD, "std": f"[1{'0' * 400}]"}, "`archspec.std` that is no JSON list of numbers"),
        ({**GOOD, "std": "[0]"}, "std is finite and greater than 0, and not 0.0"),
        ({**GOOD, "mean": "[NaN]"}, "mean is finite, and not nan"),
        ({**GOOD, "std": "[1, 1]"}, "mean and std have a number for each channel, and mean has 1, and std 2"),
        ({"mean": "[0.5]"}, "mean has 1, and std 0"),
        ({**GOOD, "crop": "[0]"}, "crop is one size or two, from 1 to 65,535, and not 0"),
        ({**GOOD, "resize": "[8, 8, 8]", "interpolation": "box"}, "resize is one size or two, .* not 8, 8, 8"),
        ({**GOOD, "resize": "[8]"}, "interpolation is one of bilinear, .* and not ``"),
        ({**GOOD, "interpolation": "cubic"}, "interpolation is one of .* and not `cubic`"),
        ({"classes": '["a", 1]'}, r"`archspec.classes` that is no JSON list of text: '\[\"a\", 1\]'"),
        ({"classes": "[" * 100_000}, r"`archspec.classes` that is no JSON list of text: '\[+...'"),
    ],
)
def test_what_is_malformed_is_told_with_file_and_key(metadata: dict[str, str], told: str, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"w": torch.zeros(1)}, path, {f"archspec.{key}": text for key, text in metadata.items()})
    with pytest.raises(WeightsError, match=told) as caught:
        read_facts(path)
    assert str(caught.value).startswith(f"{path} has metadata ")


@pytest.mark.parametrize("classes", ["cat", ["cat"], (1, 2)])
def test_classes_are_names(classes: Any) -> None:
    with pytest.raises(TypeError, match="classes are a tuple of names"):
        Facts(classes=classes)


def test_files_of_others_tell_nothing(tmp_path: Path) -> None:
    save_file({"w": torch.zeros(1)}, tmp_path / "theirs.safetensors", {"format": "pt", "mean": "soon"})
    torch.save({"w": torch.zeros(1)}, tmp_path / "theirs.pt")
    assert {read_facts(tmp_path / name) for name in ("theirs.safetensors", "theirs.pt")} == {Facts()}
    with pytest.raises(WeightsError, match="there is no weights file"):
        read_facts(tmp_path / "nothing.safetensors")
    header = b'{"__metadata__": {"archspec.mean": [0.5]}}'
    (tmp_path / "broken.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(WeightsError, match="is no safetensors file: its metadata are not all text"):
        read_facts(tmp_path / "broken.safetensors")


def test_published_weights_are_known_as_torchvision_knows_them() -> None:
    for name in ("alexnet", "resnet50", "vgg16", "vit_b_16", "efficientnet_b4", "fcn_resnet50"):
        model = zoo.model_named(name)
        assert model is not None
        enum = model.weights.removeprefix("torchvision ")
        theirs = getattr(models, enum, None) or getattr(models.segmentation, enum)
        for each in names_of(model):
            facts, preset = facts_by_name(each, model), theirs[each].transforms()
            images = facts.preprocessing
            assert images is not None
            crop = getattr(preset, "crop_size", [])
            assert (list(images.mean), list(images.std), list(images.crop)) == (preset.mean, preset.std, crop)
            assert (list(images.resize), images.interpolation) == (preset.resize_size, preset.interpolation.value)
            assert list(facts.classes) == (theirs[each].meta["categories"] or [])
            assert (facts.title, facts.prepared_for) == (str(theirs[each]),) * 2
            assert facts.license == theirs[each].meta.get("license", "")


def test_a_header_is_read_without_torch(tmp_path: Path) -> None:
    facts = Facts(classes=("a",), title="mine")
    write_weights({"w": torch.zeros(1)}, tmp_path / "model.safetensors", facts)
    program = (
        "import sys; from pathlib import Path; from archspec.weights.facts import read_facts\n"
        f"print(read_facts(Path({str(tmp_path)!r})).title, *{{'torch', 'numpy', 'safetensors'}} & {{*sys.modules}})"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "mine\n"


def test_what_is_written_is_read_by_the_library(tmp_path: Path) -> None:
    """Also where keys are no ASCII, and elements of all widths stand in disorder."""
    tensors = {
        "a": torch.ones(3, dtype=torch.bool),
        "größe": torch.arange(6.0).reshape(2, 3).T,
        "step": torch.tensor(7),
        "none": torch.zeros(0, 4, dtype=torch.float64),
        "half": torch.full((5,), 0.5, dtype=torch.bfloat16),
    }
    write_weights(tensors, tmp_path / "w.safetensors", Facts())
    found = load_file(tmp_path / "w.safetensors")
    assert found.keys() == tensors.keys()
    assert all(found[key].dtype == each.dtype and torch.equal(found[key], each) for key, each in tensors.items())
    before = (tmp_path / "w.safetensors").read_bytes()
    write_weights(tensors, tmp_path / "w.safetensors", Facts())
    assert (tmp_path / "w.safetensors").read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told_as_one() -> None:
    with pytest.raises(OSError, match="No space left"):
        write_weights({"w": torch.zeros(9)}, Path("/dev/full"), Facts())
