"""Recipes from files and from the command line: paths, short forms, what options change, and what is told where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archspec import given
from archspec.cli import main
from archspec.diagnostics import Diagnostics
from archspec.recipes import Recipe, Written, check_recipe, network_of, read_recipe, recipe_of, resolved
from archspec.recipes.compiling import compile_recipe

RECIPE = """recipe: 1
model: {target: ./net.yaml, weights: last/net.safetensors}
data: {image_folder: ../images}
epochs: 3
optimizer: Adam
schedule: cosine
"""
NET = """archspec: 1
args: {width: 4}
inputs: {image: [N, 3, 8, 8]}
layers: {flatten: Flatten, wide: {op: Linear, out_features: width}, fc: {op: Linear, out_features: 2}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "train.yaml").write_text(RECIPE, encoding="utf-8")
    (tmp_path / "nets" / "net.yaml").write_text(NET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(name: str, **overrides: object) -> Written:
    diagnostics = Diagnostics()
    found = read_recipe(name, diagnostics, {key.replace("__", "."): value for key, value in overrides.items()})
    assert found is not None, list(diagnostics)
    return found


def told(name: str, overrides: dict[str, object]) -> list[tuple[str, str, str]]:
    """Code, file and text of all mistakes."""
    found = compile_recipe(name, overrides).diagnostics
    return [(item.code.name, item.span.file.path, item.span.text) for item in found]


def test_relative_paths_are_from_the_recipes_folder(folder: Path) -> None:
    recipe = read("nets/train.yaml").recipe
    assert recipe.model.target == str(folder / "nets" / "net.yaml")
    assert recipe.model.weights == str(folder / "nets" / "last" / "net.safetensors")
    assert recipe.data.image_folder == str(folder / "images")


def test_paths_of_the_command_line_are_from_here(folder: Path) -> None:
    recipe = read("nets/train.yaml", model__weights="a/b.pt", data__image_folder="here").recipe
    assert recipe.model.weights == str(folder / "a" / "b.pt")
    assert recipe.data.image_folder == str(folder / "here")


def test_names_stay_names(folder: Path) -> None:
    recipe = read("nets/train.yaml", model__target="resnet18", model__weights="DEFAULT").recipe
    assert (recipe.model.target, recipe.model.weights) == ("resnet18", "DEFAULT")


def test_a_value_alone_stands_for_the_key_of_its_section(folder: Path) -> None:
    written = read("nets/train.yaml", optimizer__lr=0.5, data__source="digits", ema=0.9)
    recipe = written.recipe
    assert (recipe.optimizer.name, recipe.optimizer.lr, recipe.schedule.name) == ("Adam", 0.5, "cosine")
    assert recipe.data.source == "digits"
    assert recipe.data.image_folder is None
    assert recipe.ema is not None
    assert recipe.ema.decay == 0.9
    assert written.says("optimizer", "name")
    assert not written.says("optimizer", "betas")
    assert written.span("optimizer", "betas").text == "Adam"
    assert written.span("optimizer", "lr").file.path == "--lr"
    assert written.key("epochs").text == "epochs"
    assert written.span("stages", 3, "epochs").start == 0


def test_mistakes_of_options_are_told_at_them(folder: Path) -> None:
    (folder / "images").mkdir()
    wrong: dict[str, object] = {"batch_size": 0, "optimizer.lr": -1.0, "optimizer.momentum": 0.9, "seed": 2**53 + 1}
    assert told("nets/train.yaml", wrong | {"model.weights": "BEST", "model.args.widht": 3}) == [
        ("A203", "--batch-size", "0"),
        ("A203", "--seed", str(2**53 + 1)),
        ("A203", "--lr", "-1.0"),
        ("A703", "--momentum", "0.9"),
        ("A711", "--weights", "BEST"),
        ("A303", "--widht", "3"),
    ]


def test_the_network_has_the_args_and_inputs_of_the_recipe(folder: Path) -> None:
    (folder / "images").mkdir()
    changes = {f"model.args.{name}": node for name, (_, node) in given.settings(["width=16"]).items()}
    diagnostics = Diagnostics()
    written = read_recipe("nets/train.yaml", diagnostics, {**changes, "model.inputs": {"image": ["N", 3, 4, 4]}})
    assert written is not None
    network = network_of(written, diagnostics)
    assert network is not None
    assert [str(value.type) for value in network.inputs] == ["N x 3 x 4 x 4"]
    assert [node.outputs[0].type.shape[1] for node in network.graph.nodes] == [48, 16, 2]


def test_a_target_and_options_make_a_recipe(folder: Path) -> None:
    diagnostics = Diagnostics()
    written = recipe_of("digits_cnn", {"data.source": "digits", "epochs": 2, "optimizer.name": "SGD"}, diagnostics)
    assert written is not None
    assert written.recipe == Recipe.model_validate(
        {"recipe": 1, "model": "digits_cnn", "data": "digits", "epochs": 2, "optimizer": "SGD"}
    )
    assert written.span("data", "source").file.path == "--data"
    assert told("digits", {"data.image_folder": ""}) == [("A203", "--data", "")]
    assert recipe_of("digits_cnn", {"epochs": 2}, diagnostics) is None
    assert [item.message for item in diagnostics] == ["a recipe needs `data`"]
    assert recipe_of("digit_cnn", {"epochs": 2}, other := Diagnostics()) is None
    assert [item.code.name for item in other] == ["A202", "A003"]


def test_a_resolved_recipe_writes_what_counts(folder: Path) -> None:
    text = resolved(read("nets/train.yaml").recipe)
    assert f'image_folder: "{folder / "images"}"' in text
    assert "betas: [0.9, 0.999]" in text
    assert "momentum" not in text
    assert "weights:" in text
    (folder / "again.yaml").write_text(text, encoding="utf-8")
    assert read("again.yaml").recipe == read("nets/train.yaml").recipe


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("digit", "A003", "there is no recipe `digit`"),
        ("nets/net.yaml", "A701", "this is a spec, and a recipe belongs here"),
        ("nets/lost.yaml", "A001", "`nets/lost.yaml` cannot be read: no such file or directory"),
        ("list.yaml", "A203", "a recipe is a mapping, and this file holds a list"),
    ],
)
def test_what_is_no_recipe(name: str, code: str, said: str, folder: Path) -> None:
    (folder / "list.yaml").write_text("- recipe\n", encoding="utf-8")
    diagnostics = Diagnostics()
    assert read_recipe(name, diagnostics) is None
    [item] = diagnostics
    assert (item.code.name, item.message) == (code, said)


def test_the_command_checks_recipes_among_specs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "images").mkdir()
    assert main(["check", "nets/train.yaml", "nets/net.yaml", "digits", "--format", "json"]) == 1
    told = {file["path"]: file["diagnostics"] for file in json.loads(capsys.readouterr().out)["files"]}
    assert [item["code"] for item in told["nets/train.yaml"]] == ["A711"]
    for form in ("github", "sarif", "text"):
        assert main(["check", "nets/train.yaml", "--format", form]) == 1
        assert "A711" in capsys.readouterr().out
    assert main(["check", "digits", "--set", "num_classes=11"]) == 1
    assert main(["check", "digits", "--input", "1x1x4x4", "--set", "widht=3"]) == 1
    assert "no arg `widht`" in capsys.readouterr().out


def test_a_misspelt_recipe_is_no_network_to_be_put_in_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "digit"]) == 2
    assert "did you mean `digits`?" in capsys.readouterr().out
    (folder / "train.yaml").write_text("recipe: 1\nmodel: digit\ndata: digits\nepochs: 1\n", encoding="utf-8")
    [item] = compile_recipe("train.yaml").diagnostics
    assert (item.code.name, item.fix) == ("A003", None)


def test_the_command_mends_recipes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mended = RECIPE.replace(", weights: last/net.safetensors", "")
    wrong = mended.replace("epochs:", "epoch:").replace("recipe: 1\n", "").replace("cosine", "cosin")
    (folder / "nets" / "train.yaml").write_text(wrong, encoding="utf-8")
    (folder / "images").mkdir()
    assert main(["check", "nets/train.yaml", "--fix"]) == 0
    assert (folder / "nets" / "train.yaml").read_text(encoding="utf-8") == mended


@pytest.mark.parametrize("model", ["resnet18", "{target: resnet18}", "\n  target: resnet18 # of the zoo\n  inputs: {}"])
def test_the_classes_of_the_data_are_written_where_the_model_is(model: str, folder: Path) -> None:
    path = folder / "train.yaml"
    path.write_text(f"recipe: 1\nmodel: {model}\ndata: cifar10\nepochs: 1\n", encoding="utf-8")
    assert main(["check", "train.yaml", "--fix"]) == 0
    assert read("train.yaml").recipe.model.args == {"num_classes": 10}


def test_other_commands_say_that_a_recipe_is_no_network(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("nets/train.yaml", "digits"):
        assert main(["summary", name]) != 0
        assert "a recipe, and a" in capsys.readouterr().err


def test_the_command_line_is_answered_in_options(folder: Path) -> None:
    diagnostics = Diagnostics()
    written = recipe_of("resnet18", {"data.source": "cifar10", "epochs": 2}, diagnostics)
    assert written is not None
    network = network_of(written, diagnostics)
    assert network is not None
    check_recipe(written, network, diagnostics)
    assert [(item.span.file.path, item.helps) for item in diagnostics] == [
        ("TARGET", ("`--set num_classes=10` says so",))
    ]


STAGED = """recipe: 1
model: net
data: {source: cifar10, folder: cifar}
stages:
  - {epochs: 1, train: [fc], lr: 0.5, optimizer: Adam}
  - {epochs: 2, lr: {fc: 0.25}}
"""


def test_stages_take_from_the_recipe_what_they_leave_out(folder: Path) -> None:
    (folder / "nets" / "staged.yaml").write_text(STAGED, encoding="utf-8")
    written = read("nets/staged.yaml")
    first, second = written.recipe.plan
    assert (first.train, first.rates, first.optimizer.name, first.optimizer.lr) == (("fc",), {}, "Adam", 0.5)
    assert (second.train, second.rates, second.optimizer.name) == (("**",), {"fc": 0.25}, "AdamW")
    assert written.says("stages", 0, "optimizer", "name")
    assert written.recipe.data.folder == str(folder / "nets" / "cifar")


def test_a_recipe_that_archspec_brings_has_its_data_here(folder: Path) -> None:
    assert read("cifar10_sgd").recipe.data.folder == str(folder / "data")


def test_a_misspelt_key_does_not_hide_the_right_one(folder: Path) -> None:
    (folder / "nets" / "train.yaml").write_text(RECIPE + "epoch: 4\n", encoding="utf-8")
    [item, *_] = [item for item in compile_recipe("nets/train.yaml").diagnostics if item.code.name == "A201"]
    assert item.helps == ("did you mean `epochs`?",)
    assert item.fix is None


def test_a_wrong_value_is_not_a_missing_one(folder: Path) -> None:
    wrong: dict[str, object] = {"epochs": 0, "optimizer.weight_decay": -1, "optimizer.no_decay": ["norms"]}
    (folder / "images").mkdir()
    assert told("nets/train.yaml", wrong | {"model.weights": None}) == [
        ("A203", "--epochs", "0"),
        ("A203", "--weight-decay", "-1"),
    ]


def test_args_that_go_with_weights(folder: Path) -> None:
    zoo = "models: {wide: {spec: net, weights: {v1: v1.pt}, weights_args: {v1: {width: 8}}}}\n"
    for name, text in (("specs/net.yaml", NET), ("zoo/wide.yaml", zoo)):
        (folder / "mine" / name).parent.mkdir(parents=True)
        (folder / "mine" / name).write_text(text, encoding="utf-8")
    knobs: dict[str, object] = {"data.source": "fake", "epochs": 1, "model.zoo": "./mine"}
    found = {}
    for weights in (None, "v1", "v2"):
        diagnostics = Diagnostics()
        written = recipe_of("wide", {**knobs, "model.weights": weights}, diagnostics)
        assert written is not None
        network = network_of(written, diagnostics)
        assert network is not None
        sizes = [node.outputs[0].type.shape[1] for node in network.graph.nodes]
        found[weights] = sizes[1], [(item.code.name, item.helps) for item in diagnostics]
    assert found == {None: (4, []), "v1": (8, []), "v2": (4, [("A711", ("it has v1",))])}


def test_what_no_machine_does_is_refused(folder: Path) -> None:
    much: dict[str, object] = {"samples": 10**12, "workers": 10**6, "crop": 10**9, "brightness": 1e300}
    sections = {"samples": "data.", "workers": "data.", "crop": "augmentation.", "brightness": "augmentation.jitter."}
    changes = {f"{sections[key]}{key}": value for key, value in much.items()} | {"data.source": "fake"}
    assert told("digits", changes) == [("A203", f"--{key}", str(value)) for key, value in much.items()]


VERSION = "`recipe` has to be the version of its language, a number,"
WRONG = """recipe: {version}
model: {{target: {target}, args: {{num_classes: {classes}}}, inputs: {inputs}, zoo: {zoo}}}
data: cifar10
epochs: 1
optimizer: {{betas: {betas}}}
"""
RIGHT = {"version": "1", "target": "resnet18", "classes": "10", "inputs": "{}", "betas": "[0.9, 0.99]", "zoo": "null"}


@pytest.mark.parametrize(
    ("wrong", "told_of"),
    [
        ({}, []),
        ({"betas": "[]"}, [("A203", "`betas` has to be a list of 2 numbers, and is an empty list")]),
        ({"betas": "[0.9]"}, [("A203", "`betas` has to be a list of 2 numbers, and is a list of 1")]),
        ({"version": "true"}, [("A203", f"{VERSION} and is the bool `true`")]),
        ({"version": "1.0"}, [("A203", f"{VERSION} and is the number 1.0")]),
        (
            {"version": "2", "betas": "{}"},
            [("A204", "this archspec knows version 1 of recipes, and this one asks for 2")],
        ),
        ({"target": '"a\\nb"'}, [("A203", "`target` has to be text on one line, and is the text `a b`")]),
        ({"classes": ".nan"}, [("A106", "`.nan` is not a number that a network can use")]),
        ({"inputs": f"{{image: [N, 3, 1{'0' * 20}, 32]}}"}, [("A604", f"`1{'0' * 20}` is beyond 2 ** 53")]),
        (
            {"inputs": "{image: [N, 3, 1.5, 32]}", "classes": "7"},
            [("A203", "item 3 of `image` has to be a whole number, or text, and is the number 1.5")],
        ),
        ({"zoo": '"./a\\0"'}, [("A003", "{zoo} is no directory: a collection has its specs in specs/, and what is "
                                       "published of them in zoo/")]),
    ],
)
def test_one_mistake_is_one_error(wrong: dict[str, str], told_of: list[tuple[str, str]], folder: Path) -> None:
    (folder / "wrong.yaml").write_text(WRONG.format(**RIGHT | wrong), encoding="utf-8")
    found = [(item.code.name, item.message) for item in compile_recipe("wrong.yaml").diagnostics]
    assert found == [(code, text.format(zoo=folder / "a\0")) for code, text in told_of]


def test_the_memory_that_there_is_is_a_size(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "digits", "--memory", "16"]) == 2
    assert "has to be a size such as 16GiB or 800MB, and is 16" in capsys.readouterr().err


def test_all_mistakes_are_told_at_once(folder: Path) -> None:
    (folder / "nets" / "net.yaml").write_text(NET.replace("Flatten", "Flaten"), encoding="utf-8")
    diagnostics = Diagnostics()
    assert read_recipe("nets/train.yaml", diagnostics, {"batch_size": 0, "data": "digit"}) is None
    assert sorted(item.code.name for item in diagnostics) == ["A203", "A203", "A302", "A711"]


def test_a_folder_of_saved_weights_keeps_its_classes(folder: Path) -> None:
    (folder / "run").mkdir()
    (folder / "run" / "model.yaml").write_text(NET, encoding="utf-8")
    (folder / "run" / "model.safetensors").write_bytes(b"")
    diagnostics = Diagnostics()
    written = recipe_of("./run", {"data.source": "cifar10", "epochs": 1, "normalization": "weights"}, diagnostics)
    assert written is not None
    network = network_of(written, diagnostics)
    assert network is not None
    check_recipe(written, network, diagnostics)
    [item] = diagnostics
    assert item.message == "`model` tells 2 classes apart, and cifar10 has 10"
    [way_out] = item.helps
    assert way_out == "name the spec itself as `target`, and this folder as `weights`: their heads may differ then"
