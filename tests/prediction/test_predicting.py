"""Classes of images in torch: what torchvision's own transforms and a bare module give, named by the weights."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import nn
from torchvision import models
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms._presets import ImageClassification

import archspec
from archspec import PredictionError
from archspec.parity import DeviceError
from archspec.prediction.report import Predictions
from tests.prediction.conftest import CLASSES, COLOURS, FACTS, GREY, SPECS, Trained


def bare(module: nn.Module, transform: Any, files: Sequence[Path], mode: str = "RGB", k: int = 4) -> Any:
    """Probabilities and classes, without archspec."""
    images = torch.stack([transform(Image.open(path).convert(mode)) for path in files])
    with torch.no_grad():
        return module(images).softmax(1).topk(k)


def require_same(found: Predictions, expected: Any) -> None:
    assert [[each.index for each in image.guesses] for image in found] == expected.indices.tolist()
    probabilities = torch.tensor([[each.probability for each in image.guesses] for image in found])
    torch.testing.assert_close(probabilities, expected.values, rtol=1e-5, atol=1e-6)


def preset(name: str) -> ImageClassification:
    facts = FACTS[name].preprocessing
    assert facts is not None
    mode = InterpolationMode(facts.interpolation)
    return ImageClassification(
        crop_size=facts.crop[0], resize_size=facts.resize[0], mean=facts.mean, std=facts.std, interpolation=mode
    )


def test_a_folder_of_images_in_batches(trained: dict[str, Trained], photos: Path, whole: list[Path]) -> None:
    heard: list[tuple[int, int]] = []
    network = trained[COLOURS]
    found = archspec.predict(
        network.folder, photos, top=3, batch_size=2, tell=lambda done, of: heard.append((done, of))
    )
    require_same(found, bare(network.module, preset(COLOURS), whole, k=3))
    assert [image.file for image in found] == list(map(str, whole))
    assert {each.name for image in found for each in image.guesses} <= {*CLASSES}
    assert [found.images[0].guesses[0].name] == [CLASSES[found.images[0].guesses[0].index]]
    assert {Path(file).name for file in found.unreadable} == {"broken.jpg", "text.png"}
    assert [done for done, _ in heard] == [2, 5, 7]
    assert heard[0][1] == 7
    assert (found.network, found.weights) == ("colours", "colours")
    assert found.notes == (f"left out, since the name is no image's: {photos / 'notes.txt'}",)


def test_one_channel_of_the_whole_image(trained: dict[str, Trained], whole: list[Path]) -> None:
    scale = v2.Compose([v2.Resize((8, 8)), v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True)])
    transform = v2.Compose([scale, v2.Normalize([0.3], [0.7])])
    found = archspec.predict(trained[GREY].folder, whole)
    require_same(found, bare(trained[GREY].module, transform, whole, "L"))


def test_a_module_answers_as_its_folder_does_and_stays_as_it_is(trained: dict[str, Trained], whole: list[Path]) -> None:
    module = archspec.build(trained[COLOURS].folder)
    assert archspec.predict(module, whole).images == archspec.predict(trained[COLOURS].folder, whole).images
    assert module.training


def test_published_weights_bring_their_transforms_and_categories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: list[Path]
) -> None:
    weights = models.SqueezeNet1_1_Weights.DEFAULT
    torch.manual_seed(0)
    theirs = models.squeezenet1_1().eval()
    (tmp_path / "checkpoints").mkdir()
    torch.save(theirs.state_dict(), tmp_path / "checkpoints" / weights.url.rpartition("/")[2])
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    found = archspec.predict("squeezenet1_1", whole[:2], weights=weights, top=2)
    expected = bare(theirs, weights.transforms(), whole[:2], k=2)
    require_same(found, expected)
    names = [[weights.meta["categories"][index] for index in row] for row in expected.indices.tolist()]
    assert [[each.name for each in image.guesses] for image in found] == names


def test_what_is_stated_takes_the_place_of_what_is_known(trained: dict[str, Trained], whole: list[Path]) -> None:
    network = trained[COLOURS]
    transform = ImageClassification(crop_size=16, resize_size=20, mean=(0.5,), std=(0.25,))
    stated: dict[str, Any] = {"resize": 20, "crop": 16, "mean": [0.5], "std": [0.25], "interpolation": "bilinear"}
    expected = bare(network.module, transform, whole)
    require_same(archspec.predict(network.folder, whole, **stated), expected)
    require_same(archspec.predict(network.folder, whole, **{**stated, "crop": None}), expected)  # theirs is 16, too
    torch.save(network.module.state_dict(), network.folder.parent / "bare.pt")
    bare_weights = network.folder.parent / "bare.pt"
    for told in (stated, {**stated, "crop": None}):  # what the network reads is cut out of the image of 20
        require_same(archspec.predict(SPECS[COLOURS], whole, weights=bare_weights, **told), expected)


def test_a_module_of_other_floats_reads_them(trained: dict[str, Trained], whole: list[Path]) -> None:
    expected = [image.guesses[0].probability for image in archspec.predict(trained[COLOURS].folder, whole)]
    for dtype, tolerance in ((torch.float64, 1e-5), (torch.float16, 2e-2)):
        module = archspec.build(trained[COLOURS].folder).to(dtype)
        found = [image.guesses[0].probability for image in archspec.predict(module, whole)]
        assert found == pytest.approx(expected, abs=tolerance)


def test_a_network_that_normalises_by_itself_needs_nothing(trained: dict[str, Trained], whole: list[Path]) -> None:
    text = SPECS[GREY].replace("layers:", "layers:\n  normalize: {op: Normalize, mean: [0.3], std: [0.7]}")
    module = archspec.build(text)
    module.load_state_dict(trained[GREY].module.state_dict())
    found = archspec.predict(module, whole)
    outside = archspec.predict(trained[GREY].folder, whole)
    assert [image.guesses[0].index for image in found] == [image.guesses[0].index for image in outside]
    assert found.images[0].guesses[0].probability == pytest.approx(outside.images[0].guesses[0].probability, rel=1e-5)
    assert found.notes == ("images are resized to 8 x 8 as a whole, whatever their proportions",)
    with pytest.raises(PredictionError, match="grey normalises images itself: leave `--mean` and `--std` out"):
        archspec.predict(module, whole, mean=[0.3], std=[0.7])


@pytest.mark.parametrize(("layer", "ends"), [("Softmax", nn.Softmax(1)), ("Sigmoid", nn.Sigmoid())])
def test_probabilities_are_left_as_they_are(
    layer: str, ends: nn.Module, trained: dict[str, Trained], whole: list[Path]
) -> None:
    module = archspec.build(f"{SPECS[GREY]}  last: {layer}\n".replace("Softmax", "{op: Softmax, dim: 1}"))
    module.load_state_dict(trained[GREY].module.state_dict())
    found = archspec.predict(module, whole, mean=[0.3], std=[0.7])
    logits = archspec.embed(trained[GREY].folder, whole, "fc").vectors
    expected = ends(torch.from_numpy(logits)).topk(4)
    require_same(found, expected)


def test_open_sizes_take_those_of_the_crop(trained: dict[str, Trained], whole: list[Path]) -> None:
    text = SPECS[COLOURS].replace("16, 16", "H, W")
    module = archspec.build(text)
    module.load_state_dict(trained[COLOURS].module.state_dict())
    stated: dict[str, Any] = {"mean": [0.5], "std": [0.25]}
    transform = ImageClassification(crop_size=32, resize_size=40, mean=(0.5,), std=(0.25,))
    found = archspec.predict(module, whole, resize=40, crop=32, **stated)
    require_same(found, bare(trained[COLOURS].module, transform, whole))
    with pytest.raises(PredictionError, match="reads images of any size: state one by `--resize 256 --crop 224`"):
        archspec.predict(module, whole, **stated)
    with pytest.raises(archspec.SpecError, match="kernel"):
        archspec.predict(module, whole, resize=2, crop=2, **stated)


def test_initial_weights_only_where_they_are_asked_for(whole: list[Path]) -> None:
    with pytest.raises(PredictionError, match="colours has no weights, and would know nothing: give `--weights FILE`"):
        archspec.predict(SPECS[COLOURS], whole)
    with pytest.raises(PredictionError, match="`--weights DEFAULT`, or others that `archspec zoo show alexnet` lists"):
        archspec.predict("alexnet", whole)
    found = archspec.predict(SPECS[COLOURS], whole, seed=1)
    assert found.notes[0].startswith("colours is not trained: its weights are `initial, seed 1`")
    assert found.images != archspec.predict(SPECS[COLOURS], whole, seed=2).images


HEAD = "archspec: 1\nname: net\ninputs: {image: [N, 3, 8, 8]}\nlayers:\n"
GAP = "  gap: {op: AdaptiveAvgPool2d, output_size: 1}\n  flatten: Flatten\n"


@pytest.mark.parametrize(
    ("text", "message", "told"),
    [
        (f"{HEAD}  conv: {{op: Conv2d, out_channels: 4, kernel_size: 3}}\n", "a map, and not the classes of an im", {}),
        (f"{HEAD}{GAP}  fc: {{op: Linear, out_features: 1}}\n", "gives one number for each image, which tells no", {}),
        (f"{HEAD}  x: {{op: Reshape, shape: [-1, 96]}}\n", "gives 10 rows of scores for 5 images, and not the c", {}),
        (f"{HEAD}  flatten: {{op: Flatten, start_dim: 2}}\n", "gives no scores of classes, but flatten (float", {}),
        (f"{HEAD}{GAP}".replace("layers", "outputs: {a: gap, b: flatten}\nlayers"), "gives 2 outputs, `a`, `b`", {}),
        (f"{HEAD}{GAP}".replace("N, 3, 8, 8", "N, 5, 8, 8"), "no image of 1, 3 or 4 channels, but image (float32,", {}),
        (f"{HEAD}  fc: {{op: Linear, out_features: 3}}\n".replace(", 8, 8", ""), "net reads no image of 1, 3", {}),
        (f"{HEAD}{GAP}", "mean and std have a number for each channel", {"mean": [0, 0], "std": [1, 1, 1]}),
        (f"{HEAD}{GAP}", "net reads 3 channels, and mean and std are of 2", {"mean": [0.5, 0.5], "std": [1, 1]}),
        (f"{HEAD}{GAP}", "std is finite and greater than 0, and not 0", {"mean": [0.5], "std": [0]}),
        (f"{HEAD}{GAP}", "`--crop 8` is cut out of a resized image: `--resize` says", {"crop": 8}),
        (f"{HEAD}{GAP}".replace("[N", "[2"), "batches of 3 were asked for, and net reads 2 at once", {"batch_size": 3}),
    ],
)
def test_networks_and_statements_that_do_not_go_together(
    text: str, message: str, told: dict[str, Any], whole: list[Path]
) -> None:
    with pytest.raises(PredictionError) as error:
        archspec.predict(text, whole, seed=0, **told)
    assert message in str(error.value)


def test_what_nobody_knows_is_not_guessed(trained: dict[str, Trained], whole: list[Path]) -> None:
    torch.save(trained[COLOURS].module.state_dict(), trained[COLOURS].folder.parent / "mine.pt")
    message = "nobody knows how the weights mine.pt want images normalised, .* state it by `--mean 0.485,"
    with pytest.raises(PredictionError, match=message):
        archspec.predict(SPECS[COLOURS], whole, weights=trained[COLOURS].folder.parent / "mine.pt")


def test_weights_of_another_network_are_told_before_what_they_want_of_images(
    trained: dict[str, Trained], whole: list[Path]
) -> None:
    for ask in (archspec.predict, partial(archspec.embed, at="conv")):
        with pytest.raises(archspec.WeightsError, match=r"conv .weight 16x1x3x3 for 16x3x3x3"):
            ask(SPECS[COLOURS], whole, weights=trained[GREY].folder)


def test_images_that_are_not_there(trained: dict[str, Trained], tmp_path: Path, photos: Path) -> None:
    folder = trained[COLOURS].folder
    with pytest.raises(PredictionError, match="holds no image"):
        archspec.predict(folder, tmp_path)
    (tmp_path / "notes.txt").touch()
    with pytest.raises(PredictionError, match=r"holds no image \(\.jpg, .*\), but 1 other file"):
        archspec.predict(folder, tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no file or folder .*none\.png"):
        archspec.predict(folder, [photos, tmp_path / "none.png"])
    with pytest.raises(PredictionError, match="there is no image: name files, or folders of them"):
        archspec.predict(folder, [])
    assert not archspec.predict(folder, photos / "text.png").images


def test_an_image_that_would_fill_the_memory_is_left_out(
    trained: dict[str, Trained], whole: list[Path], tmp_path: Path
) -> None:
    Image.new("RGB", (1, 60_000)).save(tmp_path / "thin.png")
    message = "thin.png is 1 x 60000, and would have 245,760,000 pixels once it is resized: up to 178,956,970 are read"
    stated: dict[str, Any] = {"resize": 2000, "crop": 500, "mean": [0.5], "std": [0.25]}
    found = archspec.predict(trained[COLOURS].folder, [*whole[:1], tmp_path / "thin.png"], **stated)
    assert [image.file for image in found] == [str(whole[0])]
    assert message in found.unreadable[str(tmp_path / "thin.png")]


def test_an_image_that_vanishes_is_left_out(trained: dict[str, Trained], whole: list[Path], tmp_path: Path) -> None:
    last = tmp_path / "last.png"
    last.write_bytes(whole[0].read_bytes())
    found = archspec.predict(
        trained[COLOURS].folder, [whole[0], last], batch_size=1, tell=lambda done, of: last.unlink(missing_ok=True)
    )
    assert [image.file for image in found] == [str(whole[0])]
    assert found.unreadable == {str(last): f"{last} cannot be read: No such file or directory"}


def test_weights_that_give_no_numbers(trained: dict[str, Trained], whole: list[Path]) -> None:
    module = archspec.build(trained[COLOURS].folder)
    with torch.no_grad():
        module.get_submodule("fc").bias.fill_(float("nan"))
    with pytest.raises(PredictionError, match=r"colours gives numbers that are not finite for .*a\.png"):
        archspec.predict(module, whole)


@pytest.mark.skipif(torch.cuda.is_available(), reason="tells of a device that is not there")
def test_a_device_that_is_not_there(trained: dict[str, Trained], whole: list[Path]) -> None:
    with pytest.raises(DeviceError, match="torch finds no CUDA device"):
        archspec.predict(trained[COLOURS].folder, whole, device="cuda")
