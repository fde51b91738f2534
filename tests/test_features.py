"""`archspec.extract`: inner values as outputs, held against torchvision's own extractor and the model itself."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Mapping

import pytest
import torch
from torch import nn
from torchvision import models
from torchvision.models.feature_extraction import create_feature_extractor

import archspec
from archspec.architecture import UnknownPathError
from archspec.backends.torch import ModuleChanged, calibrate, run_values
from archspec.features import value_at
from tests.twins import images, one_thread

__all__ = ["one_thread"]

# Layers in place behind other ones' taps, also behind a view, a module that is applied twice, parts, an absent layer,
# a container of dotted keys, a tensor of its own, and a layer in training only.
ODD = """archspec: 1
name: odd
inputs: {image: [N, 4, 8, 8]}
blocks:
  Cell:
    layers:
      conv: {op: Conv2d, out_channels: x.C, kernel_size: 3, padding: 1}
      relu: {op: ReLU, inplace: true}
      scale: {op: Parameter, shape: [4, 1, 1], init: ones}
      scaled: {op: Mul, from: [relu, scale]}
  Tail: {layers: {flat: Flatten, act: {op: Hardswish, inplace: true}}}
layers:
  stem: {op: Conv2d, out_channels: 4, kernel_size: 1}
  act: {op: Hardswish, inplace: true}
  cell: Cell
  skipped: {op: ReLU, if: image.H > 8}
  again: {share: cell}
  split: {op: Chunk, chunks: 2}
  convs.0: {op: Conv2d, from: split.0, out_channels: 2, kernel_size: 1}
  acts.0: ReLU
  convs.1: {op: Conv2d, from: split.1, out_channels: 2, kernel_size: 1}
  aux: {op: Conv2d, from: again, out_channels: 1, kernel_size: 1}
  merged: {op: Concat, from: [acts.0, convs.1]}
  gate: {op: Parameter, shape: [4, 1, 1], init: ones}
  gated: {op: Mul, from: [merged, gate]}
  tail: Tail
  fc: {op: Linear, out_features: 3}
outputs: {fc: fc, aux: {from: aux, training: true}}
"""
ODD_PATHS = [
    "image", "stem", "act", "cell", "cell.conv", "cell.relu", "cell.scale", "skipped", "again", "again.conv",
    "split.0", "split.1", "convs", "convs.0", "acts", "gate", "gated", "tail", "tail.flat", "tail.act", "fc",
]  # fmt: skip


def calibrated(name: str) -> nn.Module:
    architecture = archspec.load(name)
    model = archspec.build(architecture).eval()
    calibrate(model, architecture.graph, seed=0)
    return model


def all_values(name: str, model: nn.Module, image: torch.Tensor) -> dict[str, torch.Tensor]:
    return run_values(model, archspec.load(name).graph, {"image": image})


def assert_same(found: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor]) -> None:
    assert list(found) == list(wanted)
    assert [name for name in wanted if not torch.equal(found[name], wanted[name])] == []


@pytest.mark.parametrize(
    "name",
    ["resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "squeezenet1_1", "densenet121", "googlenet", "swin_t"],
)
def test_taps_are_those_of_torchvision_s_extractor(name: str) -> None:
    ours = calibrated(name)
    theirs = models.get_model(name, **({"init_weights": False} if name == "googlenet" else {})).eval()
    theirs.load_state_dict(ours.state_dict())
    paths = [each for each in archspec.load(name).feature_info.pyramid() if name != "swin_t" or "." in each]
    taps = {path: f"c{number}" for number, path in enumerate(paths, 1)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of googlenet's heads, which are there in training only
        extractor = create_feature_extractor(theirs, taps)
    found = archspec.extract(ours, taps)
    with torch.no_grad():
        assert_same(found(images(2, 96)), extractor(images(2, 96)))
    assert list(found.state_dict()) == [key for key in ours.state_dict() if key in extractor.state_dict()]


@pytest.mark.parametrize("name", ["mobilenet_v2", "shufflenet_v2_x0_5", "efficientnet_b0", "densenet121"])
def test_every_map_is_the_one_inside_the_model_also_where_a_layer_overwrites_it(name: str) -> None:
    model, image = calibrated(name), images(1, 64)
    paths = list(archspec.load(name).feature_info)
    graph = archspec.load(name).graph
    with torch.no_grad():
        found, inside = archspec.extract(model, paths)(image), all_values(name, model, image)
        assert_same(found, {path: inside[value_at(graph, path).name] for path in paths})
        assert torch.equal(model(image), inside[graph.outputs[0].value.name])


@pytest.mark.parametrize(
    "paths",
    [*([path] for path in ODD_PATHS), ODD_PATHS, ODD_PATHS[::-1], ["gated", "tail"], ["stem", "again"]],
    ids=str,
)
def test_each_path_of_an_odd_network(paths: list[str]) -> None:
    model, image = calibrated(ODD), torch.randn(2, 4, 8, 8)
    graph = archspec.load(ODD).graph
    found = archspec.extract(model, paths)
    with torch.no_grad():
        inside = all_values(ODD, model, image)
        assert_same(found(image), {path: inside[value_at(graph, path).name] for path in paths})
    assert found.state_dict().keys() <= model.state_dict().keys()


def test_a_training_only_layer_is_given_in_evaluation_too() -> None:
    model, image = calibrated(ODD), torch.randn(2, 4, 8, 8)
    head = archspec.extract(model, ["aux"])
    with torch.no_grad():
        found = head(image)["aux"]
        assert torch.equal(found, model.aux(archspec.extract(model, "again")(image)["again"]))


def test_what_nothing_depends_on_is_not_there_and_not_run() -> None:
    model = archspec.build("resnet18")
    taps = archspec.extract(model, {"layer2": "c3", "layer4.0.bn1": "inner"})
    assert [name for name, _ in taps.named_children()] == [
        "conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4",
    ]  # fmt: skip
    assert list(taps.layer4[0]._modules) == ["conv1", "bn1"]
    assert [key for key in model.state_dict() if key in taps.state_dict()] == list(taps.state_dict())
    model.layer4[1].register_forward_hook(lambda *_: pytest.fail("layer4.1 was run"))
    taps(images(1, 64))


def test_modules_and_weights_are_the_model_s_own() -> None:
    model = archspec.build("resnet18")
    taps = archspec.extract(model, ["layer1", "layer3.1.bn1"])
    assert taps.layer1 is model.layer1
    assert taps.layer3[1].bn1 is model.layer3[1].bn1
    before = model.layer1[0].conv1.weight.clone()
    sum(value.square().mean() for value in taps(images(2, 64)).values()).backward()
    torch.optim.SGD(taps.parameters(), lr=0.1).step()
    assert not torch.equal(model.layer1[0].conv1.weight, before)
    moved = {name for name, parameter in model.named_parameters() if parameter.grad is not None}
    assert moved == {name for name, _ in taps.named_parameters()}


@pytest.mark.parametrize("way", ["deepcopy", "pickle", "compile", "export"])
def test_an_extractor_goes_where_a_built_module_goes(way: str) -> None:
    taps = archspec.extract(calibrated("resnet18"), {"layer2": "c3", "layer3.0.bn2": "inner"})
    image = images(2, 64)
    other = {
        "deepcopy": lambda: copy.deepcopy(taps),
        "pickle": lambda: pickle.loads(pickle.dumps(taps)),
        "compile": lambda: torch.compile(taps, fullgraph=True, backend="eager"),
        "export": lambda: torch.export.export(taps, (image,)).module(),
    }[way]()
    with torch.no_grad():
        assert_same(other(image), taps(image))


@pytest.mark.parametrize("head", [nn.Linear(512, 5), nn.Identity(), nn.Sequential(nn.Dropout(), nn.Linear(512, 5))])
def test_a_head_may_have_become_anything(head: nn.Module) -> None:
    model = calibrated("resnet18")
    before = archspec.extract(model, ["layer4"])(images(1, 64))
    model.fc = head
    assert_same(archspec.extract(model, ["layer4"])(images(1, 64)), before)


def test_a_new_layer_of_the_same_op_is_tapped_and_another_one_is_told() -> None:
    model = archspec.build("resnet18").eval()
    model.fc = nn.Linear(512, 5)
    assert archspec.extract(model, "fc")(images(1, 64))["fc"].shape == (1, 5)
    model.fc = nn.Identity()
    with pytest.raises(ModuleChanged, match="fc is Identity now, and was Linear"):
        archspec.extract(model, "fc")


def test_copies_of_a_model_and_models_from_a_pickle_have_taps() -> None:
    model = pickle.loads(pickle.dumps(archspec.build("resnet18")))
    assert list(archspec.extract(copy.deepcopy(model), ["layer1"])(images(1, 64))) == ["layer1"]


@pytest.mark.parametrize(
    ("taps", "error", "text"),
    [
        ("layer5", UnknownPathError, "no layer or input `layer5`; did you mean `layer2`"),
        (["layer1.0.conv3"], UnknownPathError, "`layer1.0.conv3`; did you mean `layer1.0.conv1` or `layer1.0.conv2`"),
        ([], ValueError, "no path"),
        ({"layer1": "c2", "layer2": "c2"}, ValueError, "two taps have the name `c2`"),
        ({"layer1": 2}, ValueError, "have to be text, and one is of type int$"),
        ({2: "layer1"}, ValueError, "have to be text, and one is of type int$"),
        ([nn.ReLU()], ValueError, "have to be text, and one is of type ReLU$"),
    ],
)
def test_taps_that_cannot_be(taps: object, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        archspec.extract(archspec.build("resnet18"), taps)  # type: ignore[arg-type]


def test_a_layer_of_several_outputs_is_read_by_number() -> None:
    with pytest.raises(UnknownPathError, match=r"`split` has several outputs: write `split.0` .. `split.1`"):
        archspec.extract(archspec.build(ODD), "split")


def test_a_module_of_another_origin_is_told() -> None:
    with pytest.raises(TypeError, match=r"only a module that archspec\.build made"):
        archspec.extract(models.resnet18(), "layer1")
    with pytest.raises(TypeError, match=r"only a module that archspec\.build made"):
        archspec.extract("resnet18", "layer1")  # type: ignore[arg-type]
