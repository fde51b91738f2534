"""The recipes of specs/recipes: they check without a word, say what the course says, and are what their schema says."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from archspec import zoo
from archspec.cli import main
from archspec.diagnostics import Diagnostics
from archspec.recipes import Recipe, read_recipe, recipe_names, resolved
from archspec.recipes.compiling import compile_recipe
from archspec.recipes.fitting import plain
from archspec.source import SourceFile
from archspec.syntax.library import packaged
from archspec.syntax.reader import read


def recipe(name: str) -> Recipe:
    diagnostics = Diagnostics()
    written = read_recipe(name, diagnostics)
    assert written is not None, list(diagnostics)
    return written.recipe


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    from archspec.recipes.schema import json_schema

    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


def values(text: str) -> object:
    tree = read(SourceFile("recipe.yaml", text), Diagnostics())
    assert tree is not None
    return plain(tree)


@pytest.mark.parametrize("name", recipe_names())
def test_a_shipped_recipe_has_no_mistake(name: str) -> None:
    found = compile_recipe(name)
    assert [str(item.message) for item in found.diagnostics] == []
    assert found.graph is not None


@pytest.mark.parametrize("name", recipe_names())
def test_a_resolved_recipe_is_the_same_recipe(
    name: str, validator: jsonschema.Draft202012Validator, tmp_path: Path
) -> None:
    text = resolved(recipe(name))
    (tmp_path / "recipe.yaml").write_text(text, encoding="utf-8")
    assert recipe(str(tmp_path / "recipe.yaml")) == recipe(name)
    validator.validate(values(text))


@pytest.mark.parametrize("name", recipe_names())
def test_a_shipped_recipe_is_valid_for_editors(name: str, validator: jsonschema.Draft202012Validator) -> None:
    validator.validate(values((packaged("specs") / "recipes" / f"{name}.yaml").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "text",
    [
        "{recipe: 1, model: resnet18, data: digits}",  # neither epochs nor stages
        "{recipe: 2, model: resnet18, data: digits, epochs: 3}",
        "{recipe: 1, model: resnet18, data: cifar, epochs: 3}",
        "{recipe: 1, model: {args: {}}, data: digits, epochs: 3}",
        "{recipe: 1, model: resnet18, data: digits, epochs: 3, optimizer: {lrr: 1}}",
        "{recipe: 1, model: resnet18, data: digits, stages: [{epochs: 3, lr: {fc: 0}}]}",
    ],
)
def test_editors_see_mistakes(text: str, validator: jsonschema.Draft202012Validator) -> None:
    assert not validator.is_valid(values(text))


def test_no_recipe_is_called_as_a_network_is() -> None:
    assert not set(recipe_names()) & {*zoo.spec_names(), *(model.name for model in zoo.models())}


def test_the_recipes_of_the_course() -> None:
    adamw, sgd, tuned = recipe("cifar10_adamw"), recipe("cifar10_sgd"), recipe("resnet50_finetune")
    assert (adamw.optimizer.name, adamw.schedule.name, adamw.epochs, adamw.batch_size) == ("AdamW", "cosine", 30, 128)
    assert (sgd.optimizer.name, sgd.optimizer.lr, sgd.optimizer.momentum) == ("SGD", 0.1, 0.9)
    assert (sgd.schedule.name, sgd.epochs) == ("cosine", 200)
    head, top = tuned.plan
    assert tuned.model.target == "resnet50"
    assert (head.train, head.optimizer.name, head.optimizer.lr) == (("fc",), "Adam", 1e-3)
    assert (top.train, top.optimizer.name, top.optimizer.lr) == (("layer4", "fc"), "Adam", 1e-5)


def test_the_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "recipe"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "archspec recipe"
    assert main(["schema"]) == 0
    assert "layers" in json.loads(capsys.readouterr().out)["properties"]
