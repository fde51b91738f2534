"""The JSON Schema accepts every packaged spec, and catches what an editor should."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from archspec import ops
from archspec.reports.schema import json_schema
from archspec.syntax.library import packaged

SPECS = sorted(path for path in packaged("specs").rglob("*.yaml") if path.parent.name != "recipes")
VALIDATOR = Draft202012Validator(json_schema())


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json_schema())
    assert set(ops.names()) <= json_schema()["$defs"].keys()


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_packaged_spec_fits(path: Path) -> None:
    errors = list(VALIDATOR.iter_errors(YAML(typ="safe", pure=True).load(path)))
    assert errors == []


@pytest.mark.parametrize(
    "broken",
    [
        {"archspec": 2},
        {"archspec": 1, "layer": []},
        {"archspec": 1, "layers": {"a": {"op": "Conv2d", "kernel": 3}}},
        {"archspec": 1, "layers": {"a": {"op": "Conv2d", "out_channels": 3, "kernel_size": 0}}},
        {"archspec": 1, "layers": {"a": {"op": "ReLU", "layers": []}}},
        {"archspec": 1, "layers": {"a": {"kernel_size": 3}}},
        {"archspec": 1, "blocks": {"A": {"layers": 3}}},
        {"archspec": 1, "inputs": {"x": 3}},
    ],
)
def test_mistakes_are_caught(broken: dict[str, object]) -> None:
    assert not VALIDATOR.is_valid(broken)
