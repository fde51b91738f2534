"""A network saved as a folder and built from it is the same network, whatever became of it since it was built."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

import archspec
from archspec.cli import main
from archspec.deployment import Preprocessing
from archspec.saving import SaveError
from archspec.weights.facts import Facts, read_facts
from tests.twins import one_thread as one_thread

# One model of every family, with what its images are resized to here.
FAMILIES = {
    "alexnet": 64,
    "convnext_tiny": 64,
    "deeplabv3_mobilenet_v3_large": 64,
    "densenet121": 64,
    "efficientnet_b0": 64,
    "fcn_resnet50": 64,
    "googlenet": 64,
    "inception_v3": 96,
    "lraspp_mobilenet_v3_large": 64,
    "maxvit_t": 224,
    "mnasnet0_5": 64,
    "mobilenet_v2": 64,
    "mobilenet_v3_small": 64,
    "regnet_x_400mf": 64,
    "resnet18": 64,
    "shufflenet_v2_x0_5": 64,
    "squeezenet1_1": 64,
    "swin_t": 64,
    "swin_v2_t": 64,
    "vgg11": 64,
    "vit_b_32": 224,
}
TEXT = """archspec: 1
name: small
inputs: {image: [N, 3, 8, 8]}
layers:
  conv: {op: Conv2d, out_channels: 4, kernel_size: 3}
  flatten: Flatten
  fc: {op: Linear, out_features: 2}
"""

HIDDEN = """archspec: 1
name: hidden
inputs: {image: [N, 3, 8, 8]}
blocks:
  S: {layers: {conv: {op: Conv2d, out_channels: 3, kernel_size: 1}, again: {share: x}}}
layers: {conv: {op: Conv2d, out_channels: 3, kernel_size: 1}, s: S}
"""


def assert_restored(model: nn.Module, folder: Path, image: torch.Tensor) -> None:
    restored = archspec.build(folder)
    expected, found = model.state_dict(), restored.state_dict()
    assert list(found) == list(expected)
    assert all(torch.equal(found[key], tensor) for key, tensor in expected.items())
    assert restored.training
    with torch.inference_mode():
        results = [module.eval()(image.clone()) for module in (model, restored)]
    assert str(results[0]) == str(results[1])
    one, other = (list(each.values()) if isinstance(each, dict) else [each] for each in results)
    assert all(map(torch.equal, one, other))


def test_every_family_is_named() -> None:
    from archspec import zoo

    families = {model.name: model.family for model in zoo.models()}
    assert {families[name] for name in FAMILIES} == set(families.values())


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_is_restored_to_the_last_bit(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = archspec.build(name)
    archspec.save(model, tmp_path / "saved")
    assert_restored(model, tmp_path / "saved", torch.randn(1, 3, FAMILIES[name], FAMILIES[name]))


def test_a_replaced_head_is_saved_as_it_is_now(tmp_path: Path) -> None:
    model = archspec.build("resnet18")
    model.fc = nn.Linear(512, 7)
    assert archspec.save(model, tmp_path / "saved") == tmp_path / "saved"
    assert_restored(model, tmp_path / "saved", torch.randn(1, 3, 64, 64))
    again = archspec.build(tmp_path / "saved")
    again.fc = nn.Linear(512, 3, bias=False)
    archspec.save(again, tmp_path / "again")
    assert_restored(again, tmp_path / "again", torch.randn(1, 3, 64, 64))


def test_what_belongs_to_weights_is_not_warned_of(tmp_path: Path) -> None:
    text = TEXT.replace("  flatten", "  bn: BatchNorm2d\n  flatten")
    assert [item.code.name for item in archspec.check(text)] == ["A405"]
    archspec.save(archspec.build(text), tmp_path / "saved")
    assert archspec.check(tmp_path / "saved" / "model.yaml") == ()


def test_the_folder_holds_a_flat_spec_and_plain_safetensors(tmp_path: Path) -> None:
    model = archspec.build(TEXT)
    archspec.save(model, tmp_path / "saved")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["model.safetensors", "model.yaml", "saved"]
    assert archspec.check(tmp_path / "saved" / "model.yaml") == ()
    assert (tmp_path / "saved" / "model.yaml").read_text(encoding="utf-8") == archspec.load(TEXT).expand()
    assert load_file(tmp_path / "saved" / "model.safetensors").keys() == model.state_dict().keys()
    with safe_open(tmp_path / "saved" / "model.safetensors", "pt") as file:
        assert file.metadata()["archspec"] == archspec.__version__


def test_commands_take_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    model = archspec.build(TEXT)
    archspec.save(model, "saved")
    for folder in ("saved", "./saved", str(tmp_path / "saved")):
        assert main(["check", folder]) == 0
        assert main(["summary", folder]) == 0
    capsys.readouterr()
    assert main(["export", "saved", "-o", "x.onnx"]) == 0
    assert "given weights" in capsys.readouterr().out
    assert main(["verify", "x.onnx", "saved"]) == 0
    assert "weights saved/model.safetensors" in capsys.readouterr().out
    assert main(["weights", "plan", "saved/model.safetensors", "saved"]) == 0
    assert torch.equal(archspec.build("saved").fc.weight, model.fc.weight)
    assert torch.equal(archspec.build(Path("saved")).fc.weight, model.fc.weight)
    with pytest.raises(archspec.SpecError):
        archspec.load("nowhere")


def test_other_weights_take_the_place_of_those_that_were_saved(tmp_path: Path) -> None:
    model, other = archspec.build(TEXT), archspec.build(TEXT)
    archspec.save(model, tmp_path / "saved")
    torch.save(other.state_dict(), tmp_path / "other.pt")
    assert torch.equal(archspec.build(tmp_path / "saved", tmp_path / "other.pt").fc.weight, other.fc.weight)


def test_an_earlier_save_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    first, second = archspec.build(TEXT), archspec.build(TEXT)
    for model in (first, second):
        archspec.save(model, tmp_path / "saved")
    assert_restored(second, tmp_path / "saved", torch.randn(1, 3, 8, 8))
    (tmp_path / "saved" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SaveError, match=r"holds other files \(notes.txt\)"):
        archspec.save(first, tmp_path / "saved")
    assert (tmp_path / "saved" / "notes.txt").exists()
    (tmp_path / "empty").mkdir()
    archspec.save(first, tmp_path / "empty")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "saved"]


def test_a_folder_is_no_file_of_an_earlier_save(tmp_path: Path) -> None:
    (tmp_path / "saved" / "model.yaml").mkdir(parents=True)
    with pytest.raises(SaveError, match=r"holds other files \(model.yaml\)"):
        archspec.save(archspec.build(TEXT), tmp_path / "saved")


@pytest.mark.parametrize("folder", [".", ""])
def test_where_the_process_works_is_not_replaced(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SaveError, match="is where this process works"):
        archspec.save(archspec.build(TEXT), folder)
    assert Path.cwd() == tmp_path


def test_what_breaks_in_between_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = archspec.build(TEXT)
    archspec.save(model, tmp_path / "saved")

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("archspec.saving.write_weights", full)
    with pytest.raises(OSError, match="no space left"):
        archspec.save(archspec.build(TEXT), tmp_path / "saved")
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]
    assert_restored(model, tmp_path / "saved", torch.randn(1, 3, 8, 8))
    with pytest.raises(OSError, match="no space left"):
        archspec.save(model, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]


def test_an_earlier_save_comes_back_where_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = archspec.build(TEXT)
    archspec.save(model, tmp_path / "saved")
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise PermissionError("not there")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(PermissionError, match="not there"):
        archspec.save(archspec.build(TEXT), tmp_path / "saved")
    assert_restored(model, tmp_path / "saved", torch.randn(1, 3, 8, 8))
    with pytest.raises(PermissionError, match="not there"):
        archspec.save(model, tmp_path / "other")


@pytest.mark.parametrize("name", ["resnet50", "unet", "cifar10_sgd"])
def test_a_name_that_means_another_network_or_a_recipe_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = archspec.build(TEXT)
    with pytest.raises(SaveError, match=f"save to `./{name}`"):
        archspec.save(model, name)
    for folder in (f"./{name}", Path(name)):
        archspec.save(model, folder)
        assert torch.equal(archspec.build(folder).fc.weight, model.fc.weight)


def test_what_cannot_be_saved_is_told(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="archspec"):
        archspec.save(nn.Linear(2, 2), tmp_path / "saved")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    model = archspec.build(TEXT)
    with pytest.raises(NotADirectoryError, match="is a file, and a network is saved as a folder"):
        archspec.save(model, tmp_path / "file")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        archspec.save(model, tmp_path / "nowhere" / "saved")
    with pytest.raises(SaveError, match=r"`hidden` cannot be saved as a flat spec: `s.again` applies `conv` again"):
        archspec.save(archspec.build(HIDDEN), tmp_path / "saved")
    assert not (tmp_path / "saved").exists()


def test_a_folder_without_its_weights_is_built_fresh(tmp_path: Path) -> None:
    archspec.save(archspec.build(TEXT), tmp_path / "saved")
    (tmp_path / "saved" / "model.safetensors").unlink()
    assert archspec.build(tmp_path / "saved").fc.weight.shape == (2, 144)


IMAGES = Preprocessing((8,), (8,), (0.5, 0.4, 0.3), (0.2, 0.3, 0.4), "bilinear")
FACTS = Facts(IMAGES, "photos", ("cat", "\u72d7 \U0001f415"), "small, trained on photos", "CC0")


def test_what_is_known_goes_with_the_weights(tmp_path: Path) -> None:
    archspec.save(archspec.build(TEXT), tmp_path / "fresh")
    assert read_facts(tmp_path / "fresh") == Facts()
    archspec.save(archspec.build(TEXT), tmp_path / "saved", facts=FACTS)
    assert read_facts(tmp_path / "saved") == FACTS
    model = archspec.build(tmp_path / "saved")
    (tmp_path / "saved" / "model.safetensors").unlink()  # the module remembers
    archspec.save(model, tmp_path / "again")
    assert read_facts(tmp_path / "again") == FACTS
    changed = replace(FACTS, title=f"{FACTS.title}, changed since", license="")
    for _ in range(2):  # further changes are no other news
        model = archspec.build(tmp_path / "again")
        model.conv.bias.data.add_(1)
        archspec.save(model, tmp_path / "again")
        assert read_facts(tmp_path / "again") == changed
    model.fc = nn.Linear(144, 2)  # other classes, perhaps, which are as many
    archspec.save(model, tmp_path / "tuned")
    assert read_facts(tmp_path / "tuned") == replace(changed, classes=())
    archspec.save(model, tmp_path / "tuned", facts=Facts(classes=("left", "right"), title="mine"))
    assert read_facts(tmp_path / "tuned") == replace(changed, classes=("left", "right"), title="mine")
    model.conv = nn.Conv2d(1, 4, 3)
    with pytest.raises(archspec.SpecError):  # a spec says what a network reads
        archspec.save(model, tmp_path / "gray")


def test_equal_networks_give_equal_bytes(tmp_path: Path) -> None:
    model = archspec.build(TEXT)
    for folder in ("one", "other"):
        archspec.save(model, tmp_path / folder, facts=FACTS)
    one, other = ((tmp_path / folder / "model.safetensors").read_bytes() for folder in ("one", "other"))
    assert one == other


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (replace(FACTS, classes=("a", "b", "c")), "`small` tells 2 classes apart, and 3 were named"),
        (Facts(Preprocessing((), (), (0.5,), (0.2,), "")), "reads have 3 channels, and the mean and std are of 1"),
    ],
)
def test_facts_of_another_network_are_refused(facts: Facts, message: str, tmp_path: Path) -> None:
    with pytest.raises(SaveError, match=message):
        archspec.save(archspec.build(TEXT), tmp_path / "saved", facts=facts)
    assert not (tmp_path / "saved").exists()
