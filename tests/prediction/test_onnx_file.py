"""ONNX files answer as torch does, whatever was put around the network, and with nothing said but the file."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from PIL import Image

import archspec
from archspec import PredictionError
from archspec.backends.onnx import NotOnnxError
from archspec.parity.runs import SessionError
from archspec.prediction.report import Predictions
from archspec.weights import WeightsError
from tests.prediction.conftest import COLOURS, FACTS, GREY, SPECS, Trained

HEADS, PREPROCESS = ("logits", "softmax", "topk=3"), ("none", "normalize", "uint8-nhwc")


def require_same(found: Predictions, expected: Predictions, tolerance: float = 1e-5) -> None:
    assert [image.file for image in found] == [image.file for image in expected]
    for one, other in zip(found, expected, strict=True):
        assert [(each.index, each.name) for each in one.guesses] == [(each.index, each.name) for each in other.guesses]
        probabilities = [each.probability for each in other.guesses]
        assert [each.probability for each in one.guesses] == pytest.approx(probabilities, abs=tolerance)


@pytest.mark.parametrize("name", [COLOURS, GREY])
@pytest.mark.parametrize(("head", "preprocess"), [*itertools.product(HEADS, PREPROCESS)])
def test_what_is_put_around_a_network_changes_no_answer(
    name: str, head: str, preprocess: Any, trained: dict[str, Trained], whole: list[Path], tmp_path: Path
) -> None:
    archspec.export(trained[name].folder, tmp_path / "net.onnx", head=head, preprocess=preprocess, parity=False)
    expected = archspec.predict(trained[name].folder, whole, top=3)
    found = archspec.predict(tmp_path / "net.onnx", whole, top=3, batch_size=2)
    require_same(found, expected)
    assert (found.weights, found.notes) == (expected.weights, ())


@pytest.mark.parametrize(
    ("spec", "options"),
    [
        (SPECS[COLOURS], {"io_fp16": True, "dtype": "fp16"}),
        (SPECS[COLOURS].replace("[N", "[3"), {}),
        (SPECS[COLOURS], {"dynamic": "HW"}),
        (SPECS[COLOURS], {"dynamic": "HW", "preprocess": "uint8-nhwc", "head": "topk=4", "fold_bn": True}),
    ],
    ids=["fp16", "batches of 3", "open sizes", "open pixels"],
)
def test_other_forms_of_the_file(
    spec: str, options: dict[str, Any], trained: dict[str, Trained], whole: list[Path], tmp_path: Path
) -> None:
    weights = trained[COLOURS].folder / "model.safetensors"
    archspec.export(spec, tmp_path / "net.onnx", weights=weights, parity=False, **options)
    found = archspec.predict(tmp_path / "net.onnx", whole)
    expected = archspec.predict(spec, whole, weights=weights)
    require_same(found, expected, tolerance=1e-2 if "dtype" in options else 1e-5)
    assert [len(image.guesses) for image in found] == [4] * 5


def test_a_file_that_picks_fewer_classes(trained: dict[str, Trained], whole: list[Path], tmp_path: Path) -> None:
    archspec.export(trained[COLOURS].folder, tmp_path / "net.onnx", head="topk=1", parity=False)
    found = archspec.predict(tmp_path / "net.onnx", whole)
    assert [len(image.guesses) for image in found] == [1] * 5
    assert found.notes == ()


def test_a_file_without_metadata_needs_statements(
    trained: dict[str, Trained], whole: list[Path], tmp_path: Path
) -> None:
    network = trained[COLOURS]
    archspec.export(network.folder, tmp_path / "net.onnx", parity=False)
    model = onnx.load(tmp_path / "net.onnx")
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "net.onnx")
    with pytest.raises(PredictionError, match=r"nobody knows how the weights of .*net\.onnx want images normalised"):
        archspec.predict(tmp_path / "net.onnx", whole)
    facts = FACTS[COLOURS].preprocessing
    assert facts is not None
    stated: dict[str, Any] = {"mean": facts.mean, "std": facts.std, "interpolation": "bicubic"}
    found = archspec.predict(tmp_path / "net.onnx", whole, resize=24, crop=16, **stated)
    expected = archspec.predict(network.folder, whole)
    assert [image.guesses[0].probability for image in found] == pytest.approx(
        [image.guesses[0].probability for image in expected], abs=1e-5
    )
    assert {each.label for image in found for each in image.guesses} == {"0", "1", "2", "3"}


def foreign(path: Path, shape: Any, kind: int, *nodes: onnx.NodeProto, outputs: int = 1, rank: int = 2) -> Path:
    """Somebody else's file: of `image`, by nodes, `out`."""
    image = helper.make_tensor_value_info("image", kind, shape)
    names = ["out", "more"][:outputs]
    made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank) for name in names]
    graph = helper.make_graph(nodes, "net", [image], made)
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 18)])
    onnx.save(model, path)
    return path


AXES = helper.make_node("Constant", [], ["axes"], value_ints=[2, 3])
FLOAT = helper.make_node("Cast", ["image"], ["x"], to=TensorProto.FLOAT)
MEAN = helper.make_node("ReduceMean", ["x", "axes"], ["mean"], keepdims=0)


FLAT = helper.make_node("Constant", [], ["flat"], value_ints=[1, -1])
ONE_ROW = [FLAT, helper.make_node("Reshape", ["mean", "flat"], ["out"])]


def same(name: str, output: str = "out") -> onnx.NodeProto:
    return helper.make_node("Identity", [name], [output])


def test_others_pixels_and_probabilities_are_told_by_the_file(whole: list[Path], tmp_path: Path) -> None:
    last = helper.make_node("Softmax", ["mean"], ["p"], axis=1), same("p")
    turned = helper.make_node("Transpose", ["image"], ["t"], perm=[0, 3, 1, 2])
    cast = helper.make_node("Cast", ["t"], ["x"], to=TensorProto.FLOAT)
    path = foreign(tmp_path / "net.onnx", ["b", 6, 5, 3], TensorProto.UINT8, turned, cast, AXES, MEAN, *last)
    found = archspec.predict(path, whole[0])
    pixels = np.array(Image.open(whole[0]).convert("RGB").resize((5, 6), Image.Resampling.BILINEAR))
    expected = torch.from_numpy(pixels).float().mean((0, 1)).softmax(0).sort(descending=True)
    assert [each.index for each in found.images[0].guesses] == expected.indices.tolist()
    assert [each.probability for each in found.images[0].guesses] == pytest.approx(expected.values.tolist(), rel=1e-4)
    assert found.notes == ("images are resized to 6 x 5 as a whole, whatever their proportions",)


@pytest.mark.parametrize(
    "between",
    [
        [same("p", "q"), helper.make_node("Flatten", ["q"], ["out"])],
        [
            helper.make_node("QuantizeLinear", ["p", "step", "zero"], ["q"]),
            helper.make_node("DequantizeLinear", ["q", "step", "zero"], ["out"]),
        ],
    ],
    ids=["flattened", "quantised"],
)
def test_probabilities_stay_probabilities_on_their_way_out(
    between: list[onnx.NodeProto], whole: list[Path], tmp_path: Path
) -> None:
    step = helper.make_node("Constant", [], ["step"], value_float=1 / 256)
    zero = helper.make_node("Constant", [], ["zero"], value=helper.make_tensor("z", TensorProto.UINT8, [], [0]))
    softmax = helper.make_node("Softmax", ["mean"], ["p"], axis=1)
    nodes = [FLOAT, AXES, MEAN, softmax, step, zero, *between]
    path = foreign(tmp_path / "net.onnx", ["N", 3, 8, 8], TensorProto.UINT8, *nodes)
    Image.new("RGB", (9, 9), (11, 12, 10)).save(tmp_path / "green.png")
    found = archspec.predict(path, tmp_path / "green.png")
    expected = torch.tensor([12.0, 11, 10]).softmax(0).tolist()
    assert [each.index for each in found.images[0].guesses] == [1, 0, 2]
    assert [each.probability for each in found.images[0].guesses] == pytest.approx(expected, abs=1 / 256)


def test_torch_and_a_file_agree_on_what_is_a_probability(
    trained: dict[str, Trained], whole: list[Path], tmp_path: Path
) -> None:
    ends = "  last: {op: Softmax, dim: 1}\n  drop: Dropout\n  same: {op: Flatten}\n"
    module = archspec.build(f"{SPECS[COLOURS]}{ends}")
    module.load_state_dict(trained[COLOURS].module.state_dict())
    archspec.export(module, tmp_path / "net.onnx", parity=False)
    told: dict[str, Any] = {"mean": FACTS[COLOURS].preprocessing.mean, "std": FACTS[COLOURS].preprocessing.std}
    found = archspec.predict(module, whole, **told)
    require_same(archspec.predict(tmp_path / "net.onnx", whole, **told), found)
    logits = archspec.embed(module, whole, "fc", **told).vectors
    likeliest = torch.from_numpy(logits).softmax(1).max(1).values.tolist()
    assert [image.guesses[0].probability for image in found] == pytest.approx(likeliest, rel=1e-4)


@pytest.mark.parametrize(
    ("shape", "nodes", "more", "message"),
    [
        (["N", 3, 8, 8], [same("x")], {"rank": 4}, "gives a map, and not the classes"),
        (
            ["N", 3, 8, 8],
            [AXES, MEAN, same("mean"), same("mean", "more")],
            {"outputs": 2},
            "gives 2 outputs, `out`, `more`",
        ),
        (["N", 3], [same("x")], {}, "reads no image of 1, 3 or 4 channels, but image"),
        (["N", 3, 0, 0], [AXES, MEAN, same("mean")], {}, "reads no image of 1, 3 or 4 channels, but image (float32, N"),
        (["N", 3, 8, 8], [AXES, MEAN, *ONE_ROW], {}, "gives 1 row of scores for 5 images, and not the classes"),
        (["N", "C", 8, 8], [AXES, MEAN, same("mean")], {}, "reads no image of 1, 3 or 4 channels, but image"),
        (["N", 3, 8, "W"], [AXES, MEAN, same("mean")], {}, "reads images of any size: state one by"),
    ],
)
def test_others_files_that_classify_no_image(
    shape: Any, nodes: Any, more: Any, message: str, whole: list[Path], tmp_path: Path
) -> None:
    path = foreign(tmp_path / "net.onnx", shape, TensorProto.FLOAT, FLOAT, *nodes, **more)
    with pytest.raises(PredictionError) as error:
        archspec.predict(path, whole, mean=[0], std=[1])
    assert message in str(error.value)


def test_files_that_are_none(trained: dict[str, Trained], whole: list[Path], tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("no ONNX file")
    with pytest.raises(NotOnnxError, match=r"text\.onnx is no ONNX file, or a broken one"):
        archspec.predict(tmp_path / "text.onnx", whole)
    (tmp_path / "empty.onnx").touch()
    with pytest.raises(NotOnnxError, match=r"empty\.onnx is no ONNX file, or a broken one: it gives nothing"):
        archspec.predict(tmp_path / "empty.onnx", whole)
    foreign(tmp_path / "round.onnx", ["N", 3, 8, 8], TensorProto.UINT8, same("q"), same("out", "q"))
    with pytest.raises(SessionError, match="onnxruntime: "):
        archspec.predict(tmp_path / "round.onnx", whole)
    with pytest.raises(FileNotFoundError):
        archspec.predict(tmp_path / "none.onnx", whole)
    archspec.export(trained[COLOURS].folder, tmp_path / "net.onnx", parity=False)
    whole_file = (tmp_path / "net.onnx").read_bytes()
    for key, value, error in (
        ("archspec.mean", "[1, a]", WeightsError),
        ("archspec.head", "topk=x", PredictionError),
        ("archspec.preprocess", "magic", PredictionError),
    ):
        model = onnx.load_from_string(whole_file)
        next(entry for entry in model.metadata_props if entry.key == key).value = value
        onnx.save(model, tmp_path / "odd.onnx")
        with pytest.raises(error):
            archspec.predict(tmp_path / "odd.onnx", whole)
    model = onnx.load_from_string(whole_file)
    model.graph.node[0].op_type = "Convolution"
    onnx.save(model, tmp_path / "odd.onnx")
    with pytest.raises(SessionError, match="onnxruntime: "):
        archspec.predict(tmp_path / "odd.onnx", whole)


def test_a_file_answers_for_itself(trained: dict[str, Trained], whole: list[Path], tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="an ONNX file has its own weights"):
        archspec.predict(tmp_path / "net.onnx", whole, weights="DEFAULT")
    archspec.export(SPECS[COLOURS], tmp_path / "net.onnx", parity=False)
    found = archspec.predict(tmp_path / "net.onnx", whole)
    assert "is not trained: its weights are `initial, seed 0`" in found.notes[0]
    require_same(found, archspec.predict(SPECS[COLOURS], whole, seed=0))
