"""Published weights: which are meant, the args that go with them, and what is said where they are not to be had."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torchvision import models

import archspec
from archspec import zoo
from archspec.cli import main
from archspec.weights import WeightsError, published
from archspec.weights.loading import find_weights

RESNET18 = "resnet18-f37072fd.pth"


def model(name: str) -> zoo.ZooModel:
    found = zoo.model_named(name)
    assert found is not None
    return found


def publish(hub: Path, name: str, weights: str = "DEFAULT") -> dict[str, torch.Tensor]:
    """Lay fresh tensors of torchvision's model where its published file would lie."""
    torch.manual_seed(1)
    state: dict[str, torch.Tensor] = models.get_model(name, weights=None).state_dict()
    torch.save(state, hub / models.get_model_weights(name)[weights].url.rpartition("/")[2])
    return state


@pytest.mark.parametrize(
    "weights", ["DEFAULT", "IMAGENET1K_V1", "ResNet18_Weights.IMAGENET1K_V1", RESNET18, f"hub/checkpoints/{RESNET18}"]
)
def test_weights_are_meant_by_name_or_by_file(
    weights: str, hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    expected = publish(hub, "resnet18")
    found = archspec.build("resnet18", weights=weights).state_dict()
    assert all(torch.equal(found[key], tensor) for key, tensor in expected.items())


def test_weights_are_meant_by_a_member_of_torchvisions_enum(hub: Path) -> None:
    expected = publish(hub, "resnet18")
    found = archspec.build("resnet18", weights=models.ResNet18_Weights.DEFAULT)
    assert torch.equal(found.fc.weight, expected["fc.weight"])


def test_what_is_here_is_meant_before_what_was_fetched(
    hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    publish(hub, "resnet18")
    torch.save(archspec.build("resnet18").state_dict(), RESNET18)
    assert find_weights(RESNET18, model("resnet18")).name == RESNET18


@pytest.mark.parametrize(
    ("target", "weights", "said"),
    [
        ("resnet50", "IMAGENET1K_V3", "no weights `IMAGENET1K_V3` in torchvision's ResNet50_Weights"),
        ("resnet50", "IMAGENET1K_V3", "it has DEFAULT, IMAGENET1K_V1, IMAGENET1K_V2"),
        ("resnet50", "imagenet1k_v2", "did you mean `IMAGENET1K_V2`?"),
        ("unet", "DEFAULT", "only zoo models have published weights; `DEFAULT` is no file"),
        ("unet", "nothing.pt", "there is no weights file nothing.pt, neither here nor in {hub}"),
        ("resnet50", "folder/nothing.pt", "there is no weights file folder/nothing.pt"),
        ("resnet18", "DEFAULT", f"put {RESNET18} into {{hub}}, or give its path: https://"),
        ("resnet18", RESNET18, "the weights IMAGENET1K_V1 of resnet18 are not on this machine and cannot be fetched"),
    ],
)
def test_what_is_not_to_be_had_is_told_with_a_way_out(target: str, weights: str, said: str, hub: Path) -> None:
    with pytest.raises(WeightsError) as error:
        archspec.build(target, weights=weights)
    assert said.format(hub=hub) in str(error.value)


def test_the_command_tells_it_without_a_traceback(
    hub: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "resnet18", "--weights", "DEFAULT", "-o", str(tmp_path / "x.onnx")]) == 1
    assert f"put {RESNET18} into {hub}" in capsys.readouterr().err
    assert main(["summary", "resnet18", "--weights", "IMAGENET1K_V9"]) == 1
    assert "did you mean `IMAGENET1K_V1`?" in capsys.readouterr().err


def test_bytes_that_are_not_what_was_published_are_told(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, check_hash: bool, weights_only: bool, **__: object) -> None:
        assert check_hash
        assert weights_only
        raise RuntimeError("invalid hash value")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", broken)
    with pytest.raises(WeightsError, match="came over the net broken"):
        archspec.build("resnet18", weights="DEFAULT")


def test_a_table_without_weights_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no weights whose keys could be renamed"):
        archspec.build("resnet18", rename={"a": "b"})
    assert main(["export", "resnet18", "--rename", "none.yaml", "-o", str(tmp_path / "x.onnx")]) == 1


def test_a_broken_file_in_the_cache_is_told(hub: Path) -> None:
    (hub / RESNET18).write_bytes(b"half a download")
    with pytest.raises(WeightsError, match=RESNET18):
        archspec.build("resnet18", weights="DEFAULT")


@pytest.mark.parametrize(
    ("weights", "args", "size"),
    [
        (None, {}, 224),
        ("DEFAULT", {}, 224),
        ("IMAGENET1K_SWAG_E2E_V1", {}, 384),
        ("ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1", {}, 384),
        ("downloads/vit_b_16_swag-9ac1b537.pth", {}, 384),
        ("my-own.safetensors", {}, 224),
        ("IMAGENET1K_SWAG_E2E_V1", {"image_size": 256}, 256),
    ],
)
def test_weights_bring_their_own_args_and_the_users_win(
    weights: str | None, args: dict[str, int], size: int
) -> None:
    assert archspec.load("vit_b_16", weights=weights, **args).inputs[0].type.shape[2:] == (size, size)


def test_googlenet_is_torchvisions_with_weights(hub: Path) -> None:
    torch.manual_seed(1)
    with_heads = models.googlenet(aux_logits=True, init_weights=False, transform_input=False)
    torch.save(with_heads.state_dict(), hub / models.GoogLeNet_Weights.DEFAULT.url.rpartition("/")[2])
    theirs, ours = models.googlenet(weights="DEFAULT"), archspec.build("googlenet", weights="DEFAULT")
    assert list(ours.state_dict()) == list(theirs.state_dict())
    image = torch.randn(2, 3, 64, 64)
    assert torch.equal(ours.eval()(image), theirs.eval()(image))
    loaded_before = archspec.build(archspec.load("googlenet"), "DEFAULT")
    assert torch.equal(loaded_before.eval()(image), theirs(image))
    kept = archspec.build("googlenet", weights="DEFAULT", aux_logits=True)
    assert torch.equal(kept.aux1.fc2.weight, with_heads.aux1.fc2.weight)


@pytest.mark.parametrize("name", [model.name for model in zoo.models() if model.weights_args])
def test_the_args_of_weights_make_the_network_that_was_published(name: str, hub: Path) -> None:
    for entry in models.get_model_weights(name):
        arch = archspec.load(name, weights=entry)
        totals = arch.summary().as_dict()
        assert totals["params"]["total"] == entry.meta["num_params"]
        assert round(totals["macs"] / 1e9, 3) == entry.meta["_ops"]
        if crop := getattr(entry.transforms(), "crop_size", None):
            assert arch.inputs[0].type.shape[2:] == (*crop, *crop)


def test_the_command_shows_the_network_that_goes_with_weights(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "vit_b_16", "--weights", "IMAGENET1K_SWAG_E2E_V1", "--format", "json"]) == 0
    assert "384" in capsys.readouterr().out


def test_a_collection_names_files_of_its_own(tmp_path: Path) -> None:
    names = {"first": tmp_path / "1.pt", "second": tmp_path / "2.pt"}
    for number, path in enumerate(names.values()):
        torch.save({"w": torch.tensor(number)}, path)
    own = replace(model("resnet18"), weights="", files=names)
    assert published.default_of(own) == "second"
    assert find_weights("DEFAULT", own).tensors()["w"] == 1
    assert find_weights("first", own).tensors()["w"] == 0
    assert [(each.name, each.default, each.cached) for each in published.describe(own)] == [
        ("first", False, True),
        ("second", True, True),
    ]
    with pytest.raises(WeightsError, match=r"did you mean `first`\?; it has DEFAULT, first, second"):
        find_weights("frist", own)


@pytest.mark.parametrize("name", ["vit_b_16", "vgg16", "googlenet", "regnet_y_16gf"])
def test_every_fact_is_torchvisions(name: str, hub: Path) -> None:
    publish(hub, "resnet18")
    entries = models.get_model_weights(name)
    found = published.describe(model(name))
    assert [each.name for each in found] == [entry.name for entry in entries]
    assert [each.name for each in found if each.default] == [entries.DEFAULT.name]
    for each, entry in zip(found, entries, strict=True):
        meta, preset = entry.meta, entry.transforms()
        assert not each.cached
        assert each.path == hub / entry.url.rpartition("/")[2]
        assert (each.params, each.gmacs, each.megabytes) == (meta["num_params"], meta["_ops"], meta["_file_size"])
        assert list(each.categories) == (meta["categories"] or [])
        for data, figures in each.metrics.items():
            assert figures.items() <= meta["_metrics"][data].items()
        assert each.preprocessing is not None
        assert list(each.preprocessing.crop) == preset.crop_size
        assert list(each.preprocessing.resize) == preset.resize_size
        assert (list(each.preprocessing.mean), list(each.preprocessing.std)) == (preset.mean, preset.std)
        assert each.preprocessing.interpolation == preset.interpolation.value


def test_what_lies_in_the_cache_is_said_to(hub: Path) -> None:
    publish(hub, "resnet18")
    [found] = published.describe(model("resnet18"))
    assert found.cached


def test_nesting_is_told_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    state = archspec.build("resnet18").state_dict()
    torch.save({"model": state, "model_ema": state, "epoch": 3}, tmp_path / "run.pt")
    with caplog.at_level(logging.WARNING, "archspec"):
        archspec.build("resnet18", weights=tmp_path / "run.pt")
    assert "are its `model`, and not their average, which is there too: model_ema" in caplog.text
