"""The Python surface: load, check, build, export, verify."""

from __future__ import annotations

import copy
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

import archspec
from archspec.backends.torch import ModuleChanged
from archspec.built import architecture_of
from archspec.weights import WeightsError

TEXT = """archspec: 1
name: sample
args: {width: 8, act: ReLU, input: 3}
inputs: {image: [N, input, 8, 8]}
layers:
  conv: {op: Conv2d, out_channels: width, kernel_size: 3}
  act: act
  flatten: Flatten
  fc: {op: Linear, out_features: 4}
"""


def test_args_come_by_keyword_and_by_mapping() -> None:
    assert archspec.load(TEXT, width=5).graph.nodes[0].outputs[0].type.shape[1] == 5
    assert archspec.load(TEXT, args={"width": 5, "act": "GELU"}).graph.nodes[1].op.__class__.__name__ == "GELU"
    assert archspec.build(TEXT, args={"input": 1}).conv.in_channels == 1


def test_an_unknown_arg_is_a_spec_error_with_its_name() -> None:
    with pytest.raises(archspec.SpecError, match="no arg `widht`") as caught:
        archspec.load(TEXT, widht=5)
    assert [item.code.name for item in caught.value.diagnostics] == ["A303"]


def test_an_argument_that_yaml_has_not_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="width"):
        archspec.load(TEXT, width=object())


@pytest.mark.parametrize("use", [archspec.load, archspec.build])
def test_an_arg_is_given_once_and_named_by_text(use: Callable[..., object]) -> None:
    with pytest.raises(TypeError, match="the arg `width` is given twice"):
        use(TEXT, args={"width": 5}, width=6)
    with pytest.raises(TypeError, match="an arg is named by text, and not by 5"):
        use(TEXT, args={5: 5})


@pytest.mark.parametrize(
    "weights", [True, 3, b"w.pt", {"fc.weight": torch.zeros(2)}, torchvision.models.ResNet18_Weights]
)
def test_weights_are_a_name_a_file_or_a_member_of_an_enum(weights: object) -> None:
    for use in (archspec.load, archspec.build):
        with pytest.raises(TypeError, match=f"and not of type {type(weights).__name__}"):
            use(TEXT, weights=weights)  # type: ignore[operator]


def test_the_name_of_a_plugin_may_stand_alone() -> None:
    with pytest.raises(ValueError, match="there is no plugin `nobody`"):
        archspec.load(TEXT, plugins="nobody")


@pytest.mark.parametrize("option", [{"width": 5}, {"args": {"width": 5}}, {"inputs": "1x3x9x9"}, {"zoo": "mine"}])
def test_an_architecture_takes_no_option_that_it_has_already(option: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="an Architecture has its own"):
        archspec.build(archspec.load(TEXT), **option)


@pytest.mark.parametrize("option", [{"weights": "w.pt"}, {"rename": {"a": "b"}}, {"inputs": "1x3x9x9"}])
def test_a_module_takes_no_option_that_it_has_already(option: dict[str, Any], tmp_path: Path) -> None:
    module, path = archspec.build(TEXT), tmp_path / "m.onnx"
    with pytest.raises(TypeError, match="a module has its own"):
        archspec.export(module, path, **option)
    assert not path.exists()
    archspec.export(module, path, parity=False)
    with pytest.raises(TypeError, match="a module has its own"):
        archspec.verify(path, module, **option)


def test_input_shapes_override_the_specs() -> None:
    assert archspec.load(TEXT, inputs={"image": "N,3,16,16"}).inputs[0].type.shape[2:] == (16, 16)
    assert archspec.load(TEXT, inputs=["2x3x16x16"]).inputs[0].type.shape == (2, 3, 16, 16)


def test_check_takes_text_and_never_raises() -> None:
    assert archspec.check(TEXT) == ()
    assert [item.code.name for item in archspec.check(TEXT.replace("Flatten", "Flaten"))] == ["A302"]
    assert [item.code.name for item in archspec.check("nothing/here.yaml")] == ["A001"]


def test_a_module_remembers_its_architecture_through_copies_and_pickles() -> None:
    module = archspec.build(TEXT, width=5)
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert architecture_of(twin).graph.nodes[0].outputs[0].type.shape[1] == 5


def test_a_replaced_layer_of_the_same_op_is_exported_with_its_own_sizes(tmp_path: Path) -> None:
    module = archspec.build(TEXT)
    module.fc = nn.Linear(288, 7)
    report = archspec.export(module, tmp_path / "seven.onnx")
    assert report is not None
    assert report.passed
    assert architecture_of(module).outputs[0].value.type.shape[1] == 7
    assert archspec.verify(tmp_path / "seven.onnx", module).passed


def test_a_changed_size_that_does_not_fit_is_a_spec_error(tmp_path: Path) -> None:
    module = archspec.build(TEXT)
    module.conv = nn.Conv2d(3, 9, 3)
    with pytest.raises(archspec.SpecError, match="in_features"):
        archspec.export(module, tmp_path / "m.onnx")
    assert list(tmp_path.iterdir()) == []


def test_another_op_in_a_layers_place_is_refused_with_its_path(tmp_path: Path) -> None:
    module = archspec.build(TEXT)
    module.act = nn.GELU()
    with pytest.raises(ModuleChanged, match="act"):
        archspec.export(module, tmp_path / "m.onnx")
    assert list(tmp_path.iterdir()) == []


def test_an_untrained_module_with_flat_outputs_is_compared_with_calibrated_weights(tmp_path: Path) -> None:
    module = archspec.build(TEXT)
    nn.init.zeros_(module.fc.weight)
    report = archspec.export(module, tmp_path / "m.onnx")
    assert report is not None
    assert report.passed
    assert "flat" in report.weights
    assert archspec.verify(tmp_path / "m.onnx", module).verdict == "vacuous"


def test_a_module_of_someone_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"archspec\.build"):
        archspec.export(nn.Linear(2, 2), tmp_path / "m.onnx")


def test_export_keeps_the_mode_and_the_random_stream(tmp_path: Path) -> None:
    module = archspec.build(TEXT).train()
    torch.manual_seed(3)
    archspec.export(module, tmp_path / "a.onnx")
    after = torch.rand(1)
    torch.manual_seed(3)
    assert torch.equal(after, torch.rand(1))
    assert module.training


def test_initial_weights_are_seeded(tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        archspec.export(TEXT, tmp_path / name, seed=seed, parity=False)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c


def test_weights_come_from_safetensors_and_pt_files(tmp_path: Path) -> None:
    source = archspec.build(TEXT)
    save_file(source.state_dict(), tmp_path / "w.safetensors")
    torch.save(source.state_dict(), tmp_path / "w.pt")
    image = torch.randn(2, 3, 8, 8)
    for name in ("w.safetensors", "w.pt"):
        module = archspec.build(TEXT, weights=str(tmp_path / name))
        assert torch.equal(module.eval()(image), source.eval()(image))
        report = archspec.export(TEXT, tmp_path / "m.onnx", weights=str(tmp_path / name))
        assert report is not None
        assert report.passed
    assert archspec.verify(tmp_path / "m.onnx", TEXT).weights == "the file's weights"


class _Code:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("echo never",)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda path: None, "no weights file"),
        (lambda path: torch.save({"conv.weight": _Code()}, path), "code is never unpickled"),
        (lambda path: path.write_bytes(b"junk"), "no file of torch.save"),
        (lambda path: torch.save([1, 2], path), "no state_dict"),
        (lambda path: torch.save({"conv.weight": torch.zeros(1)}, path), "do not fit"),
    ],
)
def test_bad_weights_are_a_clear_error_and_write_nothing(tmp_path: Path, make: object, match: str) -> None:
    path = tmp_path / "w.pt"
    make(path)  # type: ignore[operator]
    with pytest.raises(WeightsError, match=match):
        archspec.export(TEXT, tmp_path / "m.onnx", weights=str(path))
    assert not (tmp_path / "m.onnx").exists()


def test_published_weights_belong_to_zoo_models() -> None:
    with pytest.raises(WeightsError, match="only zoo models"):
        archspec.build(TEXT, weights="IMAGENET1K_V1")
    with pytest.raises(WeightsError, match="ResNet18_Weights"):
        archspec.build("resnet18", weights="IMAGENET1K_V9")


def test_a_summary_speaks_of_the_target() -> None:
    summary = archspec.load("resnet18").summary()
    assert summary.as_dict()["name"] == "resnet18"
    assert "resnet18" in archspec.load("resnet18")._repr_html_()


POOL = "  pool: {op: AdaptiveAvgPool2d, output_size: 1}\n"
CONVOLUTIONS = TEXT.replace("  flatten: Flatten\n", f"{POOL}  flatten: Flatten\n")


def test_dynamic_axes_stay_symbols_in_the_file(tmp_path: Path) -> None:
    report = archspec.export(CONVOLUTIONS, tmp_path / "m.onnx", dynamic=["N", "H", "W"])
    assert report is not None
    assert report.passed
    assert len({(case["H"], case["W"]) for case in report.sizes}) > 1
    shape = onnx.load(tmp_path / "m.onnx").graph.input[0].type.tensor_type.shape
    assert [dim.dim_param or dim.dim_value for dim in shape.dim] == ["N", 3, "H", "W"]


def test_an_axis_that_a_layer_has_to_know_cannot_be_dynamic(tmp_path: Path) -> None:
    with pytest.raises(archspec.SpecError, match="`fc` is made for one size"):
        archspec.export(TEXT, tmp_path / "m.onnx", dynamic="HW")
    assert list(tmp_path.iterdir()) == []


def test_the_report_holds_hashes_of_spec_weights_and_model(tmp_path: Path) -> None:
    module = archspec.build(TEXT)
    first, again = (archspec.export(module, tmp_path / name) for name in ("a.onnx", "b.onnx"))
    with torch.no_grad():
        module.fc.bias += 1
    changed = archspec.export(module, tmp_path / "c.onnx")
    assert first is not None
    assert again is not None
    assert changed is not None
    assert first.sha256.keys() == {"spec", "weights", "model"}
    assert first.sha256 == again.sha256
    assert first.sha256["weights"] != changed.sha256["weights"]
